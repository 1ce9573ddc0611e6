// The keys of the review. None acts while somebody types, chooses from a list or answers a dialog.

import { useEffect, useRef } from 'react';

const ELSEWHERE = ['dialog', 'menu', 'listbox', 'combobox']
  .map((role) => `[role="${role}"]`)
  .concat('input', 'textarea', 'select', '[contenteditable="true"]')
  .join();

/** Calls `act` with each key that is the page's. It returns whether it took the key. */
export function useReviewKeys(act: (key: string) => boolean) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const isCheckbox = target instanceof HTMLInputElement && target.type === 'checkbox';
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
        return;
      }
      if ((target?.closest(ELSEWHERE) && !isCheckbox) || document.querySelector('[role="dialog"]')) {
        return;
      }
      if (latest.current(event.key)) {
        event.preventDefault();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
