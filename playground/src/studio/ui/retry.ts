// While the server does not answer, a page that failed to load asks again by itself.

import { useEffect, useRef } from 'react';
import type { CombinedError } from 'urql';

import { codeOf } from '../api/errors';

const EVERY_MS = 3000;

/** Calls `retry` every three seconds for as long as `error` says that nothing answers. */
export function useRetryOffline(error: CombinedError | undefined, retry: () => void) {
  const isOffline = error !== undefined && codeOf(error) === 'OFFLINE';
  const latest = useRef(retry);
  latest.current = retry;
  useEffect(() => {
    if (!isOffline) {
      return undefined;
    }
    const timer = setInterval(() => latest.current(), EVERY_MS);
    return () => clearInterval(timer);
  }, [isOffline]);
}
