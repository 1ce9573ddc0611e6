// What a run would touch and cost, asked 400 ms after the last change. A newer question cancels the one before.

import { useEffect, useState } from 'react';
import { type CombinedError, useClient } from 'urql';

import { NewRunEstimateDocument, type NewRunEstimateQuery, type StartRunInput } from '../api/operations';
import { useReconnected } from '../api/connection';
import { compact, count, Cost } from '../ui/figures';
import { useRetryOffline } from '../ui/retry';
import { Unknown } from '../ui/time';
import classes from './new-run.module.css';

export interface Estimate {
  data?: NonNullable<NewRunEstimateQuery['estimateRun']>;
  error?: CombinedError;
  /** Whether `data` and `error` belong to an input from before. */
  pending: boolean;
}

const WAIT_MS = 400;

/** The estimate for an input; nothing is asked while it is undefined. */
export function useEstimate(input: StartRunInput | undefined): [Estimate, () => void] {
  const client = useClient();
  const key = input && JSON.stringify(input);
  const [attempt, setAttempt] = useState(0);
  const [answer, setAnswer] = useState<{ key?: string } & Omit<Estimate, 'pending'>>({});
  const again = () => setAttempt((before) => before + 1);
  useReconnected(again);
  useRetryOffline(answer.error, again);
  useEffect(() => {
    if (key === undefined) {
      setAnswer({});
      return undefined;
    }
    let stop = () => {};
    const timer = setTimeout(() => {
      const variables = { input: JSON.parse(key) as StartRunInput };
      const { unsubscribe } = client
        .query(NewRunEstimateDocument, variables, { requestPolicy: 'network-only' })
        .subscribe(({ data, error, stale }) => {
          if (!stale) {
            setAnswer({ key, ...(data?.estimateRun ? { data: data.estimateRun } : {}), ...(error ? { error } : {}) });
          }
        });
      stop = unsubscribe;
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client, key, attempt]);
  const { key: answered, ...rest } = answer;
  return [{ ...rest, pending: key !== undefined && answered !== key }, again];
}

const about = (tokens: number) => (tokens === 0 ? '0' : `about ${compact(tokens)}`);

export function EstimateFigures({ estimate }: { estimate: Estimate }) {
  const { data, pending } = estimate;
  const unknown = <Unknown why={pending ? 'Being estimated.' : 'Not estimated yet.'} />;
  const figures: [string, React.ReactNode][] = [
    ['Tables and views', data ? count(data.tables) : unknown],
    ['Assets to describe', data ? count(data.assets) : unknown],
    ...(data && data.inherited > 0 ? [['Of these taken over', count(data.inherited)] as [string, React.ReactNode]] : []),
    ['Requests', data ? count(data.requests) : unknown],
    ['Tokens sent', data ? about(data.inputTokens) : unknown],
    ['Tokens received', data ? about(data.outputTokens) : unknown],
    ['Cost', data ? <Cost usd={data.costUsd} /> : unknown],
  ];
  return (
    <dl className={classes.figures} aria-busy={pending} data-pending={pending}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
