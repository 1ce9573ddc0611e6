// Copies the statements of an apply as one script. The button says how many; it copies exactly these, over all pages.

import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { Copy } from 'lucide-react';
import { useState } from 'react';

import type { RunOutcomeFragment } from '../api/operations';
import { count, plural } from '../ui/figures';
import classes from './run.module.css';

/** The statements of these comments as a script. */
export const scriptOf = (items: RunOutcomeFragment[]) =>
  items
    .flatMap(({ statement }) => (statement === null ? [] : [statement.endsWith(';') ? statement : `${statement};`]))
    .join('\n');

interface CopyStatementsProps {
  /** How many statements there are; undefined while that is not known. */
  amount: number | undefined;
  /** Reads the comments of all pages; undefined where that failed. */
  read: () => Promise<RunOutcomeFragment[] | undefined>;
  /** How many of them are read so far. */
  seen?: number;
}

export function CopyStatements({ amount, read, seen = 0 }: CopyStatementsProps) {
  const clipboard = useClipboard({ timeout: 1500 });
  const [isReading, setIsReading] = useState(false);
  const [hasFailed, setHasFailed] = useState(false);
  if (amount === 0) {
    return null;
  }
  const copy = async () => {
    setHasFailed(false);
    setIsReading(true);
    const items = await read();
    setIsReading(false);
    if (items) {
      clipboard.copy(scriptOf(items));
    } else {
      setHasFailed(true);
    }
  };
  const what = amount === undefined ? 'Copy all statements' : `Copy ${plural(amount, 'statement')}`;
  return (
    <>
      {(hasFailed || clipboard.error) && (
        <span className={classes.notCopied} role="alert">
          {hasFailed ? 'Not copied: not all statements could be read.' : 'The browser does not allow copying.'}
        </span>
      )}
      <Button
        variant="default"
        leftSection={<Copy size={14} strokeWidth={1.75} aria-hidden />}
        disabled={isReading}
        onClick={copy}
      >
        {isReading ? `Reading, ${count(seen)} so far…` : clipboard.copied ? 'Copied' : what}
      </Button>
    </>
  );
}
