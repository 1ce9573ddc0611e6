// What an apply or a roll-back would do now, read live from the database, page after page.

import { useCallback, useEffect, useRef, useState } from 'react';
import { type CombinedError, useClient } from 'urql';

import { type RunOutcomeFragment, RunPlanDocument } from '../api/operations';

/** Comments that are looked at without being asked to: a plan reads each live. */
export const AT_ONCE = 1000;

export interface PlanOf {
  runId: string;
  rollback: boolean;
  /** Which suggestions; all that can be when absent. */
  suggestionIds?: string[] | undefined;
}

export interface Planned {
  /** In the order of writing. */
  items: RunOutcomeFragment[];
  /** How many comments the plan has; undefined until the first page is read. */
  total: number | undefined;
  error: CombinedError | undefined;
  isLoading: boolean;
}

const NOTHING: Planned = { items: [], total: undefined, error: undefined, isLoading: true };

/** The plan. `key` changes when it has to be read again; `more` looks at the next comments, `rest` at all of them. */
export function usePlan({ runId, rollback, suggestionIds }: PlanOf, key: string) {
  const client = useClient();
  const [planned, setPlanned] = useState(NOTHING);
  const turn = useRef(0);
  const next = useRef<string | null>(null);
  const ids = JSON.stringify(suggestionIds ?? null);
  const walk = useCallback(
    async (from: RunOutcomeFragment[], after: string | null, most: number) => {
      turn.current += 1;
      const mine = turn.current;
      let items = from;
      let cursor = after;
      setPlanned((before) => ({ ...before, items, isLoading: true, error: undefined }));
      for (;;) {
        const variables = { runId, suggestionIds: JSON.parse(ids) as string[] | null, rollback, after: cursor };
        const { data, error } = await client
          .query(RunPlanDocument, variables, { requestPolicy: 'network-only' })
          .toPromise();
        if (turn.current !== mine) {
          return undefined;
        }
        const page = data?.applyPlan;
        if (error || !page) {
          setPlanned((before) => ({ ...before, error, isLoading: false }));
          return undefined;
        }
        items = items.concat(page.nodes);
        cursor = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
        next.current = cursor;
        const isLoading = cursor !== null && items.length < from.length + most;
        setPlanned({ items, total: page.totalCount, error: undefined, isLoading });
        if (!isLoading) {
          return items;
        }
      }
    },
    [client, runId, rollback, ids],
  );
  useEffect(() => {
    if (key !== '') {
      void walk([], null, AT_ONCE);
    }
    return () => void (turn.current += 1);
  }, [walk, key]);
  return {
    ...planned,
    reload: () => void walk([], null, AT_ONCE),
    more: () => void walk(planned.items, next.current, AT_ONCE),
    rest: async () =>
      next.current === null ? planned.items : walk(planned.items, next.current, Number.POSITIVE_INFINITY),
  };
}
