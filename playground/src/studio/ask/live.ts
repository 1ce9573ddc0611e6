// An answer while it is given: the pieces after the run's last RESUMED event, or from the start.

import { useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';

import { useEvents } from '../api/events';
import { AskProgressDocument, AskTurnByIdDocument, type AskTurnPartsFragment } from '../api/operations';
import { isLive } from '../ui/status';

export interface Progress {
  /** The answer so far. */
  text: string;
  /** What happens at the moment, in the server's words. */
  message: string;
}

const NOTHING: Progress = { text: '', message: '' };

export function useProgress(turn: AskTurnPartsFragment): Progress & { live: boolean } {
  const live = isLive(turn.run.status);
  const [progress, setProgress] = useState(NOTHING);
  const reload = useReload(turn.id);
  const variables = { runId: turn.run.id, after: 0 };
  useEvents({ query: AskProgressDocument, variables, pause: !live }, ({ runProgress }) => {
    const { sequence, type, text, message } = runProgress;
    if (sequence === 1 || type === 'RESUMED') {
      setProgress({ text: '', message });
    } else if (type === 'ANSWER_DELTA') {
      setProgress((before) => ({ ...before, text: before.text + (text ?? '') }));
    } else {
      setProgress((before) => ({ ...before, message }));
      if (type === 'TOOL_CALLED' || type === 'FINISHED') {
        reload();
      }
    }
  });
  // Each event carries the run as it is now, so that a replay of old events may tell the end before it comes to it.
  const { answer } = turn;
  const { status } = turn.run;
  const wasLive = useRef(live);
  useEffect(() => {
    if (!live && (wasLive.current || (status === 'SUCCESS' && answer === null))) {
      reload();
    }
    wasLive.current = live;
  }, [live, status, answer]);
  return { ...progress, live };
}

/**
 * Fetches the turn again: its tools, and once it has ended its answer, citations and cost. A fetch that is asked for
 * while one is under way follows it, so that the last one began after the last event: what it brings is final.
 */
function useReload(id: string): () => void {
  const client = useClient();
  const state = useRef({ isBusy: false, isWanted: false });
  return async () => {
    state.current.isWanted = true;
    if (state.current.isBusy) {
      return;
    }
    state.current.isBusy = true;
    while (state.current.isWanted) {
      state.current.isWanted = false;
      await client.query(AskTurnByIdDocument, { id }, { requestPolicy: 'network-only' }).toPromise();
    }
    state.current.isBusy = false;
  };
}
