// What a page shows while it cannot fetch: the last that it had. An error beside it says that it may be out of date.

import { useRef } from 'react';

/** The value, or the last one under the same key where there is none now. */
export function useKept<T>(value: T | null | undefined, key: string): T | undefined {
  const last = useRef<{ key: string; value: T }>(undefined);
  if (value !== null && value !== undefined) {
    last.current = { key, value };
  }
  return last.current?.key === key ? last.current.value : undefined;
}
