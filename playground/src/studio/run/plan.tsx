// What an apply or a roll-back would do now, read live from the database, with the button that does it.
//
// The rule: the button says how many comments are written and how many of them replace another one. Conflicts stand
// first, and are left out unless the reader chooses to overwrite them.

import { Button, Checkbox } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { useMutation } from 'urql';

import { RunApplyDocument, type RunOutcomeFragment, RunRollbackDocument } from '../api/operations';
import { Action } from '../ui/action';
import { BusyButton } from '../ui/busy-button';
import { Confirm } from '../ui/confirm';
import { count, plural } from '../ui/figures';
import { Empty, Failure, Loading } from '../ui/states';
import { isLive } from '../ui/status';
import {
  amountOf,
  type Change,
  ChangeChips,
  Changes,
  plannedChange,
  sorted,
  tallyOf,
  useStatements,
  writes as isWritten,
} from './changes';
import { CopyStatements } from './copy-statements';
import { whyNotApply, whyNotRollBack } from './reasons';
import classes from './run.module.css';
import { AT_ONCE, usePlan } from './use-plan';
import type { Run } from './use-run';

const PAGE = 50;

export function Plan({ run, isRollback }: { run: Run; isRollback: boolean }) {
  const why = isRollback ? whyNotRollBack(run) : whyNotApply(run);
  if (why !== undefined) {
    return (
      <Empty title={isRollback ? 'There is nothing to roll back.' : 'There is nothing to write.'}>
        {why}{' '}
        {isLive(run.status)
          ? 'The plan is shown when it has ended.'
          : isRollback
            ? 'After comments are written, this page shows what a roll-back would restore.'
            : 'Accepted and edited texts appear here with the exact statements, before anything is written.'}
      </Empty>
    );
  }
  return <Planned run={run} isRollback={isRollback} />;
}

function Planned({ run, isRollback }: { run: Run; isRollback: boolean }) {
  // A decision or a write changes the plan.
  const key = `${JSON.stringify(run.reviewCounts)} ${run.status}`;
  const { items, total, error, isLoading, reload, more, rest } = usePlan({ runId: run.id, rollback: isRollback }, key);
  const [overwrite, setOverwrite] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const [applied, apply] = useMutation(RunApplyDocument);
  const [undone, rollBack] = useMutation(RunRollbackDocument);
  const [parameters, setParameters] = useSearchParams();
  const [statements, toggle] = useStatements();

  const changes = useMemo(
    () => sorted(items.map((item) => ({ item, change: plannedChange(item, overwrite) }))),
    [items, overwrite],
  );

  const show = parameters.get('show') as Change | null;
  const page = Math.max(0, Number(parameters.get('page') ?? 1) - 1 || 0);
  const set = (name: string, value: string | undefined) =>
    setParameters(
      (current) => {
        const changed = new URLSearchParams(current);
        changed.set('tab', 'apply');
        changed.delete('page');
        if (value === undefined) {
          changed.delete(name);
        } else {
          changed.set(name, value);
        }
        return changed;
      },
      { replace: name === 'show' },
    );

  if (error && items.length === 0) {
    return <Failure error={error} retry={reload} />;
  }
  if (total === undefined) {
    return <Loading rows={10} height={48} />;
  }
  const where = run.dbProfileName ?? 'the database';
  const tally = tallyOf(items, total, overwrite);
  const { figures, writes, replacing, conflicts, unseen } = tally;
  const shown = changes.filter(({ change }) => show === null || change === show);
  const rows = shown.slice(page * PAGE, (page + 1) * PAGE);
  const failed = applied.error ?? undone.error;
  const submit = () =>
    (isRollback ? rollBack : apply)({ runId: run.id, overwrite }).then(({ error: refused }) => {
      if (refused) {
        reload();
      }
    });
  const written = items.filter((item) => isWritten(item, overwrite));
  const sentence = sentenceOfRollback(written, overwrite ? 0 : conflicts, unseen, run);
  const inPlace = replacing > 0 ? `, ${plural(replacing, 'replaces', 'replace')} another` : '';
  const said = isRollback ? `Roll back ${amountOf(tally)}` : `Write ${amountOf(tally)}${inPlace}`;
  if (total === 0) {
    return (
      <Empty title={isRollback ? 'There is nothing to roll back.' : 'Everything accepted is written.'}>
        {isRollback
          ? 'The database holds no comment of this run.'
          : 'Accept more suggestions, or see under “Last outcome” what was written.'}
      </Empty>
    );
  }
  return (
    <>
      <div className={classes.plan}>
        <p className="prose">
          {isRollback
            ? sentence
            : `Gloss writes these texts as comments to ${where}. Nothing is written until you press the button.`}
          {unseen > 0 && ` ${count(items.length)} of ${count(total)} comments are checked against the database so far.`}
        </p>
        {conflicts > 0 && (
          <Checkbox
            checked={overwrite}
            onChange={(event) => {
              setOverwrite(event.currentTarget.checked);
              set('show', undefined);
            }}
            label={`Overwrite ${plural(conflicts, 'conflict')}`}
            description={
              isRollback
                ? 'The comment has changed since the run wrote it. If you overwrite it, the change is lost.'
                : 'The comment has changed since the run read it. Overwriting replaces it; a roll-back restores it.'
            }
          />
        )}
        {failed && !isAsking && <Failure error={failed} />}
        <div className={classes.planButtons}>
          <Action
            busy={applied.fetching || undone.fetching}
            color={isRollback ? 'red' : undefined}
            why={
              writes + unseen === 0
                ? 'Nothing in this plan would be written.'
                : isLoading
                  ? 'The plan is still being read.'
                  : undefined
            }
            onClick={isRollback ? () => setIsAsking(true) : submit}
          >
            {said}
            {isRollback && '…'}
          </Action>
          <BusyButton variant="default" onClick={reload} busy={isLoading}>
            Plan again
          </BusyButton>
          {unseen > 0 && !isLoading && (
            <Button variant="default" onClick={more}>
              Check {plural(Math.min(AT_ONCE, unseen), 'more', 'more')}
            </Button>
          )}
        </div>
        {error && <Failure error={error} retry={more} />}
      </div>
      <div className={classes.tools}>
        <ChangeChips figures={figures} show={show} onShow={(change) => set('show', change)} />
        <span className={classes.space} />
        <CopyStatements
          amount={unseen > 0 ? undefined : writes}
          read={async () => (await rest())?.filter((item) => isWritten(item, overwrite))}
          seen={items.length}
        />
        <Button variant="default" aria-pressed={statements} onClick={toggle}>
          {statements ? 'Hide statements' : 'Show statements'}
        </Button>
      </div>
      <Changes profile={run.dbProfile} rows={rows} hasStatements={statements} isRollback={isRollback} />
      {shown.length > PAGE && (
        <nav className={classes.pages} aria-label="Pages of the plan">
          <span className="muted">
            {count(page * PAGE + 1)}–{count(Math.min((page + 1) * PAGE, shown.length))} of {count(shown.length)}
          </span>
          <Button size="compact-sm" variant="default" disabled={page === 0} onClick={() => set('page', String(page))}>
            Previous
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={(page + 1) * PAGE >= shown.length}
            onClick={() => set('page', String(page + 2))}
          >
            Next
          </Button>
        </nav>
      )}
      {isAsking && (
        <Confirm
          title={`Roll back #${run.number}`}
          yes={said}
          no="Keep them"
          error={failed}
          busy={undone.fetching}
          onYes={submit}
          onClose={() => setIsAsking(false)}
        >
          {sentence}
        </Confirm>
      )}
    </>
  );
}

/** What a roll-back restores, what it removes and what it leaves. */
function sentenceOfRollback(written: RunOutcomeFragment[], kept: number, unseen: number, run: Run): string {
  const removed = written.filter(({ after }) => after === null).length;
  const parts = [
    ...(written.length > removed ? [`restores ${plural(written.length - removed, 'earlier comment')}`] : []),
    ...(removed > 0 ? [`removes ${plural(removed, 'comment')} where there was none before`] : []),
    ...(unseen > 0 ? [`undoes up to ${plural(unseen, 'more write')} not checked yet`] : []),
  ];
  const what = parts.length > 0 ? parts.join(', ').replace(/, ([^,]*)$/, ' and $1') : 'changes nothing';
  const stays =
    kept === 0
      ? ''
      : ` ${plural(kept, 'comment that was changed since stays', 'comments that were changed since stay')}.`;
  const lost =
    parts.length > 0
      ? ' The database loses the texts that this run wrote there; the run keeps its suggestions and reviews.'
      : '';
  return `A roll-back in ${run.dbProfileName ?? 'the database'} ${what}.${stays}${lost}`;
}
