// What changes with runs: comments, coverage, the audit. The pages fetch again when a run ends, at most once in two
// seconds. An event shows a run as it is when the event is delivered: the state between two events may never be seen,
// so what matters is that a run rests, not that it was at work before.

import { useEffect, useRef } from 'react';

import { useReconnected } from '../api/connection';
import { useEvents } from '../api/events';
import { RunsEndedDocument } from '../api/operations';
import { isLive } from '../ui/status';

const REST_MS = 2000;

interface RunsEndedOptions {
  /** Of this profile alone. */
  profileId?: string | undefined;
  /** Also while a run writes comments. */
  whileApplying?: boolean;
}

/** Calls `act` after a run has ended or its comments were written. */
export function useRunsEnded({ profileId, whileApplying = false }: RunsEndedOptions, act: () => void) {
  const latest = useRef(act);
  latest.current = act;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isDue = useRef(false);
  const call = () => {
    if (timer.current !== undefined) {
      isDue.current = true;
      return;
    }
    latest.current();
    timer.current = setTimeout(() => {
      timer.current = undefined;
      if (isDue.current) {
        isDue.current = false;
        call();
      }
    }, REST_MS);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useReconnected(act);
  useEvents(
    { query: RunsEndedDocument, variables: { filter: profileId ? { dbProfileIds: [profileId] } : {} } },
    ({ runsChanged: { run } }) => {
      if (run === null || !isLive(run.status) || (whileApplying && run.status === 'APPLYING')) {
        call();
      }
    },
  );
}
