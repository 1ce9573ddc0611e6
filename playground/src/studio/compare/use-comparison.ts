// Fetches a comparison: the ids behind the run numbers, the figures, one page of the grid; and fetches again when one
// of the runs changes, at most every three seconds.

import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useQuery } from 'urql';

import { useEvents } from '../api/events';
import { useReconnected } from '../api/connection';
import {
  CompareAssetsDocument,
  type CompareAssetsQuery,
  CompareChangedDocument,
  CompareFiguresDocument,
  type CompareFoundFragment,
  CompareLookupDocument,
  CompareSummaryDocument,
  type CompareSummaryQuery,
} from '../api/operations';
import { pageOf } from '../ui/pager';
import { MOST_RUNS, type View } from './view';

export const PAGE_SIZE = 50;
const REFETCH_EVERY = 3000;

export type Summary = NonNullable<CompareSummaryQuery['compareRuns']>;
export type Assets = NonNullable<CompareAssetsQuery['compareRuns']>['assets'];
export type Asset = Assets['nodes'][number];

/** The number that a part of the URL names; 0, which no run has, where it is none. */
const numberOf = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : 0);

/** The runs that the URL names; undefined for a number that no run has. */
export function useLookup(view: View) {
  const wanted = view.runs.slice(0, MOST_RUNS);
  const [a = 0, b = 0, c = 0, d = 0] = wanted.map(numberOf);
  const baseline = numberOf(view.baseline);
  const [{ data, error, stale }, again] = useQuery({
    query: CompareLookupDocument,
    variables: { a, b, c, d, baseline },
    pause: wanted.length === 0,
  });
  const refetch = useCallback(() => again({ requestPolicy: 'network-only' }), [again]);
  const found = useMemo(
    () =>
      data && {
        runs: [data.a, data.b, data.c, data.d].slice(0, wanted.length) as (CompareFoundFragment | null)[],
        baseline: view.baseline === '' ? undefined : data.baseline,
      },
    [data, wanted.length, view.baseline],
  );
  return { found, error, stale, refetch };
}

/** `lookAgain` looks the runs up again: one that is compared may have been deleted. */
export function useComparison(view: View, ids: string[] | undefined, baselineId: string | null, lookAgain: () => void) {
  const pause = ids === undefined;
  const runs = { ids: ids ?? [], baselineId };
  const [{ data, error, fetching }, again] = useQuery({ query: CompareSummaryDocument, variables: runs, pause });
  const lists = {
    agreement: view.agreement.length > 0 ? view.agreement : null,
    kinds: view.kinds.length > 0 ? view.kinds : null,
    search: view.search || null,
  };
  const [figures, figuresAgain] = useQuery({ query: CompareFiguresDocument, variables: { ...runs, ...lists }, pause });
  const [page, pageAgain] = useQuery({
    query: CompareAssetsDocument,
    variables: { ...runs, filter: lists, ...pageOf(view.cursor, PAGE_SIZE) },
    pause,
  });

  const refetch = useCallback(() => {
    lookAgain();
    for (const fetchAgain of [again, figuresAgain, pageAgain]) {
      fetchAgain({ requestPolicy: 'network-only' });
    }
  }, [again, figuresAgain, pageAgain, lookAgain]);
  useReconnected(refetch);

  const latest = useRef(refetch);
  latest.current = refetch;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const judges = data?.compareRuns?.judges.map(({ id }) => id) ?? [];
  const watched = new Set([...runs.ids, ...judges, ...(baselineId ? [baselineId] : [])]);
  useEvents({ query: CompareChangedDocument, variables: {}, pause }, (event) => {
    if (watched.has(event.runsChanged.runId)) {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        latest.current();
      }, REFETCH_EVERY);
    }
  });

  // Until the answer for other runs is there, the one for those before must not stand under their heads.
  const ofRuns = <T extends { runs: { id: string }[] }>(comparison: T | null | undefined) =>
    comparison && comparison.runs.map(({ id }) => id).join() === runs.ids.join() ? comparison : undefined;
  return {
    summary: ofRuns(data?.compareRuns),
    error,
    loading: fetching,
    figures: figures.data?.compareRuns ?? undefined,
    assets: ofRuns(page.data?.compareRuns)?.assets,
    assetsError: page.error ?? figures.error,
    refetch,
  };
}
