// Why something cannot be done with a run now, in words for a person; undefined where it can. The server decides in the
// end: these say beforehand what it would answer.

import { describes, isLive, STATUSES } from '../ui/status';
import type { Run } from './use-run';

const atWork = (run: Run) => `The run is at work (${STATUSES[run.status].label.toLowerCase()}).`;
const NO_QUESTIONS = 'This run has nothing to write.';

export const hasWork = (run: Run) => describes(run.kind);

/** Whether accepted texts wait to be written. */
export const hasUnwritten = ({ reviewCounts: { accepted, edited, applied } }: Run) => accepted + edited > applied;

/** Whether its budget is spent: it goes on only with a larger one. */
export const isSpent = (run: Run) => run.error?.code === 'LIMIT_EXCEEDED' && run.budget !== null;

export function whyNotCancel(run: Run): string | undefined {
  if (run.canCancel) {
    return undefined;
  }
  return run.status === 'CANCELLING' ? 'The run is being cancelled.' : 'The run has ended.';
}

export function whyNotResume(run: Run): string | undefined {
  if (isLive(run.status)) {
    return atWork(run);
  }
  const hasEnded = run.status === 'READY_FOR_REVIEW' || run.status === 'SUCCESS';
  return hasEnded && run.progress.failed === 0 ? 'Nothing is left to do: no asset failed.' : undefined;
}

export function whyNotApply(run: Run): string | undefined {
  const { accepted, edited } = run.reviewCounts;
  if (!hasWork(run)) {
    return NO_QUESTIONS;
  }
  if (isLive(run.status)) {
    return atWork(run);
  }
  return accepted + edited === 0 ? 'Accept suggestions first.' : undefined;
}

export function whyNotRollBack(run: Run): string | undefined {
  if (!hasWork(run)) {
    return NO_QUESTIONS;
  }
  if (isLive(run.status)) {
    return atWork(run);
  }
  return run.reviewCounts.applied === 0 ? 'The database holds no comment of this run.' : undefined;
}

export function whyNotRerun(run: Run): string | undefined {
  if (!hasWork(run)) {
    return 'Ask the question again on the Ask page.';
  }
  return run.progress.done === 0 ? 'There are no suggestions to do again.' : undefined;
}

export const whyNotExport = (run: Run) =>
  run.progress.done === 0 ? 'There are no suggestions yet.' : undefined;

export function whyNotDelete(run: Run): string | undefined {
  return isLive(run.status) ? `${atWork(run)} Cancel it first.` : undefined;
}
