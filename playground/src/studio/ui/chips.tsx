// Pressable chips: several may be on, or one of them.

import type { ReactNode } from 'react';

import classes from './chips.module.css';

export function Chips({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.chips} role="group" aria-label={label}>
      {children}
    </div>
  );
}

interface ChipProps {
  on: boolean;
  onClick: () => void;
  title?: string;
  disabled?: boolean;
  children: ReactNode;
}

export function Chip({ on, onClick, title, disabled = false, children }: ChipProps) {
  return (
    <button
      type="button"
      className={classes.chip}
      aria-pressed={on}
      onClick={onClick}
      title={title}
      disabled={disabled}
    >
      {children}
    </button>
  );
}
