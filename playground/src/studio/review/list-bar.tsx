// The line above the rows: selects the page, decides on the selected or on all that match, says what was decided.

import { Button, Checkbox } from '@mantine/core';

import { Action } from '../ui/action';
import { count } from '../ui/figures';
import type { Decisions, Report } from './decisions';
import classes from './review.module.css';
import { StatusLine } from './status-line';

interface ListBarProps {
  selected: number;
  /** Whether all rows, some rows or none of this page are selected. */
  page: 'all' | 'some' | 'none';
  onPickPage: (isPicked: boolean) => void;
  onClear: () => void;
  onDecide: (key: 'a' | 's' | 'r') => void;
  /** How many suggestions a decision on all is about. */
  decidable: number;
  onBulk: (decision: 'ACCEPT' | 'SKIP') => void;
  blocked: string | undefined;
  decisions: Decisions;
  rest: string;
  onLeftOut: (leftOut: NonNullable<Report['leftOut']>) => void;
}

export function ListBar(props: ListBarProps) {
  const { selected, page, onPickPage, onClear, onDecide, decidable, onBulk, blocked, decisions, rest, onLeftOut } =
    props;
  return (
    <div className={classes.bar}>
      <Checkbox
        className={classes.check as string}
        aria-label="Select all on this page"
        checked={page === 'all'}
        indeterminate={selected > 0 && page !== 'all'}
        onChange={(event) => onPickPage(event.currentTarget.checked)}
      />
      {selected > 0 ? (
        <>
          <strong className={classes.amount}>{count(selected)} selected</strong>
          <Action size="compact-xs" why={blocked} onClick={() => onDecide('a')}>
            Accept
          </Action>
          <Action size="compact-xs" variant="default" why={blocked} onClick={() => onDecide('s')}>
            Skip
          </Action>
          <Action size="compact-xs" variant="default" onClick={() => onDecide('r')}>
            Re-run…
          </Action>
          <Button size="compact-xs" variant="subtle" color="gray" onClick={onClear}>
            Clear
          </Button>
        </>
      ) : (
        decidable > 0 && (
          <>
            <Action size="compact-xs" variant="default" why={blocked} onClick={() => onBulk('ACCEPT')}>
              Accept all {count(decidable)}…
            </Action>
            <Action size="compact-xs" variant="default" why={blocked} onClick={() => onBulk('SKIP')}>
              Skip all…
            </Action>
          </>
        )
      )}
      <StatusLine decisions={decisions} rest={rest} onLeftOut={onLeftOut} />
    </div>
  );
}
