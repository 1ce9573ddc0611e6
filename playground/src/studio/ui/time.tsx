// Moments and spans of time. Moments are relative with the exact time and zone on hover; spans count on from the
// server's seconds, never from a difference between clocks.

import { Tooltip } from '@mantine/core';
import { useEffect, useRef, useSyncExternalStore } from 'react';

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function onTick(listener: () => void) {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
  }
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) {
      each();
    }
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present moment, once a second. */
export function useNow(): number {
  return useSyncExternalStore(onTick, () => now);
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'narrow' });
const exactFormat = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const dayFormat = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' });
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function relative(at: number, from: number): string {
  const seconds = Math.round((at - from) / 1000);
  if (Math.abs(seconds) < 45) {
    // The page's clock ticks once a second and may go after the server's.
    return seconds > 5 ? 'in a moment' : 'just now';
  }
  if (Math.abs(seconds) > 14 * 86_400) {
    return dayFormat.format(at);
  }
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) {
      return relativeFormat.format(Math.round(seconds / length), unit);
    }
  }
  return relativeFormat.format(Math.round(seconds / 60), 'minute');
}

/** The exact moment with its zone. */
export function exact(at: string): string {
  return `${exactFormat.format(new Date(at))} ${zone}`;
}

/** A moment, relative to now; exact on hover and focus. */
export function Moment({ at }: { at: string }) {
  const present = useNow();
  return (
    <Tooltip label={exact(at)}>
      <time dateTime={at}>{relative(new Date(at).getTime(), present)}</time>
    </Tooltip>
  );
}

const clockFormat = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** A time of day, `14:05:09`. */
export const clock = (at: string) => clockFormat.format(new Date(at));

/** `4.2s`, `3m 07s`, `2h 05m`. */
export function duration(seconds: number): string {
  if (seconds < 10) {
    return `${(Math.floor(seconds * 10) / 10).toFixed(1)}s`;
  }
  const whole = Math.floor(seconds);
  if (whole < 60) {
    return `${whole}s`;
  }
  const two = (part: number) => String(part).padStart(2, '0');
  if (whole < 3600) {
    return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  }
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** The seconds that the server said, counted on while `counting`. */
export function useSeconds(seconds: number | null, counting: boolean): number | null {
  useNow();
  const said = useRef({ seconds, at: performance.now() });
  if (said.current.seconds !== seconds) {
    said.current = { seconds, at: performance.now() };
  }
  useEffect(() => {
    said.current.at = performance.now();
  }, [counting]);
  if (seconds === null) {
    return null;
  }
  return counting ? seconds + (performance.now() - said.current.at) / 1000 : seconds;
}

export function Duration({ seconds, counting = false }: { seconds: number | null; counting?: boolean }) {
  const shown = useSeconds(seconds, counting);
  if (shown === null) {
    return <Unknown why="It has not started." />;
  }
  const text = duration(shown);
  return counting ? (
    <span>{text}</span>
  ) : (
    <Tooltip label={`${shown.toFixed(3)} seconds`}>
      <span>{text}</span>
    </Tooltip>
  );
}

/** What is not known, with the reason on hover. */
export function Unknown({ why }: { why: string }) {
  return (
    <Tooltip label={why}>
      <span className="muted">
        <span aria-hidden>—</span>
        <span className="visually-hidden">{why}</span>
      </span>
    </Tooltip>
  );
}
