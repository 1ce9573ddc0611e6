// Tabs that are links: each has an address of its own, so that Back, a reload and a middle click work. Tabs within a
// tab are pills.

import type { ReactNode } from 'react';
import { Link } from 'react-router';

import { count } from './figures';
import classes from './link-tabs.module.css';

export interface LinkTab {
  name: ReactNode;
  to: string;
  isCurrent: boolean;
  /** How many things the tab holds. */
  figure?: number | undefined;
}

export function LinkTabs({ label, tabs, isInner = false }: { label: string; tabs: LinkTab[]; isInner?: boolean }) {
  return (
    <nav className={isInner ? classes.pills : classes.tabs} aria-label={label}>
      {tabs.map(({ name, to, isCurrent, figure }) => (
        <Link key={to} to={to} className={classes.tab} {...(isCurrent ? { 'aria-current': 'page' } : {})}>
          {name}
          {figure !== undefined && <span className={classes.figure}>{count(figure)}</span>}
        </Link>
      ))}
    </nav>
  );
}
