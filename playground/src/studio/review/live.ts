// One page of a run's suggestions and the figures on the chips, kept current by subscription.
//
// The rules: a row that is shown keeps its place until another page or filter is asked for, or the list is updated by
// hand. While the run goes on, new rows are appended where the page has room at its end; otherwise they count as
// waiting, and a button shows them. Decisions change rows in place. Figures are fetched at most once a second.

import { useCallback, useEffect, useRef, useState } from 'react';
import { useQuery } from 'urql';

import { useReconnected } from '../api/connection';
import { useEvents } from '../api/events';
import {
  ReviewChangedDocument,
  type ReviewDecidedFragment,
  ReviewFiguresDocument,
  type ReviewFiguresQuery,
  ReviewListDocument,
  type ReviewListQuery,
  ReviewProgressDocument,
  type ReviewSuggestionFragment,
} from '../api/operations';
import { isLive } from '../ui/status';
import { filterOf, isByPosition, PAGE_SIZE, type View, variablesOf } from './view';

type ListedRun = Extract<ReviewListQuery['node'], { id: string }>;
type Page = ListedRun['suggestions'];
export type Figures = NonNullable<ReviewFiguresQuery['run']>;

export interface Listed {
  key: string;
  rows: ReviewSuggestionFragment[];
  /** Where each row stands in the order of the list. */
  cursors: ReadonlyMap<string, string>;
  pageInfo: Page['pageInfo'];
  /** Rows of this page that are not shown yet. */
  waiting: number;
}

/** The list with what the server says now; rows that are shown stay where they are unless the list is made `afresh`. */
function merged(before: Listed | undefined, key: string, page: Page, afresh: boolean, mayAppend: boolean): Listed {
  const nodes = page.edges.map(({ node }) => node);
  const cursors = new Map(page.edges.map(({ node, cursor }) => [node.id, cursor]));
  if (afresh || before?.key !== key) {
    return { key, rows: nodes, cursors, pageInfo: page.pageInfo, waiting: 0 };
  }
  const fresh = new Map(nodes.map((node) => [node.id, node]));
  const rows = before.rows.map((row) => fresh.get(row.id) ?? row);
  const shown = new Set(before.rows.map(({ id }) => id));
  const others = nodes.filter(({ id }) => !shown.has(id));
  const room = mayAppend ? Math.max(PAGE_SIZE - rows.length, 0) : 0;
  return {
    key,
    rows: [...rows, ...others.slice(0, room)],
    cursors: new Map([...before.cursors, ...cursors]),
    pageInfo: { ...page.pageInfo, hasNextPage: page.pageInfo.hasNextPage || others.length > room },
    waiting: Math.max(others.length - room, 0),
  };
}

/** Calls `act` soon, and at most once in `interval` milliseconds. */
function useThrottled(act: () => void, interval: number): () => void {
  const latest = useRef(act);
  latest.current = act;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    timer.current ??= setTimeout(
      () => {
        timer.current = undefined;
        last.current = performance.now();
        latest.current();
      },
      Math.max(50, last.current + interval - performance.now()),
    );
  }, [interval]);
}

/** Suggestions that somebody else decided on. */
type Noticed = (suggestions: ReviewDecidedFragment[], all: boolean) => unknown;

export function useSuggestions(runId: string, view: View, onNoticed: Noticed) {
  const variables = variablesOf(runId, view);
  const key = JSON.stringify(variables);
  const [{ data, error, fetching, stale, operation }, fetchPage] = useQuery({ query: ReviewListDocument, variables });
  const [{ data: figureData, error: figureError }, fetchFigures] = useQuery({
    query: ReviewFiguresDocument,
    variables: { runId, filter: variables.filter ?? null },
  });
  const [listed, setListed] = useState<Listed>();
  /** The list that the server was asked for and gave. Later answers for it change rows in place. */
  const settled = useRef<string>(undefined);

  const answered = operation && JSON.stringify(operation.variables) === key ? data : undefined;
  const run = answered?.node && 'suggestions' in answered.node ? (answered.node as ListedRun) : undefined;
  const mayAppend = isByPosition(view) && !view.before;
  const isReading = fetching || stale;
  useEffect(() => {
    if (run) {
      const isAsked = !isReading && settled.current !== key;
      if (!isReading) {
        settled.current = key;
      }
      setListed((before) => merged(before, key, run.suggestions, isAsked, mayAppend));
    }
  }, [run, key, isReading, mayAppend]);

  const figures = useRef<Figures>(undefined);
  figures.current = figureData?.run ?? figures.current;

  const refresh = useThrottled(() => fetchPage({ requestPolicy: 'network-only' }), 1000);
  const refreshFigures = useThrottled(() => fetchFigures({ requestPolicy: 'network-only' }), 1000);
  /** Brings the list into the order of the server. */
  const update = useCallback(() => {
    settled.current = undefined;
    fetchPage({ requestPolicy: 'network-only' });
    refreshFigures();
  }, [fetchPage, refreshFigures]);
  useReconnected(() => {
    refresh();
    refreshFigures();
  });

  const patch = useCallback((changes: readonly ReviewDecidedFragment[]) => {
    const changed = new Map(changes.map((change) => [change.id, change]));
    setListed((before) =>
      before?.rows.some(({ id }) => changed.has(id))
        ? {
            ...before,
            rows: before.rows.map((row) => (changed.has(row.id) ? { ...row, ...changed.get(row.id) } : row)),
          }
        : before,
    );
  }, []);

  useEvents({ query: ReviewChangedDocument, variables: { runId } }, ({ suggestionsChanged: { suggestions, all } }) => {
    patch(suggestions);
    onNoticed(suggestions, all);
    if (all) {
      refresh();
    }
    refreshFigures();
  });

  const status = figures.current?.status;
  const after = useRef<number>(undefined);
  after.current ??= run?.lastSequence;
  useEvents(
    {
      query: ReviewProgressDocument,
      variables: { runId, after: after.current ?? 0 },
      pause: after.current === undefined || status === undefined || !isLive(status),
    },
    ({ runProgress }) => {
      if (runProgress.type === 'ASSET_FINISHED') {
        refresh();
      }
      refreshFigures();
    },
  );

  return {
    list: listed,
    /** Whether the list is of another page or filter than the one asked for. */
    outdated: listed !== undefined && listed.key !== key,
    figures: figures.current,
    gone: error === undefined && answered?.node === null,
    error: error ?? (figures.current === undefined ? figureError : undefined),
    loading: isReading,
    update,
    refresh,
    refreshFigures,
    patch,
  };
}

/** Whether a row passes the filter's states; the others cannot change while it is shown. */
export const passes = (view: View, row: ReviewSuggestionFragment) =>
  view.states.length === 0 || view.states.includes(row.review.state);

/** The filter of a bulk decision: suggestions that are decided on are taken only where the view names their state. */
export const bulkFilterOf = (view: View) => ({
  ...filterOf(view),
  states: view.states.length > 0 ? view.states : ['UNREVIEWED' as const],
});

/** How many suggestions a bulk decision is about: those in the states of the view, else the unreviewed ones. */
export function decidableOf(states: Figures['suggestions']['facets']['states'], { states: chosen }: View): number {
  const figure = {
    UNREVIEWED: states.unreviewed,
    ACCEPTED: states.accepted,
    EDITED: states.edited,
    SKIPPED: states.skipped,
  };
  return (chosen.length > 0 ? chosen : (['UNREVIEWED'] as const)).reduce((sum, state) => sum + figure[state], 0);
}
