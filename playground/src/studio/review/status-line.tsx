// What the last decision came to, with its undo. It has its place in the page and covers nothing.

import { Button } from '@mantine/core';
import { Undo2 } from 'lucide-react';

import { plural } from '../ui/figures';
import { Copyable } from '../ui/text';
import type { Decisions, Report } from './decisions';
import classes from './review.module.css';

interface StatusLineProps {
  decisions: Decisions;
  /** What the line says while there is nothing to report. */
  rest?: string;
  /** Offers to accept the suggestions that were left out, too. */
  onLeftOut?: (leftOut: NonNullable<Report['leftOut']>) => void;
}

export function StatusLine({ decisions: { report, undoable, undo, busy }, rest, onLeftOut }: StatusLineProps) {
  const { leftOut, problem } = report ?? {};
  const text = [
    report === undefined ? rest : report.text,
    problem?.message,
    problem?.hint,
    leftOut && `${plural(leftOut.count, 'suggestion')} left out: people wrote comments there.`,
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
      {report?.retry && (
        <Button size="compact-xs" variant="default" onClick={report.retry}>
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
