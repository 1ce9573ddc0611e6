// What the last apply or roll-back did, asset by asset; live while it goes on.

import { Button } from '@mantine/core';
import { useEffect } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { type ApplyStatus, RunOutcomesDocument } from '../api/operations';
import { Chip, Chips } from '../ui/chips';
import { count, plural } from '../ui/figures';
import { cursorOf, Pager, pageOf } from '../ui/pager';
import { Empty, Failure, Loading } from '../ui/states';
import { changeOf, Changes, CopyStatements, useStatements } from './changes';
import type { Written } from './live-card';
import classes from './run.module.css';
import { addressOf } from './tabs';
import type { Run } from './use-run';

const PAGE = 50;
const STATES: [status: ApplyStatus, label: string, of: keyof Written][] = [
  ['CONFLICT', 'Conflict', 'conflict'],
  ['FAILED', 'Not written', 'failed'],
  ['APPLIED', 'Changed', 'applied'],
  ['UNCHANGED', 'Unchanged', 'unchanged'],
  ['PLANNED', 'Waiting', 'planned'],
];

export function Outcomes({ run, counts }: { run: Run; counts: Written | undefined }) {
  const [parameters, setParameters] = useSearchParams();
  const [statements, toggle] = useStatements();
  const named = parameters.get('show');
  const status = STATES.find(([it]) => it === named)?.[0];
  const cursor = cursorOf(parameters);
  const [{ data, error, fetching }, again] = useQuery({
    query: RunOutcomesDocument,
    variables: {
      id: run.id,
      statuses: status ? [status] : null,
      ...pageOf(cursor, PAGE),
    },
  });
  const figures = JSON.stringify(counts);
  useEffect(() => {
    if (figures) {
      again({ requestPolicy: 'network-only' });
    }
  }, [again, figures]);
  const change = (changes: Record<string, string>) => {
    const kept = new URLSearchParams({ tab: 'apply', plan: 'last', ...(status ? { show: status } : {}), ...changes });
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') {
        kept.delete(name);
      }
    }
    setParameters(kept);
  };

  const page = data?.run?.applyOutcomes;
  if (error && !page) {
    return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  }
  if (!page || !counts) {
    return <Loading rows={10} height={48} />;
  }
  if (counts.all === 0 && !fetching) {
    return (
      <Empty title="Nothing was written yet." action={<Link to={addressOf(run, 'apply')}>See the plan</Link>}>
        After an apply or a roll-back, the outcome of each asset is listed here.
      </Empty>
    );
  }
  const isApplying = run.status === 'APPLYING';
  return (
    <>
      {!isApplying && (
        <p className={classes.verdict}>
          {counts.applied === 0 ? 'No comment was changed' : `${plural(counts.applied, 'comment')} changed`}
          {counts.unchanged > 0 && `, ${count(counts.unchanged)} stood there already`}
          {counts.conflict > 0 &&
            `, ${plural(counts.conflict, 'conflict')} left as ${counts.conflict === 1 ? 'it is' : 'they are'}`}
          {counts.failed > 0 && `, ${count(counts.failed)} could not be written`}
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
              {label}
            </Chip>
          ))}
        </Chips>
        <span className={classes.space} />
        <CopyStatements items={page.nodes} />
        <Button variant="default" aria-pressed={statements} onClick={toggle}>
          {statements ? 'Hide statements' : 'Show statements'}
        </Button>
      </div>
      <Changes
        run={run}
        rows={page.nodes.map((item) => ({ item, change: changeOf(item) }))}
        hasStatements={statements}
        isOutcome
      />
      <Pager
        label="outcomes"
        shown={page.nodes.length}
        total={page.totalCount}
        info={page.pageInfo}
        cursor={cursor}
        go={(next) => change({ ...next })}
      />
    </>
  );
}
