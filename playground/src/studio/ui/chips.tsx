// Pressable chips, each with a figure where it counts something: several may be on, or one of them.

import { Tooltip } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

import classes from './chips.module.css';
import { count } from './figures';

interface ChipsProps {
  label: string;
  className?: string | undefined;
  children: ReactNode;
}

export function Chips({ label, className = '', children }: ChipsProps) {
  return (
    <div className={`${classes.chips} ${className}`} role="group" aria-label={label}>
      {children}
    </div>
  );
}

interface ChipProps {
  on: boolean;
  onClick: () => void;
  /** How many there are; null while that is not known. */
  figure?: number | null;
  /** Without a border of its own, for filters of the second rank. */
  quiet?: boolean;
  hint?: string | undefined;
  disabled?: boolean;
  children: ReactNode;
}

/** A chip never becomes narrower: the figures of another filter move nothing. */
export function Chip({ on, onClick, figure, quiet = false, hint, disabled = false, children }: ChipProps) {
  const shown = typeof figure === 'number' ? count(figure) : '';
  const widest = useRef(quiet ? 1 : 2);
  widest.current = Math.max(widest.current, shown.length);
  const element = useRef<HTMLButtonElement>(null);
  // On a phone a line of chips scrolls; the chosen one is in sight.
  useEffect(() => {
    const line = element.current?.parentElement;
    if (on && element.current && line && line.scrollWidth > line.clientWidth) {
      line.scrollLeft = element.current.offsetLeft - (line.clientWidth - element.current.offsetWidth) / 2;
    }
  }, [on]);
  return (
    <Tooltip label={hint} disabled={hint === undefined}>
      <button
        ref={element}
        type="button"
        className={classes.chip}
        aria-pressed={on}
        data-quiet={quiet}
        onClick={onClick}
        disabled={disabled}
      >
        {children}
        {figure !== undefined && (
          <span className={classes.figure} style={{ minWidth: `${widest.current}ch` }}>
            {shown}
          </span>
        )}
      </button>
    </Tooltip>
  );
}

/** The list without a member that it has, or with one that it lacks. */
export const toggled = <T,>(list: T[], member: T) =>
  list.includes(member) ? list.filter((it) => it !== member) : [...list, member];
