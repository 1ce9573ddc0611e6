// The run behind a draft, kept current: its events while it drafts or writes, other people's decisions all along.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useQuery } from 'urql';

import { useReconnected } from '../api/connection';
import { useEvents } from '../api/events';
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
  useEvents(
    { query: DraftProgressDocument, variables: { runId: run?.id ?? '', after }, pause: !live },
    ({ runProgress }) => setMessage(runProgress.message),
  );
  useEvents(
    { query: DraftDecisionsDocument, variables: { runId: run?.id ?? '' }, pause: !run },
    ({ suggestionsChanged }) => suggestionsChanged.all && refetch(),
  );
  // Whichever news told it: a run that has come to rest has a suggestion, or an outcome of its apply.
  const wasLive = useRef(live);
  useEffect(() => {
    if (wasLive.current && !live) {
      refetch();
    }
    wasLive.current = live;
  }, [live, refetch]);
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
