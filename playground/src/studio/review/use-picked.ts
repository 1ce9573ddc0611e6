// The suggestions that are selected; the selection outlives pages and filters.

import { useRef, useState } from 'react';

import type { ReviewSuggestionFragment } from '../api/operations';

export function usePicked(rows: ReviewSuggestionFragment[] | undefined) {
  const [picked, setPicked] = useState<ReadonlyMap<string, ReviewSuggestionFragment>>(new Map());
  const last = useRef<string>(undefined);
  const at = (id: string | undefined) => rows?.findIndex((row) => row.id === id) ?? -1;

  /** Selects a suggestion or deselects it; as a range, selects all from the last one to it. */
  const pick = (id: string, isRange: boolean) => {
    if (!rows) {
      return;
    }
    const [from, to] = [at(last.current), at(id)];
    setPicked((before) => {
      const next = new Map(before);
      if (isRange && from >= 0 && to >= 0) {
        for (const row of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) {
          next.set(row.id, row);
        }
      } else if (!next.delete(id)) {
        const row = rows[to];
        if (row) {
          next.set(id, row);
        }
      }
      return next;
    });
    last.current = id;
  };
  /** Selects all on this page besides what is selected; or nothing. */
  const pickPage = (isPicked: boolean) =>
    setPicked(isPicked ? new Map([...picked, ...(rows ?? []).map((row) => [row.id, row] as const)]) : new Map());

  return { picked, pick, pickPage, clear: () => setPicked(new Map()) };
}
