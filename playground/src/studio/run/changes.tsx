// Comments that are to be written or were written, one line each: what becomes of it, where, from which text to which.

import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { Check, Clock, Copy, Equal, type LucideIcon, Minus, Plus, Replace, TriangleAlert, X } from 'lucide-react';

import type { RunOutcomeFragment } from '../api/operations';
import { Against } from '../review/diff';
import { Chip, Chips } from '../ui/chips';
import { plural } from '../ui/figures';
import { Pill } from '../ui/status';
import { useRemembered } from '../ui/storage';
import { Copyable } from '../ui/text';
import { AssetLink } from './asset-link';
import classes from './run.module.css';
import type { Run } from './use-run';

export type Change = 'CONFLICT' | 'FAILED' | 'REPLACES' | 'REMOVES' | 'NEW' | 'APPLIED' | 'REMOVED' | 'UNCHANGED';

interface Look {
  label: string;
  tone: string;
  icon: LucideIcon;
  /** Its place in a plan. */
  rank: number;
}

export const CHANGES: Record<Change, Look> = {
  CONFLICT: { label: 'Conflict', tone: 'failed', icon: TriangleAlert, rank: 0 },
  FAILED: { label: 'Not writable', tone: 'failed', icon: X, rank: 1 },
  REPLACES: { label: 'Replaces', tone: 'paused', icon: Replace, rank: 2 },
  REMOVES: { label: 'Removes', tone: 'cancelling', icon: Minus, rank: 3 },
  NEW: { label: 'New', tone: 'success', icon: Plus, rank: 4 },
  APPLIED: { label: 'Written', tone: 'success', icon: Check, rank: 5 },
  REMOVED: { label: 'Removed', tone: 'cancelling', icon: Minus, rank: 6 },
  UNCHANGED: { label: 'Unchanged', tone: 'cancelled', icon: Equal, rank: 7 },
};

/** What becomes of a comment. A planned one says what it does to the comment that stands there. */
export function changeOf({ status, before, after }: RunOutcomeFragment): Change {
  if (status === 'APPLIED') {
    return after === null ? 'REMOVED' : 'APPLIED';
  }
  if (status !== 'PLANNED') {
    return status;
  }
  return after === null ? 'REMOVES' : before === null ? 'NEW' : 'REPLACES';
}

interface ChangeChipsProps {
  figures: Map<Change, number>;
  show: Change | null;
  onShow: (change: Change | undefined) => void;
}

export function ChangeChips({ figures, show, onShow }: ChangeChipsProps) {
  const present = (Object.keys(CHANGES) as Change[]).filter((change) => figures.has(change));
  return (
    <Chips label="What becomes of the comments">
      {present.map((change) => (
        <Chip
          key={change}
          on={show === change}
          figure={figures.get(change) ?? 0}
          onClick={() => onShow(show === change ? undefined : change)}
        >
          {CHANGES[change].label}
        </Chip>
      ))}
    </Chips>
  );
}

/** Whether statements are shown; a browser remembers it. */
export function useStatements(): [boolean, () => void] {
  const [shown, setShown] = useRemembered('run.statements', false);
  return [shown, () => setShown(!shown)];
}

const scriptOf = (items: RunOutcomeFragment[]) =>
  items
    .flatMap(({ statement }) => (statement === null ? [] : [statement.endsWith(';') ? statement : `${statement};`]))
    .join('\n');

export function CopyStatements({ items }: { items: RunOutcomeFragment[] }) {
  const clipboard = useClipboard({ timeout: 1500 });
  const statements = items.filter(({ statement }) => statement !== null).length;
  if (statements === 0) {
    return null;
  }
  return (
    <Button
      variant="default"
      leftSection={<Copy size={14} strokeWidth={1.75} aria-hidden />}
      onClick={() => clipboard.copy(scriptOf(items))}
    >
      {clipboard.copied ? 'Copied' : `Copy ${plural(statements, 'statement')}`}
    </Button>
  );
}

interface ChangesProps {
  run: Run;
  rows: { item: RunOutcomeFragment; change: Change }[];
  hasStatements: boolean;
  /** Whether these are outcomes: a planned one then still waits. */
  isOutcome?: boolean;
  /** Whether conflicts are overwritten. */
  overwrites?: boolean;
}

export function Changes({ run, rows, hasStatements, isOutcome = false, overwrites = false }: ChangesProps) {
  return (
    <ul className={classes.changes}>
      {rows.map(({ item, change }) => {
        const waits = isOutcome && item.status === 'PLANNED';
        return (
          <li key={item.suggestion.id} className={classes.change} data-change={waits ? 'WAITING' : change}>
            <span>
              {waits ? (
                <Pill tone="queued" icon={Clock} label="Waiting" />
              ) : change === 'CONFLICT' && overwrites ? (
                <Pill tone="paused" icon={Replace} label="Overwrites" />
              ) : (
                <Pill {...CHANGES[change]} />
              )}
            </span>
            <span className={`${classes.asset} mono path`} title={item.suggestion.asset.display}>
              <AssetLink profile={run.dbProfile} asset={item.suggestion.asset} />
            </span>
            <div className={classes.texts}>
              <Texts item={item} />
              {item.error && change !== 'CONFLICT' && (
                <div className={classes.why}>
                  {item.error.message} {item.error.hint}
                </div>
              )}
              {hasStatements && item.statement !== null && (
                <div className={classes.statement}>
                  <Copyable text={item.statement} label="the statement" />
                </div>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function Texts({ item: { before, after } }: { item: RunOutcomeFragment }) {
  return before === null && after === null ? (
    <span className="muted">No comment.</span>
  ) : (
    <Against before={before} after={after ?? ''} />
  );
}
