// What the comparison shows, as the URL says it: the runs, the baseline, the filters of the grid, its page, the open
// rows.
//
// Without a baseline in the URL the first run is the baseline; `baseline=none` compares without one. A change of
// anything but the page drops the cursor.

import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

import type { Agreement, AssetKind } from '../api/operations';
import { present } from '../ui/address';
import { type Cursor, cursorOf } from '../ui/pager';
import { AGREEMENTS, ASSET_KINDS } from './words';

export const MOST_RUNS = 4;

export interface View {
  /** The runs as the URL names them, each once. */
  runs: string[];
  /** The run whose texts are the references; empty for none. */
  baseline: string;
  agreement: Agreement[];
  kinds: AssetKind[];
  search: string;
  /** Whether texts show what differs from the first run's. */
  diff: boolean;
  /** Whether all settings are shown, not only those in which the runs differ. */
  settings: boolean;
  /** The assets whose rows are unfolded. */
  open: string[];
  cursor: Cursor;
}

const list = (value: string | null) =>
  (value ?? '')
    .split(',')
    .map((part) => part.trim().replace(/^#/, ''))
    .filter(Boolean);

const NO_BASELINE = 'none';

function read(parameters: URLSearchParams): View {
  const runs = [...new Set(list(parameters.get('runs')))];
  const baseline = list(parameters.get('baseline'))[0] ?? runs[0] ?? '';
  return {
    runs,
    baseline: baseline === NO_BASELINE ? '' : baseline,
    agreement: list(parameters.get('agreement')?.toUpperCase() ?? null).filter(
      (it): it is Agreement => it in AGREEMENTS,
    ),
    kinds: list(parameters.get('kinds')?.toUpperCase() ?? null).filter((it): it is AssetKind => it in ASSET_KINDS),
    search: parameters.get('search') ?? '',
    diff: parameters.get('diff') !== 'off',
    settings: parameters.get('settings') === 'all',
    open: parameters.getAll('open'),
    cursor: cursorOf(parameters),
  };
}

function write(view: View): URLSearchParams {
  const parameters = new URLSearchParams();
  const entries: [string, string][] = [
    ['runs', view.runs.join(',')],
    ['baseline', view.baseline === (view.runs[0] ?? '') ? '' : view.baseline || NO_BASELINE],
    ['agreement', view.agreement.join(',').toLowerCase()],
    ['kinds', view.kinds.join(',').toLowerCase()],
    ['search', view.search],
    ['diff', view.diff ? '' : 'off'],
    ['settings', view.settings ? 'all' : ''],
    ['after', view.cursor.after ?? ''],
    ['before', view.cursor.before ?? ''],
    ...view.open.map((asset): [string, string] => ['open', asset]),
  ];
  for (const [name, value] of entries) {
    if (value !== '') {
      parameters.append(name, value);
    }
  }
  return parameters;
}

export const CLEARED = { agreement: [], kinds: [], search: '' };

export const isFiltered = ({ agreement, kinds, search }: View) => agreement.length + kinds.length > 0 || search !== '';

/** The runs with another one: the oldest first, unless a person has put them in another order. */
export function withRun(runs: string[], name: string): string[] {
  const isByAge = runs.every((run, at) => at === 0 || Number(runs[at - 1]) < Number(run));
  const all = [...new Set([...runs, name])];
  return isByAge ? all.sort((one, other) => Number(one) - Number(other)) : all;
}

/** The baseline that a person has chosen; undefined where it is the first run by default. */
export const keptBaseline = ({ runs, baseline }: View) => (baseline === (runs[0] ?? '') ? undefined : baseline);

/** The address of the comparison of other runs, without filters. The first run is the baseline unless told. */
export const addressOf = (runs: string[], baseline = runs[0] ?? '') =>
  `/compare?${write({ ...CLEARED, runs, baseline, diff: true, settings: false, open: [], cursor: {} })}`;

export type Change = (change: Partial<View>) => void;

export function useView(): [View, Change] {
  const [parameters, setParameters] = useSearchParams();
  const view = useMemo(() => read(parameters), [parameters]);
  const change = useCallback<Change>(
    (next) => {
      const keepsPage = 'open' in next || 'diff' in next || 'settings' in next;
      setParameters(() => write({ ...read(present()), ...(keepsPage ? {} : { cursor: {}, open: [] }), ...next }), {
        replace: (keepsPage && !next.cursor) || 'search' in next,
        preventScrollReset: true,
      });
    },
    [setParameters],
  );
  return [view, change];
}
