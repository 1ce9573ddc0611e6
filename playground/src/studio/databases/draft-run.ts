// The run behind a draft, kept current: its events while it drafts or writes, other people's decisions all along.

import { useCallback, useMemo, useState } from 'react';
import { useQuery, useSubscription } from 'urql';

import { useReconnected } from '../api/connection';
import { DraftDecisionsDocument, DraftDocument, DraftProgressDocument } from '../api/operations';
import { isLive } from '../ui/status';

export function useDraftRun(number: number) {
  const [{ data, error, fetching }, again] = useQuery({ query: DraftDocument, variables: { number } });
  const refetch = useCallback(() => again({ requestPolicy: 'network-only' }), [again]);
  useReconnected(refetch);
  const run = data?.runByNumber;
  const live = run ? isLive(run.status) : false;
  const [message, setMessage] = useState('');

  // Events are asked for from where the run stood when it went live; later ones move the cache, not the question.
  const after = useMemo(() => run?.lastSequence ?? 0, [run?.id, live]);
  useSubscription(
    { query: DraftProgressDocument, variables: { runId: run?.id ?? '', after }, pause: !live },
    (_, event) => {
      const { message: told, status } = event.runProgress;
      queueMicrotask(() => {
        setMessage(told);
        if (!isLive(status)) {
          refetch();
        }
      });
      return event;
    },
  );
  useSubscription({ query: DraftDecisionsDocument, variables: { runId: run?.id ?? '' }, pause: !run }, (_, event) => {
    if (event.suggestionsChanged.all) {
      queueMicrotask(refetch);
    }
    return event;
  });
  return {
    run,
    suggestion: run?.suggestions.nodes[0],
    /** What the last apply did. */
    outcome: run?.applyOutcomes.nodes[0],
    live,
    message,
    error: data ? undefined : error,
    loading: fetching && !data,
    refetch,
  };
}
