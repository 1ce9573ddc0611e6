// What the audit shows, as the URL says it. A change of the filter drops the cursor.

import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

import type { AppliedCommentFilter } from '../api/operations';
import { present } from '../ui/address';
import { type Cursor, cursorOf } from '../ui/pager';

export interface View {
  search: string;
  /** The name of a DB profile. */
  profile: string;
  /** The number of a run. */
  run: string;
  from: string;
  to: string;
  cursor: Cursor;
}

export const CLEARED = { search: '', profile: '', run: '', from: '', to: '' };
const PARTS = ['search', 'profile', 'run', 'from', 'to'] as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function read(parameters: URLSearchParams): View {
  const text = (name: string) => parameters.get(name)?.trim() ?? '';
  const day = (name: string) => (DAY.test(text(name)) ? text(name) : '');
  return {
    search: text('search'),
    profile: text('profile'),
    run: text('run').replace(/^#/, ''),
    from: day('from'),
    to: day('to'),
    cursor: cursorOf(parameters),
  };
}

function write(view: View): URLSearchParams {
  const parts = [...PARTS.map((name) => [name, view[name]]), ...Object.entries(view.cursor)];
  return new URLSearchParams(parts.filter(([, value]) => value) as [string, string][]);
}

/** The run's number; 0, which no run has, for anything else. */
export const numberOf = (run: string) => (/^\d{1,9}$/.test(run) ? Number(run) : 0);

/** Midnight of a day in the browser's zone. */
function midnight(day: string, later = 0): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return new Date(year, month - 1, date + later).toISOString();
}

export function filterOf(view: View, runId: string | undefined, dbProfileId: string | undefined): AppliedCommentFilter {
  return {
    ...(view.search ? { search: view.search } : {}),
    ...(runId ? { runId } : {}),
    ...(dbProfileId ? { dbProfileId } : {}),
    ...(view.from ? { writtenAfter: midnight(view.from) } : {}),
    ...(view.to ? { writtenBefore: midnight(view.to, 1) } : {}),
  };
}

/** What restricts the list, in words. */
export function restrictions(view: View): string[] {
  return [
    ...(view.search ? [`search “${view.search}”`] : []),
    ...(view.profile ? [`profile ${view.profile}`] : []),
    ...(view.run ? [`run #${view.run}`] : []),
    ...(view.from ? [`from ${view.from}`] : []),
    ...(view.to ? [`to ${view.to}`] : []),
  ];
}

export function useView(): [View, (change: Partial<View>) => void] {
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => read(parameters), [parameters]);
  const change = useCallback(
    (next: Partial<View>) =>
      setParameters(() => write({ ...read(present()), cursor: {}, ...next }), { replace: 'search' in next }),
    [setParameters],
  );
  return [view, change];
}
