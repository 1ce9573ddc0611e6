// The frame of a page: its title and actions above, one scroll area below.

import { type ReactNode, useEffect } from 'react';

import classes from './page.module.css';
import { ClampedHeading } from './text';

interface PageProps {
  title: ReactNode;
  /** What the browser's tab shows; the title where it is plain text. */
  tab?: string;
  /** Beside the title. */
  aside?: ReactNode;
  /** At the right end of the title's line. */
  actions?: ReactNode;
  /** Under the title, outside the scroll area: filters, tabs. */
  toolbar?: ReactNode;
  children: ReactNode;
}

export function Page({ title, tab, aside, actions, toolbar, children }: PageProps) {
  const name = tab ?? (typeof title === 'string' ? title : 'Gloss');
  useEffect(() => {
    document.title = `${name} · Gloss`;
  }, [name]);
  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <ClampedHeading>{title}</ClampedHeading>
        {aside}
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {toolbar && <div className={classes.toolbar}>{toolbar}</div>}
      <div className={classes.body} id="scroll">
        {children}
      </div>
    </div>
  );
}

/** A surface with an optional head. */
export function Card({ title, actions, children }: { title?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.card}>
      {title && (
        <div className={classes.cardHead}>
          <h2>{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}
