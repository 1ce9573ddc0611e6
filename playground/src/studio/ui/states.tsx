// What a page shows when it has nothing to show: loading, empty, error.

import { Button, CopyButton, Skeleton } from '@mantine/core';
import { CircleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { CombinedError } from 'urql';

import { inWords, problemOf } from '../api/errors';
import { capital } from './capital';
import classes from './states.module.css';

/** True once `wait` milliseconds have passed: what is fast shows no skeleton. */
export function useDelayed(wait = 150): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), wait);
    return () => clearTimeout(timer);
  }, [wait]);
  return passed;
}

/** Rows of final height until the real ones are there. */
export function Loading({ rows = 8, height = 36 }: { rows?: number; height?: number }) {
  const shown = useDelayed();
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={classes.skeleton} style={{ height }}>
          {shown && <Skeleton height={12} width={`${90 - ((row * 17) % 40)}%`} />}
        </div>
      ))}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <h2>{title}</h2>
      {children && <div className="muted prose">{children}</div>}
      {action}
    </div>
  );
}

/** An error with its code, what to do, and a way to copy it. It comes into view where it stands below a form. */
export function Failure({ error, retry }: { error: CombinedError; retry?: () => void }) {
  const problem = problemOf(error);
  return <Trouble {...problem} {...(retry ? { retry } : {})} />;
}

export function Trouble(props: {
  code: string;
  message: string;
  hint?: string | null;
  retry?: () => void;
  children?: ReactNode;
}) {
  const { code, retry, children } = props;
  const message = inWords(props.message);
  const hint = props.hint && capital(inWords(props.hint));
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    place.current?.scrollIntoView({ block: 'nearest' });
  }, [message]);
  return (
    <div ref={place} className={classes.failure} role="alert">
      <CircleAlert size={16} strokeWidth={1.75} aria-hidden />
      <div>
        <div className={classes.message}>{message}</div>
        {hint && <div>{hint}</div>}
        <div className={classes.foot}>
          {code !== 'OFFLINE' && <code>{code}</code>}
          <CopyButton value={`${code}: ${message}${hint ? ` ${hint}` : ''}`}>
            {({ copied, copy }) => (
              <Button size="compact-xs" variant="subtle" color="gray" onClick={copy}>
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
          {retry && (
            <Button size="compact-xs" variant="default" onClick={retry}>
              Retry
            </Button>
          )}
          {children}
        </div>
      </div>
    </div>
  );
}
