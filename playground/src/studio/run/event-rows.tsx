// Events as lines of a log: number, time, message with a link to its asset, who caused it.

import { memo } from 'react';

import { inWords } from '../api/errors';
import type { RunEventType } from '../api/operations';
import { clock, exact } from '../ui/time';
import { AssetLink, type Profile } from './asset-link';
import type { Entry } from './event-log';
import classes from './run.module.css';
import type { Run } from './use-run';

export const EVENTS: Record<RunEventType, string> = {
  CREATED: 'Created',
  STARTED: 'Started',
  SCOPE_RESOLVED: 'Scope resolved',
  ASSET_STARTED: 'Asset started',
  ASSET_FINISHED: 'Asset described',
  ASSET_FAILED: 'Asset failed',
  ASSET_SKIPPED: 'Asset skipped',
  ANSWER_DELTA: 'Piece of the answer',
  TOOL_CALLED: 'Tool used',
  APPLIED: 'Comment written',
  APPLY_FAILED: 'Comment not written',
  WARNING: 'Warning',
  CANCEL_REQUESTED: 'Cancel requested',
  RESUMED: 'Resumed',
  STATUS_CHANGED: 'Status changed',
  FINISHED: 'Finished',
};

const LEVELS: Partial<Record<RunEventType, 'error' | 'warning' | 'mark'>> = {
  ASSET_FAILED: 'error',
  APPLY_FAILED: 'error',
  WARNING: 'warning',
  CANCEL_REQUESTED: 'warning',
  CREATED: 'mark',
  STARTED: 'mark',
  RESUMED: 'mark',
  STATUS_CHANGED: 'mark',
  SCOPE_RESOLVED: 'mark',
  FINISHED: 'mark',
};

export function EventRows({ entries, run }: { entries: Entry[]; run: Run }) {
  return (
    <ol className={classes.log}>
      {entries.map((entry) => (
        <Row key={entry.sequence} entry={entry} profile={run.dbProfile} />
      ))}
    </ol>
  );
}

/** Drawn once: an event never changes, and a live log draws many a second. */
const Row = memo(
  ({ entry, profile }: { entry: Entry; profile: Profile }) => (
    <li
      className={classes.entry}
      data-level={entry.type === 'FINISHED' && entry.error ? 'error' : LEVELS[entry.type]}
      data-sequence={entry.sequence}
    >
      <span className={classes.sequence}>{entry.sequence}</span>
      <time className={classes.clock} dateTime={entry.at} title={exact(entry.at)}>
        {clock(entry.at)}
      </time>
      <span className={classes.message}>
        <Message entry={entry} profile={profile} />
        {entry.actor !== null && <span className="muted"> by {entry.actor}</span>}
        {entry.error?.hint && <span className="muted"> · {inWords(entry.error.hint)}</span>}
      </span>
    </li>
  ),
  (before, after) => before.entry === after.entry && before.profile?.name === after.profile?.name,
);

/** The message; the name of its asset in it is a link. */
function Message({ entry: { message: said, asset }, profile }: { entry: Entry; profile: Profile }) {
  const message = inWords(said);
  const at = asset === null ? -1 : message.indexOf(asset.display);
  if (asset === null || at < 0) {
    return message;
  }
  return (
    <>
      {message.slice(0, at)}
      <AssetLink profile={profile} asset={asset} />
      {message.slice(at + asset.display.length)}
    </>
  );
}
