// The rows of the list: a table of fixed widths on a desktop, three lines a run on a phone.

import { Checkbox, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useRef } from 'react';
import { Link } from 'react-router';
import { useMutation } from 'urql';

import { inWords } from '../api/errors';
import { CancelRunDocument, type RunOrderField, type RunRowFragment, type RunStatus } from '../api/operations';
import { Action } from '../ui/action';
import { ofAll } from '../ui/figures';
import { useKeys } from '../ui/keys';
import { isCounting, isLive, KIND_WORDS, Spinner, StatusPill } from '../ui/status';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { Duration, duration, Moment, Unknown, useNow } from '../ui/time';
import classes from './runs.module.css';
import { select, toggle, useSelected } from './selection';
import type { View } from './view';

interface RunsTableProps {
  rows: RunRowFragment[];
  gone: ReadonlySet<string>;
  view: View;
  change: (change: Partial<View>) => void;
}

const COLUMNS: [name: string, className: string | undefined, field: RunOrderField | undefined][] = [
  ['ID', classes.id, 'NUMBER'],
  ['Command', classes.command, 'COMMAND'],
  ['Scope', undefined, undefined],
  ['Status', classes.status, 'STATUS'],
  ['Duration', classes.duration, 'DURATION'],
  ['Model', classes.model, 'MODEL'],
  ['DB profile', classes.profile, 'DB_PROFILE'],
  ['Started', classes.started, 'STARTED_AT'],
  ['Actions', classes.actions, undefined],
];

/** A model's short name: the part after the last `/`. */
const shortModel = (model: string) => model.slice(model.lastIndexOf('/') + 1);

export function RunsTable({ rows, gone, view, change }: RunsTableProps) {
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const selected = useSelected();
  const chosen = new Set(selected.map(({ id }) => id));
  const links = useRef<(HTMLAnchorElement | null)[]>([]);
  const lastPicked = useRef<number>(undefined);

  const step = (by: number) => {
    const at = links.current.indexOf(document.activeElement as HTMLAnchorElement);
    links.current[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
  };
  const pick = (index: number, isRange: boolean) => {
    const run = rows[index];
    if (!run) {
      return;
    }
    if (isRange && lastPicked.current !== undefined) {
      const [low, high] = [Math.min(lastPicked.current, index), Math.max(lastPicked.current, index)];
      const range = rows.slice(low, high + 1).filter(({ id }) => !chosen.has(id));
      select([...selected, ...range.map(({ id, number, kind }) => ({ id, number, kind }))]);
    } else {
      toggle({ id: run.id, number: run.number, kind: run.kind });
    }
    lastPicked.current = index;
  };
  useKeys((key) => {
    switch (key) {
      case 'j':
      case 'k':
        step(key === 'j' ? 1 : -1);
        return true;
      case 'x':
        pick(links.current.indexOf(document.activeElement as HTMLAnchorElement), false);
        return true;
      default:
        return false;
    }
  });
  links.current.length = rows.length;

  if (isPhone) {
    return (
      <ul className={classes.list}>
        {rows.map((run, index) => (
          <li key={run.id} className={classes.item} data-gone={gone.has(run.id)} data-selected={chosen.has(run.id)}>
            <Pick run={run} isChosen={chosen.has(run.id)} onPick={(isRange) => pick(index, isRange)} />
            <div className={classes.itemBody}>
              <div className={classes.itemHead}>
                <Id run={run} link={(element) => void (links.current[index] = element)} />
                <span className="muted">{KIND_WORDS[run.kind]}</span>
                <Status run={run} />
              </div>
              <div className={classes.itemFoot}>
                <Clipped text={run.title ?? run.scopeSummary} />
                {isLive(run.status) && <Pace run={run} />}
              </div>
              <div className={classes.itemFoot}>
                <Clipped text={[run.dbProfileName, run.model && shortModel(run.model)].filter(Boolean).join(' · ')} />
                <span className={classes.pace}>
                  {!isLive(run.status) && <Spent run={run} />}
                  <Moment at={run.startedAt ?? run.createdAt} />
                </span>
              </div>
            </div>
          </li>
        ))}
      </ul>
    );
  }
  return (
    <div className={classes.wide}>
      <table className={`${table.table} ${classes.runs}`}>
        <thead>
          <tr>
            <th className={classes.check}>
              <span className="visually-hidden">Selected</span>
            </th>
            {COLUMNS.map(([name, className, field]) => (
              <Head key={name} name={name} className={className} field={field} view={view} change={change} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((run, index) => (
            <tr key={run.id} className={classes.row} data-gone={gone.has(run.id)} data-selected={chosen.has(run.id)}>
              <td className={classes.check}>
                <Pick run={run} isChosen={chosen.has(run.id)} onPick={(isRange) => pick(index, isRange)} />
              </td>
              <td className={classes.id}>
                <Id run={run} link={(element) => void (links.current[index] = element)} />
              </td>
              <td className={classes.command}>{KIND_WORDS[run.kind]}</td>
              <td>
                <Scope run={run} />
              </td>
              <td className={classes.status}>
                <Status run={run} />
              </td>
              <td className={classes.duration}>
                <Spent run={run} />
              </td>
              <td className={classes.model}>
                {run.model === null ? (
                  <Unknown why="The model's profile was deleted." />
                ) : (
                  <Clipped text={shortModel(run.model)} />
                )}
              </td>
              <td className={classes.profile}>
                {run.dbProfileName === null ? (
                  <Unknown why="This run searches several databases." />
                ) : (
                  <Clipped text={run.dbProfileName} />
                )}
              </td>
              <td className={classes.started}>
                <Moment at={run.startedAt ?? run.createdAt} />
              </td>
              <td className={classes.actions}>
                <Cancel run={run} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  name: string;
  className: string | undefined;
  field: RunOrderField | undefined;
  view: View;
  change: RunsTableProps['change'];
}

function Head({ name, className, field, view, change }: HeadProps) {
  if (field === undefined) {
    return <th className={className}>{name}</th>;
  }
  const isSorted = view.sort.field === field;
  const direction = isSorted && view.sort.direction === 'DESC' ? 'ASC' : 'DESC';
  const Arrow = view.sort.direction === 'DESC' ? ArrowDown : ArrowUp;
  return (
    <th
      className={className}
      aria-sort={isSorted ? (view.sort.direction === 'DESC' ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" className={classes.sort} onClick={() => change({ sort: { field, direction } })}>
        {name}
        {isSorted && <Arrow size={12} strokeWidth={1.75} aria-hidden />}
      </button>
    </th>
  );
}

/** The pill of a run that is running turns already. */
const AT_WORK = new Set<RunStatus>(['CANCELLING', 'APPLYING']);

function Id({ run, link }: { run: RunRowFragment; link: (element: HTMLAnchorElement | null) => void }) {
  return (
    <span className={classes.number}>
      <Link ref={link} to={`/runs/${run.number}`} className={classes.open}>
        #{run.number}
      </Link>
      {AT_WORK.has(run.status) && <Spinner label="at work" />}
    </span>
  );
}

interface PickProps {
  run: RunRowFragment;
  isChosen: boolean;
  /** Called with whether the rows since the last one are meant too. */
  onPick: (isRange: boolean) => void;
}

/** The check box of a row; around it, on a phone, room for a finger. */
function Pick({ run, isChosen, onPick }: PickProps) {
  return (
    <label className={classes.pick}>
      <Checkbox
        checked={isChosen}
        onChange={() => {}}
        onClick={(event) => onPick(event.shiftKey)}
        aria-label={`Select #${run.number}`}
      />
    </label>
  );
}

function Spent({ run }: { run: RunRowFragment }) {
  return run.status === 'QUEUED' && run.durationSeconds === null ? (
    <span className="muted">queued</span>
  ) : (
    <Duration seconds={run.durationSeconds} counting={isCounting(run.status)} />
  );
}

/** From so many seconds on, the list says for how long a run has been waiting. */
const LONG_WAIT = 60;

/** For how long a run that should be working has been waiting: for its model, its database, a worker. */
function Waiting({ waiting }: { waiting: NonNullable<RunRowFragment['waiting']> }) {
  const seconds = (useNow() - new Date(waiting.since).getTime()) / 1000;
  return seconds < LONG_WAIT ? null : (
    <Tooltip label={inWords(waiting.reason)}>
      <span className={classes.waiting}>waiting {duration(seconds)}</span>
    </Tooltip>
  );
}

/** How far a live run is and for how long it has run. */
function Pace({ run }: { run: RunRowFragment }) {
  const { total, done } = run.progress;
  return (
    <span className={classes.pace}>
      {run.waiting && <Waiting waiting={run.waiting} />}
      {total !== null && total > 0 && <span>{ofAll(done, total)}</span>}
      {run.status !== 'QUEUED' && <Spent run={run} />}
    </span>
  );
}

function Scope({ run }: { run: RunRowFragment }) {
  return (
    <span className={classes.scope}>
      <Clipped text={run.title ? `${run.title} · ${run.scopeSummary}` : run.scopeSummary} />
      {run.waiting && <Waiting waiting={run.waiting} />}
      {run.labels.slice(0, 2).map((label) => (
        <span key={label} className={classes.label}>
          {label}
        </span>
      ))}
    </span>
  );
}

function Status({ run }: { run: RunRowFragment }) {
  return (
    <Tooltip label={run.waiting ? `Waiting: ${inWords(run.waiting.reason)}` : ''} disabled={run.waiting === null}>
      <span>
        <StatusPill status={run.status} failed={run.status === 'FAILED' ? 0 : run.progress.failed} isShort />
      </span>
    </Tooltip>
  );
}

function Cancel({ run }: { run: RunRowFragment }) {
  const [{ fetching }, cancel] = useMutation(CancelRunDocument);
  if (!run.canCancel) {
    return null;
  }
  return (
    <Action
      size="compact-xs"
      variant="default"
      className={classes.cancel}
      busy={fetching}
      onClick={() => cancel({ id: run.id })}
      aria-label={`Cancel #${run.number}`}
    >
      Cancel
    </Action>
  );
}
