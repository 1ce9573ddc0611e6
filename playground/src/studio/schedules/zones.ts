// Moments as a clock in some time zone shows them, and back.

import { zone } from '../ui/time';

/** All time zones that the browser knows. */
export const ZONES: string[] = [...new Set(['UTC', zone, ...Intl.supportedValuesOf('timeZone')])];

const formats = new Map<string, Intl.DateTimeFormat>();

function format(timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat | undefined {
  const key = JSON.stringify([timeZone, options]);
  try {
    const made = formats.get(key) ?? new Intl.DateTimeFormat('en-GB', { ...options, timeZone });
    formats.set(key, made);
    return made;
  } catch {
    // The server knows a zone that this browser does not.
    return undefined;
  }
}

const DAY = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const;

/** `Mon 30 Nov, 02:30`, with the year where it is not this one. */
export function inZone(moment: string, timeZone: string): string {
  const date = new Date(moment);
  const year = date.getFullYear() === new Date().getFullYear() ? {} : ({ year: 'numeric' } as const);
  return (format(timeZone, { ...DAY, ...year })?.format(date) ?? `${moment}`).replace(/^(\w+),? /, '$1 ');
}

const PARTS = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
} as const;

/** `2026-11-30T02:30`, as a field for a date and time holds it. */
export function wallTime(moment: Date, timeZone: string): string {
  const parts = new Map(
    format(timeZone, PARTS)
      ?.formatToParts(moment)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: string) => parts.get(name as Intl.DateTimeFormatPartTypes) ?? '00';
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

/**
 * The moment at which a zone's clock shows a wall time: the first of two where the clock shows it twice; as much after
 * the skip where the clock skips it. Undefined for what is no wall time.
 */
export function momentAt(wall: string, timeZone: string): Date | undefined {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) {
    return undefined;
  }
  const offset = (at: number) => Date.parse(`${wallTime(new Date(at), timeZone)}Z`) - at;
  const candidates = [asUtc - offset(asUtc - 86_400_000), asUtc - offset(asUtc + 86_400_000)];
  const fits = candidates.filter((at) => wallTime(new Date(at), timeZone) === wall);
  return new Date(fits.length > 0 ? Math.min(...fits) : Math.max(...candidates));
}
