// Where the reviewer is in the list: the focused line, the unfolded row, the page.
//
// The rule: what the reviewer looks at stays where it is on the screen while rows unfold and fold.

import { useCallback, useEffect, useLayoutEffect, useRef } from 'react';

import { present } from '../ui/address';
import type { Listed } from './live';
import type { View } from './view';

const lineOf = (id: string) =>
  document.querySelector<HTMLElement>(`[data-suggestion="${CSS.escape(id)}"] a[aria-expanded]`);
const scrollArea = () => document.getElementById('scroll');
const focused = () => document.activeElement?.closest<HTMLElement>('[data-suggestion]')?.dataset.suggestion;

export function usePlace(list: Listed | undefined, view: View, change: (change: Partial<View>) => void) {
  const rows = list?.rows;
  const last = useRef<string>(undefined);
  const anchor = useRef<{ id: string; top: number; reveal: boolean }>(undefined);
  const arrive = useRef<{ at: 'first' | 'last'; open: boolean }>(undefined);

  /** The index of a suggestion on this page; -1 where it is not. */
  const at = (id: string | undefined) => (rows && id !== undefined ? rows.findIndex((row) => row.id === id) : -1);
  /** The suggestion that keys act on. */
  const current = () => focused() ?? view.open;

  useLayoutEffect(() => {
    const { current: held } = anchor;
    const area = scrollArea();
    const line = held && lineOf(held.id);
    anchor.current = undefined;
    if (held && line && area) {
      area.scrollTop += line.getBoundingClientRect().top - held.top;
      if (held.reveal) {
        line.closest('[data-suggestion]')?.scrollIntoView({ block: 'nearest' });
      }
    }
  }, [view.open]);

  const focusLine = useCallback((id: string) => {
    last.current = id;
    const line = lineOf(id);
    line?.focus({ preventScroll: true });
    line?.closest('li')?.scrollIntoView({ block: 'nearest' });
  }, []);
  /** Goes to the editor of a suggestion where it is open. */
  const focusEditor = (id: string) =>
    document.querySelector<HTMLElement>(`[data-suggestion="${CSS.escape(id)}"] textarea`)?.focus();
  /** Unfolds a row, or folds the one that is unfolded; `reveal` scrolls to it. */
  const open = (id: string | undefined, reveal = false) => {
    const held = id ?? view.open ?? '';
    const top = lineOf(held)?.getBoundingClientRect().top;
    anchor.current = top === undefined ? undefined : { id: held, top, reveal };
    change({ open: id });
  };

  const key = list?.key;
  useEffect(() => {
    const arriving = arrive.current;
    const row = arriving?.at === 'last' ? rows?.at(-1) : rows?.[0];
    if (arriving && key !== undefined && row) {
      arrive.current = undefined;
      scrollArea()?.scrollTo({ top: 0 });
      focusLine(row.id);
      if (arriving.open) {
        change({ open: row.id });
      }
    }
    // Only another page is arrived at.
  }, [key]);

  const cursorOf = (row: { id: string } | undefined) => (row ? list?.cursors.get(row.id) : undefined);
  /** The cursors of the pages before and after this one. */
  const newer = list?.pageInfo.hasPreviousPage ? cursorOf(rows?.[0]) : undefined;
  const older = list?.pageInfo.hasNextPage ? cursorOf(rows?.at(-1)) : undefined;

  /** Goes to another page, to the line at its end where one is named. */
  const turn = (to: Partial<View>, arriveAt?: 'first' | 'last') => {
    arrive.current = arriveAt && { at: arriveAt, open: view.open !== undefined };
    if (arriveAt === undefined) {
      scrollArea()?.scrollTo({ top: 0 });
    }
    change(to);
  };

  /** Goes to the next or previous line, over the page's end. Returns whether there are lines. */
  const step = (by: 1 | -1): boolean => {
    if (!rows || rows.length === 0) {
      return false;
    }
    const from = at(focused() ?? view.open ?? last.current);
    const next = rows[from < 0 ? 0 : from + by];
    if (next) {
      // Keys may come faster than the page is drawn.
      const opened = present().get('open');
      if (opened !== null && opened !== next.id) {
        open(next.id, true);
      }
      focusLine(next.id);
      return true;
    }
    const cursor = by > 0 ? older : newer;
    if (cursor) {
      turn(by > 0 ? { after: cursor } : { before: cursor }, by > 0 ? 'first' : 'last');
    }
    return true;
  };

  return { at, current, open, focusLine, focusEditor, step, turn, newer, older };
}
