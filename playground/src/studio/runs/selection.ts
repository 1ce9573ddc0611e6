// The runs that are selected: for a comparison, or to be deleted. The selection outlives filters, pages and reloads.

import { useSyncExternalStore } from 'react';

import type { RunKind } from '../api/operations';
import { describes } from '../ui/status';

export interface Selected {
  id: string;
  number: number;
  kind: RunKind;
}

const KEY = 'gloss.runs.selected';

function restored(): Selected[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
  } catch {
    return [];
  }
}

let selected: Selected[] = restored();
const listeners = new Set<() => void>();

export function select(next: Selected[]) {
  selected = next;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // It lasts until the page is left.
  }
  for (const listener of listeners) {
    listener();
  }
}

export function toggle(run: Selected) {
  select(selected.some(({ id }) => id === run.id) ? selected.filter(({ id }) => id !== run.id) : [...selected, run]);
}

export function useSelected(): Selected[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => selected,
  );
}

/** Why these runs cannot be compared; undefined where they can. */
export function cannotCompare(runs: Selected[]): string | undefined {
  if (!runs.every(({ kind }) => describes(kind))) {
    return 'Ask runs and Judge runs describe no assets: leave them out.';
  }
  return runs.length < 2 || runs.length > 4 ? 'Select two to four runs to compare them.' : undefined;
}

/** The address of the comparison of these runs: the oldest is the left-most, and so the baseline. */
export const comparisonOf = (runs: Selected[]) =>
  `/compare?runs=${runs
    .map(({ number }) => number)
    .sort((one, other) => one - other)
    .join(',')}`;
