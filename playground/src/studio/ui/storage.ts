// What a browser remembers for its user. Storage may be closed or full: then nothing is remembered and nothing fails.

import { useCallback, useState } from 'react';

export function recall<T>(key: string, otherwise: T): T {
  try {
    const kept = localStorage.getItem(`gloss.${key}`);
    return kept === null ? otherwise : (JSON.parse(kept) as T);
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown) {
  try {
    if (value === undefined) {
      localStorage.removeItem(`gloss.${key}`);
    } else {
      localStorage.setItem(`gloss.${key}`, JSON.stringify(value));
    }
  } catch {
    // Nothing is remembered.
  }
}

/** A value that outlives the page. */
export function useRemembered<T>(key: string, otherwise: T): [T, (value: T) => void] {
  const [value, setValue] = useState(() => recall(key, otherwise));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      remember(key, next);
    },
    [key],
  );
  return [value, set];
}
