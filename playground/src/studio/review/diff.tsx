// Word diffs of a text against the comment that stands in the database.

import { memo } from 'react';

import { diffWords, type Part, WordDiff } from '../ui/text';

/** Context around a change in one line, in characters. */
const CONTEXT = 24;

/** The diff with long unchanged and deleted stretches shortened, so that the changes show in one line. */
export function condensed(parts: Part[]): Part[] {
  return parts.map((part, index) => {
    const { kind, text } = part;
    if (kind === 'INSERTED' || text.length <= 2 * CONTEXT + 3) {
      return part;
    }
    const start = kind === 'EQUAL' && index === 0 ? '' : text.slice(0, CONTEXT);
    const end = kind === 'EQUAL' && index === parts.length - 1 ? '' : text.slice(-CONTEXT);
    return { kind, text: `${start}…${end}` };
  });
}

interface DiffProps {
  before: string | null;
  after: string;
  line?: boolean;
}

/** A text, with what it changes in `before`. */
export const Against = memo(function Against({ before, after, line = false }: DiffProps) {
  if (before === null || before === after || before.trim() === '') {
    return <span>{after}</span>;
  }
  const parts = diffWords(before, after);
  const kept = parts.reduce((sum, { kind, text }) => sum + (kind === 'EQUAL' ? text.trim().length : 0), 0);
  // Two texts with little in common are easier to read one after the other.
  const shown: Part[] =
    kept < 0.2 * Math.min(before.length, after.length)
      ? [
          { kind: 'DELETED', text: before },
          { kind: 'EQUAL', text: ' ' },
          { kind: 'INSERTED', text: after },
        ]
      : parts;
  return <WordDiff parts={line ? condensed(shown) : shown} />;
});
