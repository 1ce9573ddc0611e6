// The run's events as a log.
//
// The rule: while the reader is at the end, the log follows the tail; a reader further up is left in peace, and a
// button tells how many came. Of a long log only a stretch is drawn; older events come by a button. A filter by type
// asks the server for what is older, and takes what is newer from the log that the page follows.

import { Button, MultiSelect } from '@mantine/core';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { CombinedError } from 'urql';

import type { RunEventType } from '../api/operations';
import { BusyButton } from '../ui/busy-button';
import { count, plural } from '../ui/figures';
import { Empty, Failure, Loading } from '../ui/states';
import { type Entry, type EventLog, useEventPages } from './event-log';
import { EVENTS, EventRows } from './event-rows';
import classes from './run.module.css';
import type { Run } from './use-run';

/** Rows drawn while the log follows the tail. */
const WINDOW = 400;
const PAGE = 200;
const NEAR_PX = 48;

interface EventsTabProps {
  run: Run;
  log: EventLog;
  loadOlder: () => Promise<void>;
  reload: () => void;
}

const isType = (value: string): value is RunEventType => value in EVENTS;

export function EventsTab({ run, log, loadOlder, reload }: EventsTabProps) {
  const [parameters, setParameters] = useSearchParams();
  const types = useMemo(
    () =>
      parameters
        .getAll('type')
        .map((it) => it.toUpperCase())
        .filter(isType),
    [parameters],
  );
  const setTypes = (next: string[]) =>
    setParameters(
      (current) => {
        const changed = new URLSearchParams(current);
        changed.set('tab', 'events');
        changed.delete('type');
        for (const type of next) {
          changed.append('type', type);
        }
        return changed;
      },
      { replace: true },
    );
  const filtered = useFiltered(run.id, types, log);
  const isFiltered = types.length > 0;
  const shown = isFiltered ? filtered : { ...log, loadOlder };

  return (
    <>
      <search className={classes.tools}>
        <MultiSelect
          aria-label="Types of events"
          placeholder={isFiltered ? '' : 'All types'}
          data={(Object.keys(EVENTS) as RunEventType[]).map((type) => ({ value: type, label: EVENTS[type] }))}
          value={types}
          onChange={setTypes}
          clearable
          searchable
          className={classes.types as string}
        />
        <Button
          variant={isTrouble(types) ? 'light' : 'default'}
          aria-pressed={isTrouble(types)}
          onClick={() => setTypes(isTrouble(types) ? [] : TROUBLE)}
        >
          Warnings and failures
        </Button>
      </search>
      {shown.error && <Failure error={shown.error} retry={isFiltered ? filtered.reload : reload} />}
      {!shown.isLoaded && !shown.error && <Loading rows={16} height={24} />}
      {shown.isLoaded && shown.entries.length === 0 && (
        <Empty
          title={isFiltered ? 'No event of these types.' : 'No events yet.'}
          action={
            isFiltered && (
              <Button variant="default" onClick={() => setTypes([])}>
                Show all events
              </Button>
            )
          }
        >
          {isFiltered && `The run has ${plural(run.lastSequence, 'event')} of other types.`}
        </Empty>
      )}
      {shown.entries.length > 0 && (
        <Log key={types.join()} run={run} entries={shown.entries} older={shown.older} loadOlder={shown.loadOlder} />
      )}
    </>
  );
}

const TROUBLE: RunEventType[] = ['WARNING', 'ASSET_FAILED', 'APPLY_FAILED'];
const isTrouble = (types: RunEventType[]) =>
  types.length === TROUBLE.length && TROUBLE.every((type) => types.includes(type));

interface Loaded {
  entries: Entry[];
  older: string | undefined;
  isLoaded: boolean;
  error: CombinedError | undefined;
}

const NOTHING: Loaded = { entries: [], older: undefined, isLoaded: false, error: undefined };

/** The events of some types: pages from the server, and what the followed log has beyond them. */
function useFiltered(id: string, types: RunEventType[], log: EventLog) {
  const pages = useEventPages();
  const [loaded, setLoaded] = useState(NOTHING);
  const wanted = types.join();
  const load = useCallback(async () => {
    const { entries, older, error } = await pages({ id, types: wanted.split(',') as RunEventType[] }, PAGE);
    setLoaded({ entries, older, error, isLoaded: error === undefined });
  }, [id, pages, wanted]);
  useEffect(() => {
    setLoaded(NOTHING);
    if (wanted !== '' && log.isLoaded) {
      load();
    }
  }, [load, log.isLoaded, wanted]);
  const entries = useMemo(() => {
    const last = loaded.entries.at(-1)?.sequence ?? 0;
    return loaded.entries.concat(
      log.entries.filter(({ type, sequence }) => sequence > last && wanted.split(',').includes(type)),
    );
  }, [loaded.entries, log.entries, wanted]);
  const { older } = loaded;
  const loadOlder = async () => {
    const page = await pages({ id, types }, PAGE, older);
    setLoaded((before) =>
      before.older !== older || page.error
        ? { ...before, error: page.error }
        : { ...before, entries: page.entries.concat(before.entries), older: page.older, error: undefined },
    );
  };
  return { ...loaded, entries: loaded.isLoaded ? entries : [], loadOlder, reload: load };
}

interface LogProps {
  run: Run;
  entries: Entry[];
  older: string | undefined;
  loadOlder: () => Promise<void>;
}

function Log({ run, entries, older, loadOlder }: LogProps) {
  /** The sequence numbers that bound what is drawn; undefined for the end that moves. */
  const [from, setFrom] = useState<number>();
  const [to, setTo] = useState<number>();
  const [isBusy, setIsBusy] = useState(false);
  const isAtEnd = useRef(true);
  const follows = to === undefined;

  let shown = follows ? entries : entries.filter(({ sequence }) => sequence <= to);
  shown = from === undefined ? shown.slice(-WINDOW) : shown.filter(({ sequence }) => sequence >= from);
  const first = shown[0]?.sequence ?? 0;
  const last = shown.at(-1)?.sequence ?? 0;
  const hidden = entries.findIndex(({ sequence }) => sequence >= first);
  const waiting = follows ? 0 : entries.filter(({ sequence }) => sequence > to).length;

  const toEnd = useCallback(() => {
    const area = document.getElementById('scroll');
    if (area) {
      area.scrollTop = area.scrollHeight;
    }
  }, []);
  const edge = useRef({ first, last });
  edge.current = { first, last };
  useEffect(() => {
    const area = document.getElementById('scroll');
    const look = () => {
      if (!area) {
        return;
      }
      const atEnd = area.scrollHeight - area.scrollTop - area.clientHeight < NEAR_PX;
      if (atEnd === isAtEnd.current) {
        return;
      }
      isAtEnd.current = atEnd;
      setFrom(atEnd ? undefined : edge.current.first);
      setTo(atEnd ? undefined : edge.current.last);
    };
    area?.addEventListener('scroll', look, { passive: true });
    return () => area?.removeEventListener('scroll', look);
  }, []);
  useLayoutEffect(() => {
    if (follows && isAtEnd.current) {
      toEnd();
    }
  }, [follows, last, toEnd]);

  const showOlder = async () => {
    const area = document.getElementById('scroll');
    const below = area ? area.scrollHeight - area.scrollTop : 0;
    setIsBusy(true);
    if (hidden > 0) {
      setFrom(entries[Math.max(0, hidden - PAGE)]?.sequence);
    } else {
      await loadOlder();
      setFrom(0);
    }
    setIsBusy(false);
    requestAnimationFrame(() => {
      if (area) {
        area.scrollTop = area.scrollHeight - below;
      }
    });
  };
  const hasOlder = hidden > 0 || older !== undefined;
  return (
    <div className={classes.logFrame}>
      {hasOlder ? (
        <div className={classes.olderLine}>
          <BusyButton size="compact-sm" variant="default" busy={isBusy} onClick={showOlder}>
            Show older events
          </BusyButton>
          <span className="muted">from {count(first)} back</span>
        </div>
      ) : null}
      <EventRows entries={shown} run={run} />
      <div className={classes.logFoot} aria-live="polite">
        {waiting > 0 && (
          <Button
            size="compact-sm"
            onClick={() => {
              isAtEnd.current = true;
              setFrom(undefined);
              setTo(undefined);
            }}
          >
            Show {plural(waiting, 'new event')}
          </Button>
        )}
      </div>
    </div>
  );
}
