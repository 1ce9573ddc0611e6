// A menu's item for something that changes the server. Where the viewer's role is too low, or the thing cannot be done
// now, it stays in the menu and says why.

import { Menu } from '@mantine/core';
import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

import type { Role } from '../api/operations';
import { useLacks } from '../api/viewer';
import classes from './menu-action.module.css';

interface MenuActionProps {
  icon: LucideIcon;
  /** The role that it needs. */
  needs?: Role;
  /** Why it cannot be done now. */
  why?: string | null | undefined;
  /** What it does, where the words do not say it. */
  what?: string;
  onClick: () => void;
  children: ReactNode;
}

export function MenuAction({ icon: Icon, needs = 'OPERATOR', why, what, onClick, children }: MenuActionProps) {
  const lacks = useLacks(needs);
  const reason = lacks ?? why ?? undefined;
  return (
    <Menu.Item
      leftSection={<Icon size={16} strokeWidth={1.75} aria-hidden />}
      {...(reason === undefined
        ? { onClick }
        : { 'aria-disabled': true, className: classes.off as string, closeMenuOnClick: false })}
    >
      {children}
      {(reason ?? what) !== undefined && <span className={classes.why}>{reason ?? what}</span>}
    </Menu.Item>
  );
}
