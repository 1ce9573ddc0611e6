// Keeps what a page of schedules shows current. Schedules have no subscription of their own, but what changes one
// without a person is either a run or the moment at which it fires. Both have the page fetch again, at most once a
// second.

import { useEffect, useRef } from 'react';

import { useEvents } from '../api/events';
import { useReconnected } from '../api/connection';
import { type RunFilter, ScheduleRunsChangedDocument } from '../api/operations';

/** A firing is recorded a little after its moment. */
const AFTER_FIRING_MS = 1500;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function useCurrent(filter: RunFilter, nextFirings: (string | null)[], refetch: () => void) {
  const latest = useRef(refetch);
  latest.current = refetch;
  useReconnected(() => latest.current());

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const soon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, 1000);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents({ query: ScheduleRunsChangedDocument, variables: { filter } }, (event) => {
    // A change of a run that the page has shows by itself.
    if (event.runsChanged.kind !== 'UPDATED' || event.runsChanged.run?.status !== 'RUNNING') {
      soon();
    }
  });

  const next = Math.min(...nextFirings.filter((at) => at !== null).map((at) => new Date(at).getTime()));
  useEffect(() => {
    const wait = next - Date.now() + AFTER_FIRING_MS;
    if (!Number.isFinite(next) || wait > LONGEST_TIMER_MS) {
      return undefined;
    }
    const due = setTimeout(() => latest.current(), Math.max(wait, AFTER_FIRING_MS));
    return () => clearTimeout(due);
  }, [next]);
}
