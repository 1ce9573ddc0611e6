// Going back to a page restores where it was scrolled to.

import { useEffect, useLayoutEffect, useRef } from 'react';
import { useLocation } from 'react-router';

const positions = new Map<string, number>();

/** Keeps the position of the page's scroll area per entry of the history; restores it once the page is `ready`. */
export function useScrollRestoration(ready: boolean) {
  const { key } = useLocation();
  const restored = useRef<string>(undefined);
  useLayoutEffect(() => {
    const area = document.getElementById('scroll');
    if (ready && area && restored.current !== key) {
      restored.current = key;
      area.scrollTop = positions.get(key) ?? 0;
    }
  }, [ready, key]);
  useEffect(() => {
    const area = document.getElementById('scroll');
    const keep = () => positions.set(key, area?.scrollTop ?? 0);
    area?.addEventListener('scroll', keep, { passive: true });
    return () => area?.removeEventListener('scroll', keep);
  }, [key]);
}
