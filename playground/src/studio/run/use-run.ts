// The run of the page, kept current by subscription.
//
// The rule: changes come with the run as it is then, at most four a second. They have no replay, so the run is fetched
// again after a lost connection, and whenever an event tells of a state that the page does not know.

import { useCallback, useState } from 'react';
import { useQuery } from 'urql';

import { useReconnected } from '../api/connection';
import { useEvents } from '../api/events';
import {
  type RunDetailsFragment,
  RunPageChangedDocument,
  RunPageDocument,
  RunPageReviewedDocument,
} from '../api/operations';

export type Run = RunDetailsFragment;

export function useRun(number: number) {
  const [{ data, error, fetching }, again] = useQuery({ query: RunPageDocument, variables: { number } });
  const [isDeleted, setIsDeleted] = useState(false);
  const refetch = useCallback(() => again({ requestPolicy: 'network-only' }), [again]);
  useReconnected(refetch);

  const run = data?.runByNumber ?? undefined;
  useEvents({ query: RunPageChangedDocument, variables: { filter: { search: `#${number}` } } }, ({ runsChanged }) => {
    if (runsChanged.kind === 'DELETED') {
      setIsDeleted(true);
    }
  });
  useEvents(
    { query: RunPageReviewedDocument, variables: { runId: run?.id ?? '' }, pause: run === undefined },
    // The cache takes what it brings.
    () => {},
  );

  return { run, isDeleted, isMissing: data?.runByNumber === null && !fetching, error, refetch };
}
