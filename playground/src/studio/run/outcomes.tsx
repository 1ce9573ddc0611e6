// What the last apply or roll-back did, asset by asset; live while it goes on. What was not written comes first.

import { Button } from '@mantine/core';
import { useEffect } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useClient, useQuery } from 'urql';

import {
  type ApplyStatus,
  RunOutcomesDocument,
  RunRolledBackDocument,
  type RunOutcomesQueryVariables,
  type RunOutcomeFragment,
} from '../api/operations';
import { Chip, Chips } from '../ui/chips';
import { count, plural } from '../ui/figures';
import { cursorOf, Pager, pageOf } from '../ui/pager';
import { Empty, Failure, Loading } from '../ui/states';
import { changeMade, Changes, rolledBack, sorted, useStatements } from './changes';
import { CopyStatements } from './copy-statements';
import classes from './run.module.css';
import { addressOf } from './tabs';
import type { Run } from './use-run';
import type { Written } from './use-written';

const PAGE = 50;
const LARGEST_PAGE = 200;
type Figure = Exclude<keyof Written, 'all' | 'isRollback' | 'isEnded'>;
const STATES: [status: ApplyStatus, label: string, of: Figure][] = [
  ['CONFLICT', 'Kept as it is', 'conflict'],
  ['FAILED', 'Failed', 'failed'],
  ['APPLIED', 'Changed', 'applied'],
  ['UNCHANGED', 'Unchanged', 'unchanged'],
  ['PLANNED', 'Waiting', 'planned'],
];
const NOT_WRITTEN: ApplyStatus[] = ['CONFLICT', 'FAILED'];
const OTHERS: ApplyStatus[] = ['APPLIED', 'UNCHANGED', 'PLANNED'];

/** One page of the outcomes with some statuses, read again whenever the counts change. */
function useOutcomes(run: Run, counts: Written | undefined, statuses: ApplyStatus[], page: ReturnType<typeof pageOf>) {
  const isEmpty = counts !== undefined && STATES.every(([it, , of]) => !statuses.includes(it) || counts[of] === 0);
  const [{ data, error }, again] = useQuery({
    query: RunOutcomesDocument,
    variables: { id: run.id, statuses, ...page },
    requestPolicy: 'network-only',
    pause: counts === undefined || isEmpty,
  });
  const figures = JSON.stringify(counts);
  useEffect(() => {
    if (figures && !isEmpty) {
      again({ requestPolicy: 'network-only' });
    }
  }, [again, figures, isEmpty]);
  return { list: isEmpty ? undefined : data?.run?.applyOutcomes, isEmpty, error, again };
}

/** How many comments a roll-back removed; undefined where it is not known. */
function useRemoved(run: Run, counts: Written | undefined): number | undefined {
  const isWanted = counts?.isRollback === true && counts.applied > 0 && run.status !== 'APPLYING';
  const [{ data }] = useQuery({
    query: RunRolledBackDocument,
    variables: { id: run.id },
    requestPolicy: 'network-only',
    pause: !isWanted,
  });
  const made = data?.run?.applyOutcomes;
  return isWanted && made && made.nodes.length === counts.applied
    ? made.nodes.filter(({ after }) => after === null).length
    : undefined;
}

export function Outcomes({ run, counts }: { run: Run; counts: Written | undefined }) {
  const client = useClient();
  const [parameters, setParameters] = useSearchParams();
  const [statements, toggle] = useStatements();
  const named = parameters.get('show');
  const status = STATES.find(([it]) => it === named)?.[0];
  const cursor = cursorOf(parameters);
  const isFirst = !cursor.after && !cursor.before;
  const others = useOutcomes(run, counts, status ? [status] : OTHERS, pageOf(cursor, PAGE));
  const kept = useOutcomes(run, counts, status || !isFirst ? [] : NOT_WRITTEN, pageOf({}, LARGEST_PAGE));
  const removed = useRemoved(run, counts);
  const change = (changes: Record<string, string>) => {
    const next = new URLSearchParams({ tab: 'apply', plan: 'last', ...(status ? { show: status } : {}), ...changes });
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') {
        next.delete(name);
      }
    }
    setParameters(next);
  };

  const error = [others, kept].find((it) => it.error && !it.list && !it.isEmpty);
  if (error?.error) {
    return <Failure error={error.error} retry={() => error.again({ requestPolicy: 'network-only' })} />;
  }
  if (!counts || [others, kept].some((it) => !it.list && !it.isEmpty)) {
    return <Loading rows={10} height={48} />;
  }
  if (counts.all === 0) {
    return (
      <Empty title="Nothing was written yet." action={<Link to={addressOf(run, 'apply')}>See the plan</Link>}>
        After an apply or a roll-back, the outcome of each asset is listed here.
      </Empty>
    );
  }
  const isApplying = run.status === 'APPLYING';
  const { isRollback } = counts;
  const readWritten = async () => {
    const items: RunOutcomeFragment[] = [];
    const variables: RunOutcomesQueryVariables = { id: run.id, statuses: ['APPLIED'], first: LARGEST_PAGE };
    for (;;) {
      const { data } = await client
        .query(RunOutcomesDocument, { ...variables }, { requestPolicy: 'network-only' })
        .toPromise();
      const page = data?.run?.applyOutcomes;
      if (!page) {
        return undefined;
      }
      items.push(...page.nodes);
      if (!page.pageInfo.hasNextPage) {
        return items;
      }
      variables.after = page.pageInfo.endCursor;
    }
  };
  const rowsOf = (nodes: RunOutcomeFragment[]) =>
    nodes.map((item) => ({ item, change: changeMade(item, { isApplying, isRollback }) }));
  const unlisted = kept.list ? kept.list.totalCount - kept.list.nodes.length : 0;
  const rows = [...sorted(rowsOf(kept.list?.nodes ?? [])), ...rowsOf(others.list?.nodes ?? [])];
  return (
    <>
      {isApplying ? (
        <h2 className={classes.verdict}>{isRollback ? 'Rolling back' : 'Writing comments'}</h2>
      ) : (
        <p className={classes.verdict}>
          {counts.applied === 0
            ? 'No comment was changed'
            : isRollback
              ? rolledBack(counts.applied, removed)
              : `${plural(counts.applied, 'comment')} changed`}
          {counts.unchanged > 0 && `, ${count(counts.unchanged)} already there`}
          {counts.conflict > 0 &&
            `, ${plural(counts.conflict, 'conflict')} kept as ${counts.conflict === 1 ? 'it is' : 'they are'}`}
          {counts.failed > 0 && `, ${count(counts.failed)} failed`}
          {counts.planned > 0 && `, ${count(counts.planned)} not reached`}.
        </p>
      )}
      <div className={classes.tools}>
        <Chips label="What became of the comments">
          {STATES.filter(([it, , of]) => counts[of] > 0 || it === status).map(([it, label, of]) => (
            <Chip
              key={it}
              on={it === status}
              figure={counts[of]}
              onClick={() => change({ show: it === status ? '' : it })}
            >
              {it === 'PLANNED' && !isApplying
                ? 'Not reached'
                : it === 'APPLIED' && isRollback
                  ? 'Rolled back'
                  : label}
            </Chip>
          ))}
        </Chips>
        <span className={classes.space} />
        <CopyStatements amount={counts.applied} read={readWritten} />
        <Button variant="default" aria-pressed={statements} onClick={toggle}>
          {statements ? 'Hide statements' : 'Show statements'}
        </Button>
      </div>
      <Changes profile={run.dbProfile} rows={rows} hasStatements={statements} isRollback={isRollback} />
      {unlisted > 0 && (
        <p className="muted">{plural(unlisted, 'more was', 'more were')} not written: choose a status above.</p>
      )}
      {others.list && (
        <Pager
          label="outcomes"
          shown={rows.length}
          total={status ? others.list.totalCount : counts.all}
          info={others.list.pageInfo}
          cursor={cursor}
          go={(next) => change({ ...next })}
        />
      )}
    </>
  );
}
