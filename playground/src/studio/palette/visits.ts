// The pages that were open lately, for the command palette: a run, a table, a session; not the lists, which it names
// anyway.

import { useLayoutEffect } from 'react';

import { recall, remember } from '../ui/storage';

export interface Visit {
  to: string;
  label: string;
}

const KEY = 'palette.visits';
const MOST = 8;

export const visits = () => recall<Visit[]>(KEY, []);
export const forgetVisits = () => remember(KEY, undefined);

/** What a page is called later: a run by its number, since its title tells a status that passes. */
function labelOf(path: string, title: string): string | undefined {
  const [, page, name] = path.split('/');
  if (page === 'runs') {
    return /^\d+$/.test(name ?? '') ? `Run #${name}` : undefined;
  }
  const isOne = name !== undefined && name !== '' && name !== 'new';
  return isOne ? title.replace(/ · Gloss$/, '') : undefined;
}

/** Keeps the page that is left: its title is known by then. */
export function useVisits(path: string) {
  useLayoutEffect(
    () => () => {
      const label = labelOf(path, document.title);
      if (label !== undefined) {
        remember(KEY, [{ to: path, label }, ...visits().filter(({ to }) => to !== path)].slice(0, MOST));
      }
    },
    [path],
  );
}
