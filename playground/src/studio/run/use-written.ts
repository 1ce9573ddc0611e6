// How many comments of the last apply or roll-back of a run have which outcome.

import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';

import { RunOutcomeCountsDocument, type RunOutcomeCountsQuery } from '../api/operations';
import type { Run } from './use-run';
import { describes } from '../ui/status';

export interface Written {
  all: number;
  planned: number;
  applied: number;
  unchanged: number;
  conflict: number;
  failed: number;
  /** Whether comments were put back, or are being put back. */
  isRollback: boolean;
  /** Whether it is done. */
  isEnded: boolean;
}

/** Whether the last write of the run was a roll-back. */
function isRollback({ status, all, applied }: NonNullable<RunOutcomeCountsQuery['run']>): boolean {
  const [first] = applied.nodes;
  // After an apply the written text stands as applied; after a roll-back it does not. Reviews may have changed since.
  if (first && status !== 'APPLYING') {
    return first.suggestion.applied === null || first.suggestion.applied.after !== first.after;
  }
  // An apply writes the final texts, and no review changes meanwhile.
  return all.nodes.some(({ after, suggestion }) => after !== suggestion.finalText);
}

/** The counts; `read` fetches them again, and gives null where the run was deleted. */
export function useOutcomeCounts(runId: string) {
  const client = useClient();
  const [counts, setCounts] = useState<Written>();
  const asked = useRef(0);
  const shown = useRef(0);
  const read = useCallback(async (): Promise<Written | null | undefined> => {
    asked.current += 1;
    const mine = asked.current;
    const { data } = await client
      .query(RunOutcomeCountsDocument, { id: runId }, { requestPolicy: 'network-only' })
      .toPromise();
    const run = data?.run;
    if (!run) {
      return data && null;
    }
    const read = {
      all: run.all.totalCount,
      planned: run.planned.totalCount,
      applied: run.applied.totalCount,
      unchanged: run.unchanged.totalCount,
      conflict: run.conflict.totalCount,
      failed: run.failed.totalCount,
      isRollback: isRollback(run),
      isEnded: run.status !== 'APPLYING',
    };
    if (mine > shown.current) {
      shown.current = mine;
      setCounts(read);
    }
    return read;
  }, [client, runId]);
  /** Drops the counts of an earlier apply, and those that are on their way. */
  const forget = useCallback(() => {
    shown.current = asked.current;
    setCounts(undefined);
  }, []);
  return { counts, read, forget };
}

const REST_MS = 1000;

/** Calls `act` at once, then at most once a second. */
export function useAtRest(act: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isWanted = useRef(false);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    isWanted.current = true;
    const look = () => {
      timer.current = undefined;
      if (isWanted.current) {
        isWanted.current = false;
        latest.current();
        timer.current = setTimeout(look, REST_MS);
      }
    };
    if (timer.current === undefined) {
      look();
    }
  }, []);
}

/** What the last apply or roll-back has come to; `refresh` fetches it again, at most once a second. */
export function useWritten(run: Run): { counts: Written | undefined; refresh: () => void } {
  const { counts, read, forget } = useOutcomeCounts(run.id);
  const refresh = useAtRest(read);
  const isApplying = run.status === 'APPLYING';
  const hasOutcomes = describes(run.kind);
  useEffect(() => {
    if (isApplying) {
      forget();
    }
    if (hasOutcomes) {
      void read();
    }
  }, [isApplying, hasOutcomes, read, forget]);
  return { counts, refresh };
}
