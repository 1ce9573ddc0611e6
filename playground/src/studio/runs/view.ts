// What the list shows, as the URL says it. The URL is the view: a link, a reload and Back give the same list.
//
// Without a chip in the URL the stored one counts, ANALYZE in a fresh browser. A change of the filter drops the cursor.

import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

import type {
  OrderDirection,
  RunFilter,
  RunKind,
  RunOrderField,
  RunsQueryVariables,
  RunStatus,
} from '../api/operations';
import { plural } from '../ui/figures';
import { recall, remember } from '../ui/storage';
import { KINDS, STATUSES } from '../ui/status';
import { exact } from '../ui/time';

export const PAGE_SIZE = 50;

export type Chip = RunKind | 'ALL';

export interface View {
  chip: Chip;
  statuses: RunStatus[];
  search: string;
  /** A day, or a moment in RFC 3339. */
  from: string;
  to: string;
  startedBy: string[];
  labels: string[];
  /** Ids of DB profiles. */
  profiles: string[];
  failures: boolean;
  sort: { field: RunOrderField; direction: OrderDirection };
  after?: string;
  before?: string;
}

const SORTS = new Set<string>(['STARTED_AT', 'NUMBER', 'DURATION', 'STATUS', 'COMMAND', 'MODEL', 'DB_PROFILE']);
export const NEWEST_FIRST = { field: 'STARTED_AT', direction: 'DESC' } as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;

const isChip = (value: string | null): value is Chip => value !== null && (value === 'ALL' || value in KINDS);

function read(parameters: URLSearchParams): View {
  const upper = (name: string) => parameters.get(name)?.toUpperCase() ?? null;
  const chip = upper('kind');
  const stored = recall<string>('runs.chip', 'ANALYZE');
  const [field, direction] = (upper('sort') ?? '').split('.');
  const day = (name: string) => (DAY.test(parameters.get(name) ?? '') ? (parameters.get(name) as string) : '');
  const after = parameters.get('after');
  const before = parameters.get('before');
  return {
    chip: isChip(chip) ? chip : isChip(stored) ? stored : 'ANALYZE',
    statuses: (upper('status') ?? '').split(',').filter((status): status is RunStatus => status in STATUSES),
    search: parameters.get('search') ?? '',
    from: MOMENT.test(parameters.get('from') ?? '') ? (parameters.get('from') as string) : day('from'),
    to: day('to'),
    startedBy: parameters.getAll('by'),
    labels: parameters.getAll('label'),
    profiles: parameters.getAll('db'),
    failures: parameters.get('failures') === 'true',
    sort: SORTS.has(field ?? '')
      ? { field: field as RunOrderField, direction: direction === 'ASC' ? 'ASC' : 'DESC' }
      : NEWEST_FIRST,
    ...(after ? { after } : before ? { before } : {}),
  };
}

function write(view: View): URLSearchParams {
  const parameters = new URLSearchParams();
  parameters.set('kind', view.chip.toLowerCase());
  if (view.statuses.length > 0) {
    parameters.set('status', view.statuses.join(',').toLowerCase());
  }
  for (const [name, value] of [
    ['search', view.search],
    ['from', view.from],
    ['to', view.to],
  ] as const) {
    if (value) {
      parameters.set(name, value);
    }
  }
  for (const name of view.startedBy) {
    parameters.append('by', name);
  }
  for (const label of view.labels) {
    parameters.append('label', label);
  }
  for (const id of view.profiles) {
    parameters.append('db', id);
  }
  if (view.failures) {
    parameters.set('failures', 'true');
  }
  if (!isNewestFirst(view)) {
    parameters.set('sort', `${view.sort.field}.${view.sort.direction}`.toLowerCase());
  }
  if (view.after) {
    parameters.set('after', view.after);
  } else if (view.before) {
    parameters.set('before', view.before);
  }
  return parameters;
}

export const isNewestFirst = (view: View) => view.sort.field === 'STARTED_AT' && view.sort.direction === 'DESC';

/** Midnight of a day in the browser's zone. */
const midnight = (day: string, later = 0) => {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number];
  return new Date(year, month - 1, date + later).toISOString();
};

export function filterOf(view: View): RunFilter {
  return {
    ...(view.chip === 'ALL' ? {} : { kinds: [view.chip] }),
    ...(view.statuses.length > 0 ? { statuses: view.statuses } : {}),
    ...(view.search ? { search: view.search } : {}),
    ...(view.from ? { startedAfter: DAY.test(view.from) ? midnight(view.from) : view.from } : {}),
    ...(view.to ? { startedBefore: midnight(view.to, 1) } : {}),
    ...(view.startedBy.length > 0 ? { startedBy: view.startedBy } : {}),
    ...(view.labels.length > 0 ? { labels: view.labels } : {}),
    ...(view.profiles.length > 0 ? { dbProfileIds: view.profiles } : {}),
    ...(view.failures ? { hasFailures: true } : {}),
  };
}

export function variablesOf(view: View): RunsQueryVariables {
  return {
    filter: filterOf(view),
    orderBy: view.sort,
    ...(view.before ? { last: PAGE_SIZE, before: view.before } : { first: PAGE_SIZE, after: view.after ?? null }),
  };
}

/** What restricts the list besides its chip, in words. */
export function restrictions(view: View): string[] {
  return [
    ...(view.statuses.length > 0 ? [`status ${view.statuses.map((it) => STATUSES[it].label).join(' or ')}`] : []),
    ...(view.search ? [`search “${view.search}”`] : []),
    ...(view.from ? [`from ${DAY.test(view.from) ? view.from : exact(view.from)}`] : []),
    ...(view.to ? [`to ${view.to}`] : []),
    ...(view.startedBy.length > 0 ? [`started by ${view.startedBy.join(' or ')}`] : []),
    ...(view.labels.length > 0 ? [`label ${view.labels.join(' or ')}`] : []),
    ...(view.profiles.length > 0 ? [`of ${plural(view.profiles.length, 'database')}`] : []),
    ...(view.failures ? ['with failed assets'] : []),
  ];
}

export const CLEARED = {
  statuses: [],
  search: '',
  from: '',
  to: '',
  startedBy: [],
  labels: [],
  profiles: [],
  failures: false,
};

export function useView(): [View, (change: Partial<View>) => void] {
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => read(parameters), [parameters]);
  const change = useCallback(
    (next: Partial<View>) => {
      if (next.chip) {
        remember('runs.chip', next.chip);
      }
      setParameters(
        (current) => {
          const { after: _, before: __, ...kept } = read(current);
          return write({ ...kept, ...next });
        },
        { replace: 'search' in next && Object.keys(next).length === 1 },
      );
    },
    [setParameters],
  );
  return [view, change];
}

/** The address of the list in another view. */
export const addressOf = (view: Partial<View>) =>
  `/runs?${write({ chip: 'ALL', ...CLEARED, sort: NEWEST_FIRST, ...view })}`;
