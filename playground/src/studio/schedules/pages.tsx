// Pages of a list, by cursors in the URL.

import { Button } from '@mantine/core';
import { useSearchParams } from 'react-router';

import { count } from '../ui/figures';
import classes from './schedules.module.css';

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

/** The arguments for the page that the URL names. */
export function pageOf(parameters: URLSearchParams, size: number) {
  const before = parameters.get('before');
  return before ? { last: size, before } : { first: size, after: parameters.get('after') };
}

/** Nothing where there is one page. */
export function Pages({ label, shown, total, info }: { label: string; shown: number; total: number; info: PageInfo | undefined }) {
  const [parameters, setParameters] = useSearchParams();
  const isFirst = !parameters.has('after') && !parameters.has('before');
  const go = (name?: 'after' | 'before', cursor?: string | null) => {
    const next = new URLSearchParams(parameters);
    next.delete('after');
    next.delete('before');
    if (name && cursor) {
      next.set(name, cursor);
    }
    setParameters(next);
  };
  if (isFirst && !info?.hasNextPage) {
    return null;
  }
  return (
    <nav className={classes.pages} aria-label={label}>
      <span className="muted">
        {count(shown)} of {count(total)}
      </span>
      <Button size="compact-sm" variant="default" disabled={isFirst} onClick={() => go()}>
        First
      </Button>
      <Button size="compact-sm" variant="default" disabled={!info?.hasPreviousPage} onClick={() => go('before', info?.startCursor)}>
        Newer
      </Button>
      <Button size="compact-sm" variant="default" disabled={!info?.hasNextPage} onClick={() => go('after', info?.endCursor)}>
        Older
      </Button>
    </nav>
  );
}
