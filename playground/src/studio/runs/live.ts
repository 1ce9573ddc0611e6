// The list's rows, kept current by subscription.
//
// The rules: a row changes in place. A new run enters only on the newest page, while nothing is scrolled or selected;
// otherwise it counts as waiting, and a button shows it. A row that no longer matches stays, faded, until the list is
// fetched again. The figures on the chips change at most once a second.

import { useCallback, useEffect, useRef, useState } from 'react';
import { useQuery } from 'urql';

import { useEvents } from '../api/events';
import { useReconnected } from '../api/connection';
import { type RunRowFragment, RunsChangedDocument, RunsDocument, type RunsQuery } from '../api/operations';
import { filterOf, isNewestFirst, type View, variablesOf } from './view';

type Counts = Pick<RunsQuery['runs'], 'totalCount' | 'kindCounts' | 'statusCounts'>;

const MOST_ADDED = 100;

export function useRuns(view: View, mayEnter: () => boolean) {
  const variables = variablesOf(view);
  const key = JSON.stringify(variables);
  const [{ data, error, fetching, stale }, again] = useQuery({ query: RunsDocument, variables });
  const [added, setAdded] = useState<RunRowFragment[]>([]);
  const [waiting, setWaiting] = useState<ReadonlySet<string>>(new Set());
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const [counts, setCounts] = useState<Counts>();

  const reset = useCallback(() => {
    setAdded([]);
    setWaiting(new Set());
    setGone(new Set());
    setCounts(undefined);
  }, []);
  const refetch = useCallback(() => {
    reset();
    again({ requestPolicy: 'network-only' });
  }, [again, reset]);
  useEffect(reset, [key, reset]);
  useReconnected(refetch);

  const pendingCounts = useRef<Counts>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const show = (next: Counts) => {
    if (timer.current !== undefined) {
      pendingCounts.current = next;
      return;
    }
    setCounts(next);
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (pendingCounts.current) {
        const latest = pendingCounts.current;
        pendingCounts.current = undefined;
        show(latest);
      }
    }, 1000);
  };
  useEffect(() => () => clearTimeout(timer.current), []);

  const nodes = data?.runs.nodes;
  const shown = useRef<ReadonlySet<string>>(new Set());
  shown.current = new Set([...added, ...(nodes ?? [])].map(({ id }) => id));

  useEvents({ query: RunsChangedDocument, variables: { filter: filterOf(view) } }, (event) => {
    const { kind, runId, run, matches, counts: figures } = event.runsChanged;
    show(figures);
    if (shown.current.has(runId)) {
      setGone((before) => withMember(before, runId, kind === 'DELETED' || !matches));
      if (run) {
        setAdded((before) => before.map((it) => (it.id === runId ? run : it)));
      }
    } else if (run && matches) {
      const enters = kind === 'CREATED' && isNewestFirst(view) && !view.after && !view.before && mayEnter();
      if (enters && shown.current.size < MOST_ADDED) {
        shown.current = new Set([...shown.current, runId]);
        setAdded((before) => [run, ...before]);
      } else if (kind === 'CREATED') {
        setWaiting((before) => withMember(before, runId, true));
      }
    } else {
      setWaiting((before) => withMember(before, runId, false));
    }
  });

  const known = new Set(nodes?.map(({ id }) => id));
  return {
    rows: nodes && [...added.filter(({ id }) => !known.has(id)), ...nodes],
    gone,
    /** How many new runs wait to be shown. */
    waiting: waiting.size,
    counts: counts ?? data?.runs,
    pageInfo: data?.runs.pageInfo,
    error,
    loading: fetching || stale,
    refetch,
  };
}

/** The set with or without a member; the same set where nothing changes. */
function withMember(set: ReadonlySet<string>, member: string, isIn: boolean): ReadonlySet<string> {
  if (set.has(member) === isIn) {
    return set;
  }
  const next = new Set(set);
  if (isIn) {
    next.add(member);
  } else {
    next.delete(member);
  }
  return next;
}
