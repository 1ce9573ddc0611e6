// How fast the run goes and how long it still takes, from its newest events.

import type { RunEventType } from '../api/operations';
import { useNow } from '../ui/time';
import type { EventLog } from './event-log';

const DESCRIBED: ReadonlySet<RunEventType> = new Set(['ASSET_FINISHED', 'ASSET_FAILED', 'ASSET_SKIPPED']);
const WRITTEN: ReadonlySet<RunEventType> = new Set(['APPLIED', 'APPLY_FAILED']);
/** What the pace is not measured across: the run stood still before it. */
const STOPS: ReadonlySet<RunEventType> = new Set(['CREATED', 'STARTED', 'SCOPE_RESOLVED', 'RESUMED', 'STATUS_CHANGED']);
const WINDOW_MS = 60_000;
const FEWEST = 20;

/** Assets a second; undefined until enough of them have ended. */
function paceOf({ entries, arrivedAt }: EventLog, ends: ReadonlySet<RunEventType>): number | undefined {
  const newest = entries.at(-1);
  if (!newest) {
    return undefined;
  }
  const now = Date.parse(newest.at);
  let since = now;
  let ended = 0;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const { type, at } = entries[index] as EventLog['entries'][number];
    const moment = Date.parse(at);
    if (STOPS.has(type) || (now - moment > WINDOW_MS && ended >= FEWEST)) {
      since = moment;
      break;
    }
    since = moment;
    ended += ends.has(type) ? 1 : 0;
  }
  const seconds = (now - since + (performance.now() - arrivedAt)) / 1000;
  return ended < 3 || seconds <= 0 ? undefined : ended / seconds;
}

/** `about 40 s`, `about 12 min`, `about 2 h 10 min`. */
export function spoken(seconds: number): string {
  if (seconds < 10) {
    return 'a few seconds';
  }
  if (seconds <= 50) {
    return `about ${Math.ceil(seconds / 10) * 10} s`;
  }
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) {
    return `about ${minutes} min`;
  }
  const rounded = minutes % 60;
  return `about ${Math.floor(minutes / 60)} h${rounded === 0 ? '' : ` ${rounded} min`}`;
}

export interface Pace {
  /** `1.8 assets/s`, `12 assets/min`. */
  rate: string;
  /** `about 12 min`. */
  left: string;
}

/** The pace at which `remaining` assets are described or written; undefined while it is not known. */
export function usePace(log: EventLog, remaining: number | undefined, isApplying: boolean): Pace | undefined {
  useNow();
  const pace = paceOf(log, isApplying ? WRITTEN : DESCRIBED);
  if (pace === undefined || remaining === undefined) {
    return undefined;
  }
  const rate =
    pace >= 1 ? `${pace < 10 ? pace.toFixed(1) : Math.round(pace)} assets/s` : `${Math.round(pace * 60)} assets/min`;
  return { rate, left: spoken(remaining / pace) };
}
