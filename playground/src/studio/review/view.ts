// What the list of results shows, as the URL says it. The run's page has parameters of its own beside these: they stay.
//
// A change of the filter drops the cursor. The open row is part of the URL, so a link leads to one suggestion.

import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

import type {
  AssetKind,
  ConfidenceBand,
  OrderDirection,
  ReviewListQueryVariables,
  ReviewState,
  Substance,
  SuggestionFilter,
  SuggestionOrderField,
} from '../api/operations';
import { BANDS } from '../ui/confidence';
import { ASSET_KINDS, STATES, SUBSTANCES } from './states';

export const PAGE_SIZE = 50;

export type Grouping = 'table' | 'schema' | 'none';

export interface View {
  states: ReviewState[];
  bands: ConfidenceBand[];
  substances: Substance[];
  kinds: AssetKind[];
  /** Whether a comment stood in the database; undefined for both. */
  hasComment?: boolean | undefined;
  schema?: string | undefined;
  table?: string | undefined;
  search: string;
  sort: { field: SuggestionOrderField; direction: OrderDirection };
  group: Grouping;
  after?: string | undefined;
  before?: string | undefined;
  /** The suggestion that is unfolded. */
  open?: string | undefined;
}

const SORTS = new Set<string>(['POSITION', 'NAME', 'CONFIDENCE', 'REVIEW_STATE']);
export const BY_POSITION = { field: 'POSITION', direction: 'ASC' } as const;
export const CLEARED = {
  states: [],
  bands: [],
  substances: [],
  kinds: [],
  hasComment: undefined,
  schema: undefined,
  table: undefined,
  search: '',
} satisfies Partial<View>;

const OWN = [
  'state',
  'band',
  'substance',
  'kind',
  'comment',
  'schema',
  'table',
  'search',
  'sort',
  'group',
  'after',
  'before',
  'open',
];

function read(parameters: URLSearchParams): View {
  const upper = (name: string) => parameters.get(name)?.toUpperCase() ?? '';
  const many = <T extends string>(name: string, known: Record<T, unknown>) =>
    upper(name)
      .split(',')
      .filter((value): value is T => Object.hasOwn(known, value));
  const [field, direction] = upper('sort').split('.');
  const group = parameters.get('group');
  const comment = parameters.get('comment');
  return {
    states: many('state', STATES),
    bands: many('band', BANDS),
    substances: many('substance', SUBSTANCES),
    kinds: many('kind', ASSET_KINDS),
    hasComment: comment === 'yes' ? true : comment === 'no' ? false : undefined,
    schema: parameters.get('schema') || undefined,
    table: parameters.get('table') || undefined,
    search: parameters.get('search') ?? '',
    sort: SORTS.has(field ?? '')
      ? { field: field as SuggestionOrderField, direction: direction === 'DESC' ? 'DESC' : 'ASC' }
      : BY_POSITION,
    group: group === 'schema' || group === 'none' ? group : 'table',
    after: parameters.get('after') || undefined,
    before: parameters.get('before') || undefined,
    open: parameters.get('open') || undefined,
  };
}

function write(view: View, beside: URLSearchParams): URLSearchParams {
  const parameters = new URLSearchParams(beside);
  for (const name of OWN) {
    parameters.delete(name);
  }
  const set = (name: string, value: string | undefined) => value && parameters.set(name, value);
  set('state', view.states.join(',').toLowerCase());
  set('band', view.bands.join(',').toLowerCase());
  set('substance', view.substances.join(',').toLowerCase());
  set('kind', view.kinds.join(',').toLowerCase());
  set('comment', view.hasComment === undefined ? '' : view.hasComment ? 'yes' : 'no');
  set('schema', view.schema);
  set('table', view.table);
  set('search', view.search);
  set('sort', isByPosition(view) ? '' : `${view.sort.field}.${view.sort.direction}`.toLowerCase());
  set('group', view.group === 'table' ? '' : view.group);
  set('after', view.after);
  set('before', view.after ? '' : view.before);
  set('open', view.open);
  return parameters;
}

export const isByPosition = ({ sort }: View) => sort.field === 'POSITION' && sort.direction === 'ASC';

/** How rows are grouped: only an order that keeps tables together can be. */
export const groupingOf = (view: View): Grouping =>
  view.sort.field === 'POSITION' || view.sort.field === 'NAME' ? view.group : 'none';

export function filterOf(view: View): SuggestionFilter {
  return {
    ...(view.states.length > 0 ? { states: view.states } : {}),
    ...(view.bands.length > 0 ? { bands: view.bands } : {}),
    ...(view.substances.length > 0 ? { substances: view.substances } : {}),
    ...(view.kinds.length > 0 ? { kinds: view.kinds } : {}),
    ...(view.hasComment === undefined ? {} : { hasComment: view.hasComment }),
    ...(view.schema === undefined ? {} : { schema: view.schema }),
    ...(view.table === undefined ? {} : { table: view.table }),
    ...(view.search ? { search: view.search } : {}),
  };
}

export function variablesOf(runId: string, view: View): ReviewListQueryVariables {
  return {
    runId,
    filter: filterOf(view),
    orderBy: view.sort,
    ...(view.before ? { last: PAGE_SIZE, before: view.before } : { first: PAGE_SIZE, after: view.after ?? null }),
  };
}

/** What restricts the list, in words. */
export function restrictions(view: View): string[] {
  const oneOf = (values: string[]) => values.join(' or ').toLowerCase();
  const table = [view.schema, view.table].filter(Boolean).join('.');
  return [
    ...(view.states.length > 0 ? [oneOf(view.states.map((it) => STATES[it].label))] : []),
    ...(view.bands.length > 0 ? [`${oneOf(view.bands.map((it) => BANDS[it].label))} confidence`] : []),
    ...(view.substances.length > 0 ? [oneOf(view.substances.map((it) => SUBSTANCES[it].label))] : []),
    ...(view.kinds.length > 0 ? [oneOf(view.kinds.map((it) => ASSET_KINDS[it].many))] : []),
    ...(view.hasComment === undefined ? [] : [view.hasComment ? 'with a comment' : 'without a comment']),
    ...(table ? [`in ${table}`] : []),
    ...(view.search ? [`search “${view.search}”`] : []),
  ];
}

const FILTERS = Object.keys(CLEARED);

/** The view, a function that changes it, and the address of the view with a change. */
export function useView() {
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => read(parameters), [parameters]);
  const change = useCallback(
    (next: Partial<View>) => {
      const isSmall = Object.keys(next).every((name) => name === 'open' || name === 'search');
      setParameters((current) => write(changed(read(current), next), current), {
        replace: isSmall,
        preventScrollReset: true,
      });
    },
    [setParameters],
  );
  const addressOf = useCallback(
    (next: Partial<View>) => `?${write(changed(read(parameters), next), parameters)}`,
    [parameters],
  );
  return { view, change, addressOf };
}

function changed(view: View, next: Partial<View>): View {
  const isOtherList = FILTERS.some((name) => name in next) || 'sort' in next;
  const isOtherPage = isOtherList || 'after' in next || 'before' in next;
  return {
    ...view,
    ...(isOtherPage ? { after: undefined, before: undefined, open: undefined } : {}),
    ...next,
  };
}
