// The keys of the pages. None acts while somebody types, chooses from a list or answers a dialog.
//
// Keys are told by the character that they type, not by their place: `?` is `?` on every keyboard.

import { useEffect, useRef } from 'react';

const ELSEWHERE = ['dialog', 'menu', 'listbox', 'combobox']
  .map((role) => `[role="${role}"]`)
  .concat('input', 'textarea', 'select', '[contenteditable="true"]')
  .join();

/** Calls `act` with each key that is the page's. It returns whether it took the key. */
export function useKeys(act: (key: string) => boolean) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const isCheckbox = target instanceof HTMLInputElement && target.type === 'checkbox';
      // Some keyboards type `?` or `/` with AltGr, which counts as Ctrl and Alt.
      const isCommand = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState('AltGraph');
      if (event.defaultPrevented || event.isComposing || isCommand) {
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
