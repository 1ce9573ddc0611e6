// A button for something that changes the server. Where the viewer's role is too low, or the thing cannot be done now,
// it is disabled and says why; while busy it keeps its width. `Lacking` says it as text, beside the button of a form.

import { type ButtonProps, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Role } from '../api/operations';
import { useLacks } from '../api/viewer';
import classes from './action.module.css';
import { BusyButton } from './busy-button';

/** Beside a form that the viewer's role may not send: why. Nothing where it may. */
export function Lacking({ needs = 'OPERATOR' }: { needs?: Role }) {
  const lacks = useLacks(needs);
  return lacks === undefined ? null : (
    <p className={classes.lacking} role="note">
      {lacks}
    </p>
  );
}

interface ActionProps extends ButtonProps {
  /** The role that it needs. */
  needs?: Role;
  /** Why it cannot be done now. */
  why?: string | null | undefined;
  busy?: boolean;
  onClick?: () => void;
  type?: 'button' | 'submit';
  children: ReactNode;
  'aria-label'?: string;
}

export function Action({
  needs = 'OPERATOR',
  why,
  busy = false,
  onClick,
  type = 'button',
  children,
  ...rest
}: ActionProps) {
  const lacks = useLacks(needs);
  const reason = lacks ?? why ?? undefined;
  return (
    <Tooltip label={reason} disabled={reason === undefined} events={{ hover: true, focus: true, touch: true }}>
      <BusyButton
        {...rest}
        type={type}
        busy={busy}
        {...(reason === undefined
          ? { onClick }
          : {
              'data-disabled': true,
              'aria-disabled': true,
              'aria-description': reason,
              onClick: (event: React.MouseEvent) => event.preventDefault(),
            })}
      >
        {children}
      </BusyButton>
    </Tooltip>
  );
}
