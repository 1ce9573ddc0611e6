// Going back to a page restores where it was scrolled to.

import { useEffect, useLayoutEffect, useRef } from 'react';
import { useLocation } from 'react-router';

const positions = new Map<string, number>();

/**
 * Keeps the position of the page's scroll area per entry of the history; restores it once the page is `ready`. A new entry
 * begins at the top, or with `stays` where the page is: its filters stand in the middle.
 */
export function useScrollRestoration(ready: boolean, stays = false) {
  const { key } = useLocation();
  const restored = useRef<string>(undefined);
  useLayoutEffect(() => {
    const area = document.getElementById('scroll');
    if (ready && area && restored.current !== key) {
      restored.current = key;
      area.scrollTop = positions.get(key) ?? (stays ? area.scrollTop : 0);
    }
  }, [ready, key, stays]);
  useEffect(() => {
    const area = document.getElementById('scroll');
    const keep = () => positions.set(key, area?.scrollTop ?? 0);
    area?.addEventListener('scroll', keep, { passive: true });
    return () => area?.removeEventListener('scroll', keep);
  }, [key]);
}
