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
  const client = useClient();
  const live = isLive(turn.run.status);
  const [progress, setProgress] = useState(NOTHING);
  const { id } = turn;
  const reload = () => client.query(AskTurnByIdDocument, { id }, { requestPolicy: 'network-only' }).toPromise();

  const variables = { runId: turn.run.id, after: 0 };
  useEvents({ query: AskProgressDocument, variables, pause: !live }, ({ runProgress }) => {
    const { sequence, type, text, message } = runProgress;
    if (sequence === 1 || type === 'RESUMED') {
      setProgress({ text: '', message });
    } else if (type === 'ANSWER_DELTA') {
      setProgress((before) => ({ ...before, text: before.text + (text ?? '') }));
    } else {
      setProgress((before) => ({ ...before, message }));
      if (type === 'TOOL_CALLED') {
        void reload();
      }
    }
  });

  // The whole answer, its citations and its cost are there once the run has ended.
  const wasLive = useRef(live);
  useEffect(() => {
    if (wasLive.current && !live) {
      void reload().then(() => setProgress(NOTHING));
    }
    wasLive.current = live;
  });
  return { ...progress, live };
}
