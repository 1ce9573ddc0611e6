// What the comparison shows, as the URL says it: the runs, the baseline, the filters of the grid, its page, the open
// rows.
//
// A change of anything but the page drops the cursor.

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

function read(parameters: URLSearchParams): View {
  return {
    runs: [...new Set(list(parameters.get('runs')))],
    baseline: list(parameters.get('baseline'))[0] ?? '',
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
    ['baseline', view.baseline],
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

/** The address of the comparison of other runs, without filters. */
export const addressOf = (runs: string[], baseline = '') =>
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
