// What an apply or a roll-back would do now, read live from the database, with the button that does it.
//
// The rule: the button says how many comments are written and how many of them replace another one. Conflicts stand
// first, and are left out unless the reader chooses to overwrite them.

import { Button, Checkbox } from '@mantine/core';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { type CombinedError, useClient, useMutation } from 'urql';

import { RunApplyDocument, type RunOutcomeFragment, RunPlanDocument, RunRollbackDocument } from '../api/operations';
import { Action } from '../ui/action';
import { count, plural } from '../ui/figures';
import { Empty, Failure, Loading } from '../ui/states';
import { isLive } from '../ui/status';
import { CHANGES, type Change, changeOf, Changes, ChangeChips, CopyStatements, useStatements } from './changes';
import { whyNotApply, whyNotRollBack } from './reasons';
import classes from './run.module.css';
import type { Run } from './use-run';

/** Comments that are looked at without being asked to: a plan reads each live. */
const AT_ONCE = 1000;
const PAGE = 50;

interface Planned {
  items: RunOutcomeFragment[];
  total: number | undefined;
  error: CombinedError | undefined;
  isLoading: boolean;
}

const NOTHING: Planned = { items: [], total: undefined, error: undefined, isLoading: true };

/** The plan, page after page; `more` looks at the next comments. */
function usePlan(run: Run, rollback: boolean) {
  const client = useClient();
  const [planned, setPlanned] = useState(NOTHING);
  const turn = useRef(0);
  const { id } = run;
  const walk = useCallback(
    async (from: RunOutcomeFragment[], after: string | null) => {
      turn.current += 1;
      const mine = turn.current;
      let items = from;
      let cursor = after;
      setPlanned((before) => ({ ...before, items, isLoading: true, error: undefined }));
      for (;;) {
        const { data, error } = await client
          .query(RunPlanDocument, { runId: id, rollback, after: cursor }, { requestPolicy: 'network-only' })
          .toPromise();
        if (turn.current !== mine) {
          return;
        }
        const page = data?.applyPlan;
        if (error || !page) {
          setPlanned((before) => ({ ...before, error, isLoading: false }));
          return;
        }
        items = items.concat(page.nodes);
        cursor = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
        next.current = cursor;
        const isLoading = cursor !== null && items.length < from.length + AT_ONCE;
        setPlanned({ items, total: page.totalCount, error: undefined, isLoading });
        if (!isLoading) {
          return;
        }
      }
    },
    [client, id, rollback],
  );
  const next = useRef<string | null>(null);
  // A decision or a write changes the plan.
  const reviews = JSON.stringify(run.reviewCounts);
  const key = `${reviews} ${run.status}`;
  useEffect(() => {
    if (key !== '') {
      walk([], null);
    }
    return () => void (turn.current += 1);
  }, [walk, key]);
  return { ...planned, reload: () => walk([], null), more: () => walk(planned.items, next.current) };
}

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
  const { items, total, error, isLoading, reload, more } = usePlan(run, isRollback);
  const [overwrite, setOverwrite] = useState(false);
  const [applied, apply] = useMutation(RunApplyDocument);
  const [undone, rollBack] = useMutation(RunRollbackDocument);
  const [parameters, setParameters] = useSearchParams();
  const [statements, toggle] = useStatements();

  const sorted = useMemo(
    () =>
      items
        .map((item) => ({ item, change: changeOf(item) }))
        .sort((a, b) => CHANGES[a.change].rank - CHANGES[b.change].rank),
    [items],
  );
  const figures = useMemo(() => {
    const counted = new Map<Change, number>();
    for (const { change } of sorted) {
      counted.set(change, (counted.get(change) ?? 0) + 1);
    }
    return counted;
  }, [sorted]);

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
  const figure = (change: Change) => figures.get(change) ?? 0;
  const conflicts = figure('CONFLICT');
  const replacing = figure('REPLACES') + (overwrite ? conflicts : 0);
  const unseen = total - items.length;
  const writes = figure('NEW') + figure('REPLACES') + figure('REMOVES') + (overwrite ? conflicts : 0) + unseen;
  const shown = sorted.filter(({ change }) => show === null || change === show);
  const rows = shown.slice(page * PAGE, (page + 1) * PAGE);
  const failed = applied.error ?? undone.error;
  const submit = () =>
    (isRollback ? rollBack : apply)({ runId: run.id, overwrite }).then(({ error: refused }) => {
      if (refused) {
        reload();
      }
    });
  const inPlace = replacing > 0 ? `, ${plural(replacing, 'replaces', 'replace')} another` : '';
  const said = isRollback ? `Roll back ${plural(writes, 'comment')}` : `Write ${plural(writes, 'comment')}${inPlace}`;
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
            ? sentenceOfRollback(figure('REPLACES') + (overwrite ? conflicts : 0), figure('REMOVES'), run)
            : `Gloss writes these texts as comments to ${where}. Nothing is written until you press the button.`}
          {unseen > 0 && ` ${count(items.length)} of ${count(total)} comments are checked against the database so far.`}
        </p>
        {conflicts > 0 && (
          <Checkbox
            checked={overwrite}
            onChange={(event) => setOverwrite(event.currentTarget.checked)}
            label={`Overwrite ${plural(conflicts, 'conflict')}`}
            description={
              isRollback
                ? 'The comment has changed since the run wrote it. If you overwrite it, the change is lost.'
                : 'The comment has changed since the run read it. Overwriting replaces it; a roll-back restores it.'
            }
          />
        )}
        {failed && <Failure error={failed} />}
        <div className={classes.planButtons}>
          <Action
            busy={applied.fetching || undone.fetching}
            color={isRollback ? 'red' : undefined}
            why={
              writes === 0
                ? 'Nothing in this plan would be written.'
                : isLoading
                  ? 'The plan is still being read.'
                  : undefined
            }
            onClick={submit}
          >
            {said}
          </Action>
          <Button variant="default" onClick={reload} loading={isLoading}>
            Plan again
          </Button>
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
        <CopyStatements items={items} />
        <Button variant="default" aria-pressed={statements} onClick={toggle}>
          {statements ? 'Hide statements' : 'Show statements'}
        </Button>
      </div>
      <Changes run={run} rows={rows} hasStatements={statements} overwrites={overwrite} />
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
    </>
  );
}

/** What a roll-back puts back and what it takes away. */
function sentenceOfRollback(back: number, removed: number, run: Run): string {
  const where = run.dbProfileName ?? 'the database';
  const parts = [
    ...(back > 0 ? [`puts back ${plural(back, 'comment')} that stood there before`] : []),
    ...(removed > 0 ? [`removes ${plural(removed, 'comment')} where none stood before`] : []),
  ];
  const kept = 'The texts that this run wrote are lost there; the run keeps its suggestions and reviews.';
  const what = parts.length > 0 ? parts.join(' and ') : 'changes nothing';
  return `A roll-back in ${where} ${what}. ${kept}`;
}
