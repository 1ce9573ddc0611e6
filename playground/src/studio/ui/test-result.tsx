// What a test of a profile found, in place: what answered and how fast, or what is wrong.

import { CircleAlert, CircleCheck } from 'lucide-react';
import { useEffect, useRef } from 'react';

import { inWords } from '../api/errors';
import { Spinner } from './status';
import classes from './test-result.module.css';

export interface Tested {
  ok: boolean;
  latencyMs: number | null;
  message: string;
}

/** `12 ms`, `1.4 s`. */
const latency = (ms: number) => (ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`);

export function TestResult({
  result,
  busy,
  children,
}: {
  result?: Tested | undefined;
  busy: boolean;
  children?: React.ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (busy || result) {
      place.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [busy, result]);
  return (
    <div ref={place} role="status" className={classes.place}>
      {busy ? (
        <div className={classes.result}>
          <Spinner label="testing" /> Waiting for an answer, at most 30 seconds…
        </div>
      ) : (
        result && (
          <div className={classes.result} data-ok={result.ok}>
            {result.ok ? (
              <CircleCheck size={16} strokeWidth={1.75} aria-hidden />
            ) : (
              <CircleAlert size={16} strokeWidth={1.75} aria-hidden />
            )}
            <div>
              {result.ok ? 'Connected: ' : 'Not connected: '}
              {sentence(result.message)}
              {result.latencyMs !== null && !/\d m?s\b/.test(result.message) && (
                <span className={classes.latency}> {latency(result.latencyMs)}</span>
              )}
              {children}
            </div>
          </div>
        )
      )}
    </div>
  );
}

/** A message of the API with a full stop. The form shows the user and the password, in fields or in the URL. */
function sentence(message: string): string {
  const here = inWords(message).replace("the user and the password in the profile's URL", 'the user and the password');
  return /[.!?]$/.test(here) ? here : `${here}.`;
}
