// The writes: a table on a desktop, a list on a phone.

import { Undo2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';

import type { AuditWriteFragment } from '../api/operations';
import { Action } from '../ui/action';
import table from '../ui/table.module.css';
import { Clipped, diffWords, WordDiff } from '../ui/text';
import { Moment, Unknown } from '../ui/time';
import classes from './audit.module.css';

interface WritesProps {
  writes: AuditWriteFragment[];
  undo: (write: AuditWriteFragment) => void;
}

export function WriteTable({ writes, undo }: WritesProps) {
  return (
    <div className={classes.wide}>
      <table className={`${table.table} ${classes.writes}`}>
        <thead>
          <tr>
            <th className={classes.when}>Written</th>
            <th className={classes.asset}>Asset</th>
            <th>Comment</th>
            <th className={classes.actor}>By</th>
            <th className={classes.number}>Run</th>
            <th className={classes.actions}>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {writes.map((write) => (
            <tr key={write.id} data-undone={write.rolledBackAt !== null}>
              <td className={table.wrap}>
                <Moment at={write.at} />
              </td>
              <td className={table.wrap}>
                <Asset write={write} />
              </td>
              <td className={table.wrap}>
                <Change write={write} />
              </td>
              <td className={`${table.wrap} ${classes.actor}`}>
                <Clipped text={write.actor} focusable />
              </td>
              <td className={table.wrap}>
                <RunLink write={write} />
              </td>
              <td className={table.wrap}>
                <Undo write={write} undo={undo} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function WriteList({ writes, undo }: WritesProps) {
  return (
    <ul className={classes.list}>
      {writes.map((write) => (
        <li key={write.id} data-undone={write.rolledBackAt !== null}>
          <Asset write={write} />
          <Change write={write} />
          <div className={classes.foot}>
            <Moment at={write.at} />
            <span>by {write.actor}</span>
            <RunLink write={write} />
            <Undo write={write} undo={undo} />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The page of the asset's table, where there is one. */
function placeOf({ asset, dbProfile }: AuditWriteFragment): string | undefined {
  return dbProfile && asset.schema && asset.table
    ? `/databases/${[dbProfile.name, asset.schema, asset.table].map(encodeURIComponent).join('/')}`
    : undefined;
}

function Asset({ write }: { write: AuditWriteFragment }) {
  const place = placeOf(write);
  return (
    <>
      <div className={`${classes.path} path`} title={write.asset.display}>
        {place ? <Link to={place}>{write.asset.display}</Link> : write.asset.display}
      </div>
      <div className="muted path" title={write.database ?? undefined}>
        {write.dbProfileName}
        {write.dbProfile === null && ' (profile deleted)'}
      </div>
    </>
  );
}

const LONG = 320;

function Change({ write }: { write: AuditWriteFragment }) {
  const { before, after, rolledBackAt } = write;
  const [isOpen, setIsOpen] = useState(false);
  const isLong = Math.max(before?.length ?? 0, after?.length ?? 0) > LONG;
  return (
    <>
      {rolledBackAt !== null && (
        <div className={classes.undone}>
          <Undo2 size={12} strokeWidth={1.75} aria-hidden /> Rolled back <Moment at={rolledBackAt} />
        </div>
      )}
      <div className={isLong && !isOpen ? classes.folded : undefined} lang="und">
        {rolledBackAt === null ? (
          <WordDiff parts={diffWords(before ?? '', after ?? '')} />
        ) : (
          <s className={classes.struck}>{after ?? before}</s>
        )}
      </div>
      <div className={classes.note}>
        {isLong && (
          <button type="button" className={classes.more} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            {isOpen ? 'Less' : 'More'}
          </button>
        )}
        {rolledBackAt !== null && before !== null && after !== null && <span>Before: {before}</span>}
        {before === null && <span>No comment before</span>}
        {after === null && <span>Comment removed</span>}
      </div>
    </>
  );
}

function RunLink({ write }: { write: AuditWriteFragment }) {
  return write.run ? (
    <Link to={`/runs/${write.run.number}`} className="mono">
      #{write.run.number}
    </Link>
  ) : (
    <Unknown why="Its run was deleted." />
  );
}

/** Why a write cannot be rolled back; undefined where it can. */
function whyNot({ id, run, suggestion, rolledBackAt }: AuditWriteFragment): string | undefined {
  if (rolledBackAt !== null) {
    return 'It is already rolled back.';
  }
  if (run === null || suggestion === null) {
    return 'Its run was deleted, so it cannot be rolled back.';
  }
  if (suggestion.applied?.id !== id) {
    return 'This write was a roll-back itself, or a later write of its run took its place.';
  }
  return run.status === 'APPLYING' ? 'Its run is writing comments. Wait until it has ended.' : undefined;
}

function Undo({ write, undo }: { write: AuditWriteFragment; undo: WritesProps['undo'] }) {
  const why = whyNot(write);
  return (
    <Action
      size="compact-xs"
      className={classes.undo}
      variant="subtle"
      color="gray"
      why={why}
      onClick={() => undo(write)}
      aria-label={`Roll back ${write.asset.display}`}
    >
      Roll back…
    </Action>
  );
}
