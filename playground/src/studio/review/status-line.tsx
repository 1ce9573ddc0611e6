// What the last decision came to, with its undo. It has its place in the page and covers nothing.

import { Button } from '@mantine/core';
import { Undo2 } from 'lucide-react';

import { count, plural } from '../ui/figures';
import { Copyable } from '../ui/text';
import type { Decisions, Failed, Report } from './decisions';
import classes from './review.module.css';

interface StatusLineProps {
  decisions: Decisions;
  /** What the line says while there is nothing to report. */
  rest?: string;
  /** Offers to accept the suggestions that were left out, too. */
  onLeftOut?: (leftOut: NonNullable<Report['leftOut']>) => void;
}

/** Failed decisions that are named. */
const NAMED = 5;

/** Which decisions failed, and how many. */
function failureOf(failed: readonly Failed[]): string | undefined {
  const [first] = failed;
  if (!first || failed.length === 1) {
    return first && `Could not ${first.words}.`;
  }
  const words = failed.slice(0, NAMED).map((it) => it.words);
  const more = failed.length > NAMED ? [`${count(failed.length - NAMED)} more`] : [];
  return `Could not save ${count(failed.length)} decisions: ${[...words, ...more].join(', ')}.`;
}

export function StatusLine({ decisions, rest, onLeftOut }: StatusLineProps) {
  const { report, failed, retry, undoable, undo, busy } = decisions;
  const { leftOut } = report ?? {};
  const problem = failed.at(-1)?.problem ?? report?.problem;
  const text = [
    report?.text ?? (failed.length > 0 ? undefined : rest),
    failureOf(failed),
    problem?.message,
    problem?.hint,
    leftOut && `${plural(leftOut.count, 'suggestion')} left out: a person wrote the comment or edited another version.`,
  ]
    .filter(Boolean)
    .join(' ');
  return (
    <div className={classes.status}>
      <span className={classes.report} role="status" data-problem={problem !== undefined} title={text}>
        {text}
      </span>
      {problem && (
        <Copyable text={`${problem.code}: ${text}`} label="this error">
          <span className={classes.code}>{problem.code}</span>
        </Copyable>
      )}
      {failed.length > 0 && (
        <Button size="compact-xs" variant="default" onClick={retry}>
          Try again
        </Button>
      )}
      {leftOut && onLeftOut && (
        <Button size="compact-xs" variant="default" onClick={() => onLeftOut(leftOut)}>
          Accept these too…
        </Button>
      )}
      <Button
        size="compact-xs"
        variant="subtle"
        disabled={busy || undoable === undefined}
        onClick={undo}
        leftSection={<Undo2 size={14} strokeWidth={1.75} aria-hidden />}
        rightSection={<kbd className={classes.key}>u</kbd>}
        title={undoable === undefined ? 'No decision to undo' : `Undo: ${undoable}`}
      >
        Undo
      </Button>
    </div>
  );
}
