// The pages of a list. Cursors give no page number: First, the page before, the page after, and how many there are.

import { Button } from '@mantine/core';

import { count } from './figures';
import classes from './pager.module.css';

export interface Cursor {
  after?: string;
  before?: string;
}

interface PagerProps {
  /** What the list holds: `writes`. */
  label: string;
  shown: number;
  total: number;
  info: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  cursor: Cursor;
  words?: [before: string, after: string];
  go: (cursor: Cursor) => void;
  /** Shows where the list begins; the top of the page unless told. */
  show?: () => void;
}

/** What of an address says which page is shown. */
export function cursorOf(parameters: URLSearchParams): Cursor {
  const after = parameters.get('after');
  const before = parameters.get('before');
  return after ? { after } : before ? { before } : {};
}

/** The arguments of a list for a page of this size. */
export const pageOf = ({ after, before }: Cursor, size: number) =>
  before
    ? { first: null, after: null, last: size, before }
    : { first: size, after: after ?? null, last: null, before: null };

const toTop = () => document.getElementById('scroll')?.scrollTo({ top: 0 });

export function Pager({
  label,
  shown,
  total,
  info,
  cursor,
  words = ['Previous', 'Next'],
  go,
  show = toTop,
}: PagerProps) {
  const turn = (next: Cursor) => {
    go(next);
    show();
  };
  // Rows that no longer match may be shown for a while: they are not among the ones that are counted.
  const position = `${count(Math.min(shown, total))} of ${count(total)}`;
  const isFirst = !cursor.after && !cursor.before;
  if (isFirst && !info.hasNextPage && !info.hasPreviousPage) {
    return (
      <div className={classes.pages}>
        <span className="muted">{position}</span>
      </div>
    );
  }
  return (
    <nav className={classes.pages} aria-label={`Pages of ${label}`}>
      <span className="muted">{position}</span>
      <Button size="compact-sm" variant="default" disabled={isFirst} onClick={() => turn({})}>
        First
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        disabled={!info.hasPreviousPage}
        onClick={() => turn({ before: info.startCursor ?? '' })}
      >
        {words[0]}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        disabled={!info.hasNextPage}
        onClick={() => turn({ after: info.endCursor ?? '' })}
      >
        {words[1]}
      </Button>
    </nav>
  );
}
