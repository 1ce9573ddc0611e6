// What changes with runs: comments and coverage. The pages fetch again when a run ends, at most once in two seconds.

import { useEffect, useRef } from 'react';

import { useReconnected } from '../api/connection';
import { useEvents } from '../api/events';
import { DatabaseRunsChangedDocument } from '../api/operations';
import { isLive } from '../ui/status';

const REST_MS = 2000;

/** Calls `act` after a run has ended or its comments were written, of one profile or of any. */
export function useRunsEnded(profileId: string | undefined, act: () => void) {
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
    { query: DatabaseRunsChangedDocument, variables: { filter: profileId ? { dbProfileIds: [profileId] } : {} } },
    ({ runsChanged: { run } }) => {
      if (run === null || !isLive(run.status)) {
        call();
      }
    },
  );
}
