// Comments that are to be written or were written, one line each: what becomes of it, where, from which text to which.
//
// The rule: which comments an apply writes, and how many, is told by `writes` and `tallyOf` alone, on every page.

import {
  Check,
  Clock,
  Equal,
  type LucideIcon,
  Minus,
  Plus,
  Replace,
  ReplaceAll,
  Shield,
  TriangleAlert,
  Undo2,
} from 'lucide-react';

import { inWords } from '../api/errors';
import type { RunOutcomeFragment } from '../api/operations';
import { Against } from '../review/diff';
import { Chip, Chips } from '../ui/chips';
import { count, plural } from '../ui/figures';
import { Pill } from '../ui/status';
import { useRemembered } from '../ui/storage';
import { Copyable } from '../ui/text';
import { AssetLink, type Profile } from './asset-link';
import classes from './run.module.css';

export type Change =
  | 'KEPT'
  | 'OVERWRITES'
  | 'FAILED'
  | 'REPLACES'
  | 'REMOVES'
  | 'NEW'
  | 'WAITING'
  | 'NOT_REACHED'
  | 'APPLIED'
  | 'RESTORED'
  | 'REMOVED'
  | 'UNCHANGED';

interface Look {
  label: string;
  tone: string;
  icon: LucideIcon;
}

/** In the order in which they are shown: what a person has to look at comes first. */
export const CHANGES: Record<Change, Look> = {
  KEPT: { label: 'Kept as it is', tone: 'paused', icon: Shield },
  OVERWRITES: { label: 'Overwrites', tone: 'failed', icon: ReplaceAll },
  FAILED: { label: 'Not writable', tone: 'failed', icon: TriangleAlert },
  REPLACES: { label: 'Replaces', tone: 'applying', icon: Replace },
  REMOVES: { label: 'Removes', tone: 'cancelling', icon: Minus },
  NEW: { label: 'New', tone: 'success', icon: Plus },
  WAITING: { label: 'Waiting', tone: 'queued', icon: Clock },
  NOT_REACHED: { label: 'Not reached', tone: 'queued', icon: Clock },
  APPLIED: { label: 'Written', tone: 'success', icon: Check },
  RESTORED: { label: 'Restored', tone: 'success', icon: Undo2 },
  REMOVED: { label: 'Removed', tone: 'cancelling', icon: Minus },
  UNCHANGED: { label: 'Unchanged', tone: 'cancelled', icon: Equal },
};
const RANKS = Object.keys(CHANGES) as Change[];

/** Whether an apply of this plan writes the comment. */
export const writes = ({ status }: { status: RunOutcomeFragment['status'] }, overwrites: boolean) =>
  status === 'PLANNED' || (overwrites && status === 'CONFLICT');

/** What a plan does to the comment that is there now. */
export function plannedChange({ status, before, after }: RunOutcomeFragment, overwrites: boolean): Change {
  if (status === 'CONFLICT') {
    return overwrites ? 'OVERWRITES' : 'KEPT';
  }
  if (status === 'APPLIED' || status === 'PLANNED') {
    return after === null ? 'REMOVES' : before === null ? 'NEW' : 'REPLACES';
  }
  return status;
}

/** What an apply or a roll-back has done to a comment. */
export function changeMade(
  { status, after }: RunOutcomeFragment,
  { isApplying, isRollback }: { isApplying: boolean; isRollback: boolean },
): Change {
  switch (status) {
    case 'PLANNED':
      return isApplying ? 'WAITING' : 'NOT_REACHED';
    case 'APPLIED':
      return after === null ? 'REMOVED' : isRollback ? 'RESTORED' : 'APPLIED';
    case 'CONFLICT':
      return 'KEPT';
    default:
      return status;
  }
}

export interface Changed {
  item: RunOutcomeFragment;
  change: Change;
}

/** With what a person has to look at first. */
export const sorted = (changes: Changed[]) =>
  changes.toSorted((a, b) => RANKS.indexOf(a.change) - RANKS.indexOf(b.change));

export interface Tally {
  figures: Map<Change, number>;
  /** Comments that the plan would write, as far as it is read. */
  writes: number;
  /** How many of them replace another comment. */
  replacing: number;
  conflicts: number;
  /** Comments that are not read yet. */
  unseen: number;
}

/** What a plan comes to. */
export function tallyOf(items: RunOutcomeFragment[], total: number, overwrites: boolean): Tally {
  const figures = new Map<Change, number>();
  for (const item of items) {
    const change = plannedChange(item, overwrites);
    figures.set(change, (figures.get(change) ?? 0) + 1);
  }
  return {
    figures,
    writes: items.filter((item) => writes(item, overwrites)).length,
    replacing: (figures.get('REPLACES') ?? 0) + (figures.get('OVERWRITES') ?? 0),
    conflicts: items.filter(({ status }) => status === 'CONFLICT').length,
    unseen: total - items.length,
  };
}

/** What a roll-back has done, in words: comments come back, and where there was none before they go. */
export function rolledBack(applied: number, removed: number | undefined): string {
  if (removed === undefined) {
    return `${plural(applied, 'comment')} rolled back`;
  }
  const restored = applied - removed;
  return removed === 0 || restored === 0
    ? `${plural(applied, 'comment')} ${removed === 0 ? 'restored' : 'removed'}`
    : `${plural(restored, 'comment')} restored, ${count(removed)} removed`;
}

/** How many comments are written; the most that it can be while some are not read yet. */
export const amountOf = ({ writes: seen, unseen }: Tally) =>
  unseen > 0 ? `up to ${plural(seen + unseen, 'comment')}` : plural(seen, 'comment');

interface ChangeChipsProps {
  figures: Map<Change, number>;
  show: Change | null;
  onShow: (change: Change | undefined) => void;
}

export function ChangeChips({ figures, show, onShow }: ChangeChipsProps) {
  return (
    <Chips label="What becomes of the comments">
      {RANKS.filter((change) => figures.has(change)).map((change) => (
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

interface ChangesProps {
  /** The profile of the database, to link the assets; null for plain names. */
  profile: Profile;
  rows: Changed[];
  hasStatements?: boolean;
  isRollback: boolean;
}

export function Changes({ profile, rows, hasStatements = false, isRollback }: ChangesProps) {
  return (
    <ul className={classes.changes}>
      {rows.map(({ item, change }, index) => (
        // One suggestion that was written twice is rolled back twice.
        <li key={`${item.suggestion.id} ${index}`} className={classes.change} data-change={change}>
          <span>
            <Pill {...CHANGES[change]} />
          </span>
          <span className={`${classes.asset} mono path`} title={item.suggestion.asset.display}>
            <AssetLink profile={profile} asset={item.suggestion.asset} />
          </span>
          <div className={classes.texts}>
            <Texts item={item} change={change} isRollback={isRollback} />
            {item.error && change !== 'KEPT' && change !== 'OVERWRITES' && (
              <div className={classes.why}>
                {inWords(item.error.message)} {item.error.hint && inWords(item.error.hint)}
              </div>
            )}
            {hasStatements && item.statement !== null && change !== 'KEPT' && change !== 'UNCHANGED' && (
              <div className={classes.statement}>
                <Copyable text={item.statement} label="the statement" />
              </div>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

interface TextsProps extends Changed {
  isRollback: boolean;
}

function Texts({ item: { before, after, suggestion }, change, isRollback }: TextsProps) {
  if (change === 'KEPT') {
    return (
      <>
        {before === null ? <span className="muted">No comment.</span> : <span>{before}</span>}
        <div className="muted">
          Changed by somebody meanwhile. {after === null ? 'Not removed.' : `Not replaced with “${after}”.`}
        </div>
      </>
    );
  }
  // What is there is read when its turn comes; until then it is what the run wrote.
  const isUnread = change === 'WAITING' || change === 'NOT_REACHED';
  const present = before ?? (isUnread && isRollback ? (suggestion.applied?.after ?? null) : null);
  return present === null && after === null ? (
    <span className="muted">No comment.</span>
  ) : (
    <Against before={present} after={after ?? ''} />
  );
}
