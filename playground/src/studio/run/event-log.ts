// The events of the run: the newest ones first read, then followed live, older ones on demand.
//
// The rule: what is held is one stretch without a gap, each event once. Following begins after the last event that
// came, and begins again there whenever the run has events beyond it: after it was resumed, or told to apply. The
// server ends the stream with the run's FINISHED event.

import { useCallback, useEffect, useRef, useState } from 'react';
import { type CombinedError, useClient } from 'urql';

import {
  RunEventsDocument,
  type RunEventRowFragment,
  type RunEventType,
  RunProgressDocument,
  type RunStatus,
} from '../api/operations';
import { isLive } from '../ui/status';

export type Entry = RunEventRowFragment;

export interface EventLog {
  /** In order, without a gap. */
  entries: Entry[];
  /** Where older events end; undefined where there are none. */
  older: string | undefined;
  isLoaded: boolean;
  error: CombinedError | undefined;
  /** When the newest entries came, on this page's own clock. */
  arrivedAt: number;
}

const NONE: EventLog = { entries: [], older: undefined, isLoaded: false, error: undefined, arrivedAt: 0 };
const FIRST_PAGE = 100;
const OLDER_PAGE = 200;
/** Events are shown in batches: a fast run makes thousands in a second. */
const BATCH_MS = 100;
const AGAIN_MS = 500;

export interface LogQuery {
  id: string;
  types?: RunEventType[] | undefined;
}

/** A page of events before a cursor, the newest page without one. */
export function useEventPages() {
  const client = useClient();
  return useCallback(
    async ({ id, types }: LogQuery, last: number, before?: string) => {
      const variables = { id, types: types ?? null, last, before: before ?? null };
      const { data, error } = await client
        .query(RunEventsDocument, variables, { requestPolicy: 'network-only' })
        .toPromise();
      const page = data?.run?.events;
      return {
        error,
        entries: page?.nodes ?? [],
        older: page?.pageInfo.hasPreviousPage ? (page.pageInfo.startCursor ?? undefined) : undefined,
      };
    },
    [client],
  );
}

/** The log of a run; `act` is called with each batch that the run as it was read does not know of. */
export function useEventLog(
  run: { id: string; status: RunStatus; lastSequence: number },
  act: (batch: Entry[]) => void,
) {
  const { id, status, lastSequence } = run;
  const client = useClient();
  const pages = useEventPages();
  const [log, setLog] = useState(NONE);
  const [round, setRound] = useState(0);
  const current = useRef(log);
  current.current = log;
  /** The last event that came, be it shown already or not. */
  const last = useRef(0);
  const told = useRef(act);
  told.current = act;
  const known = useRef(lastSequence);
  known.current = lastSequence;

  const load = useCallback(async () => {
    const { entries, older, error } = await pages({ id }, FIRST_PAGE);
    if (!current.current.isLoaded) {
      last.current = entries.at(-1)?.sequence ?? 0;
      setLog({ entries, older, error, isLoaded: error === undefined, arrivedAt: performance.now() });
      // The run was read before its log: events that it does not know of have just arrived as well.
      const arrived = entries.filter(({ sequence }) => sequence > known.current);
      if (arrived.length > 0) {
        told.current(arrived);
      }
    }
  }, [id, pages]);
  useEffect(() => void load(), [load]);

  const follows = log.isLoaded && (isLive(status) || lastSequence > (log.entries.at(-1)?.sequence ?? 0));
  useEffect(() => {
    if (!follows) {
      return undefined;
    }
    let batch: Entry[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      const arrived = batch;
      batch = [];
      if (arrived.length > 0) {
        setLog((before) => ({
          ...before,
          entries: before.entries.concat(arrived),
          error: undefined,
          arrivedAt: performance.now(),
        }));
        told.current(arrived);
      }
      if (arrived.at(-1)?.type === 'FINISHED') {
        again = setTimeout(() => setRound((before) => before + 1), AGAIN_MS);
      }
    };
    const { unsubscribe } = client
      .subscription(RunProgressDocument, { runId: id, after: last.current })
      .subscribe(({ data, error }) => {
        if (error) {
          setLog((before) => ({ ...before, error }));
        }
        // A stream that begins again may repeat what its predecessor has brought.
        if (data && data.runProgress.sequence > last.current) {
          last.current = data.runProgress.sequence;
          batch.push(data.runProgress);
          timer ??= setTimeout(flush, BATCH_MS);
        }
      });
    return () => {
      unsubscribe();
      flush();
      clearTimeout(again);
    };
  }, [client, follows, id, status, round]);

  const loadOlder = useCallback(async () => {
    const { older } = current.current;
    if (older === undefined) {
      return;
    }
    const page = await pages({ id }, OLDER_PAGE, older);
    setLog((before) => {
      if (page.error || before.older !== older) {
        return { ...before, error: page.error };
      }
      return { ...before, entries: page.entries.concat(before.entries), older: page.older, error: undefined };
    });
  }, [id, pages]);

  return { log, loadOlder, reload: load };
}
