// The tree of a database: schema, table, column, each with its tick. Only the rows in view are drawn, so that a schema
// of thousands of tables scrolls as one of ten.
//
// The keyboard is that of a tree: arrows move and fold, Space ticks, letters jump, Delete leaves a table out. Focus
// stays on the tree; the active row is its `aria-activedescendant` and is always drawn.

import { UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import {
  Check,
  ChevronDown,
  ChevronRight,
  Columns3,
  Database,
  Eye,
  EyeOff,
  Folder,
  KeyRound,
  Layers,
  type LucideIcon,
  Minus,
  Table2,
  View,
} from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';

import type { AssetKind } from '../api/operations';
import { compact, count } from '../ui/figures';
import { useRetryOffline } from '../ui/retry';
import { Failure } from '../ui/states';
import { type Catalog } from './catalog';
import type { Path, Pick, Tick } from './model';
import type { Exclusions } from './pattern';
import { idOf, levelOf, type NodeRow, type Row, rowsOf } from './rows';
import { Clipped } from '../ui/text';
import classes from './scope.module.css';
import { NOTHING, tickAt } from './ticks';

const ICONS: Record<AssetKind, LucideIcon> = {
  DATABASE: Database,
  SCHEMA: Folder,
  TABLE: Table2,
  VIEW: View,
  MATERIALIZED_VIEW: Layers,
  COLUMN: Columns3,
};

const WORDS: Record<Tick, string> = {
  named: 'named',
  mixed: 'a part of it',
  included: 'included',
  out: 'not included',
};

/** Letters that follow each other faster than this are one word. */
const TYPING_MS = 1000;

interface ScopeTreeProps {
  catalog: Catalog;
  search: string;
  picks: Pick[];
  exclude: string[];
  excluded: Exclusions;
  onToggle: (path: Path) => void;
  /** Leaves a schema's tables or a table out, or takes them in again. */
  onLeaveOut: (path: Path) => void;
  label: string;
}

export function ScopeTree({ catalog, search, picks, exclude, excluded, onToggle, onLeaveOut, label }: ScopeTreeProps) {
  const area = useRef<HTMLDivElement>(null);
  const [folds, setFolds] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [active, setActive] = useState(idOf([]));
  const isTouched = useMediaQuery('(pointer: coarse), (max-width: 699px)') ?? false;
  const height = isTouched ? 40 : 28;
  const prefix = useId();

  /** The pattern that leaves an asset out; where nothing is ticked yet, none is worth telling. */
  const patternOf = (path: Path) => {
    const pattern = excluded(picks, path);
    return pattern === NOTHING ? undefined : pattern;
  };

  const foldKey = (path: Path) => (search === '' ? idOf(path) : `${search}${idOf(path)}`);
  const root: NodeRow = {
    type: 'node',
    id: idOf([]),
    path: [],
    kind: 'DATABASE',
    name: catalog.database,
    comment: null,
    position: 1,
    siblings: 1,
  };
  const rows: Row[] = [root, ...rowsOf(catalog, search, (path, alone) => folds.get(foldKey(path)) ?? alone)];
  const at = Math.max(
    0,
    rows.findIndex((row) => row.type === 'node' && row.id === active),
  );

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => area.current,
    estimateSize: (index) => (rows[index]?.type === 'failed' ? 96 : height),
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 10,
    paddingStart: 4,
    paddingEnd: 4,
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), at])].sort((one, other) => one - other),
  });
  const items = virtual.getVirtualItems();
  useEffect(() => virtual.measure(), [virtual, height]);
  const pending = items.map(({ index }) => rows[index]).find((row) => row?.type === 'pending' && row.read);
  useEffect(() => {
    if (pending?.type === 'pending') {
      pending.read?.();
    }
  });

  const failed = rows.find((row) => row.type === 'failed');
  useRetryOffline(failed?.type === 'failed' ? failed.error : undefined, () => catalog.retry());

  const fold = (row: NodeRow, unfolded: boolean) => {
    if (row.unfolded !== undefined && row.unfolded !== unfolded) {
      setFolds((before) => new Map(before).set(foldKey(row.path), unfolded));
    }
  };
  /** A row that is to be active once it is read. */
  const [wanted, setWanted] = useState<number>();
  const go = (index: number) => {
    const row = rows[index];
    if (row?.type === 'node') {
      setActive(row.id);
    }
    setWanted(row?.type === 'pending' ? index : undefined);
    virtual.scrollToIndex(index);
  };
  useEffect(() => {
    const row = wanted === undefined ? undefined : rows[wanted];
    if (row?.type === 'node') {
      setActive(row.id);
      setWanted(undefined);
    }
  });
  /** Goes to the next row that can be active, from `index` on. */
  const step = (index: number, by: 1 | -1) => {
    let next = Math.min(Math.max(index, 0), rows.length - 1);
    while (rows[next] && rows[next]?.type !== 'node' && rows[next]?.type !== 'pending') {
      next += by;
    }
    if (rows[next]) {
      go(next);
    }
  };

  const typed = useRef({ text: '', at: 0 });
  const jump = (letter: string, now: number) => {
    const text = now - typed.current.at < TYPING_MS ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    const from = text.length === 1 ? at + 1 : at;
    for (let offset = 0; offset < rows.length; offset++) {
      const index = (from + offset) % rows.length;
      const row = rows[index];
      if (row?.type === 'node' && row.path.length > 0 && row.name.toLowerCase().startsWith(text.toLowerCase())) {
        return go(index);
      }
    }
    return undefined;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    const row = rows[at];
    if (
      row?.type !== 'node' ||
      event.target !== event.currentTarget ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey
    ) {
      return;
    }
    const page = Math.max(1, Math.floor((area.current?.clientHeight ?? height) / height) - 1);
    const keys: Record<string, () => void> = {
      ArrowDown: () => step(at + 1, 1),
      ArrowUp: () => step(at - 1, -1),
      Home: () => go(0),
      End: () => step(rows.length - 1, -1),
      PageDown: () => step(Math.min(at + page, rows.length - 1), -1),
      PageUp: () => step(Math.max(at - page, 0), 1),
      ArrowRight: () => (row.unfolded ? step(at + 1, 1) : fold(row, true)),
      ArrowLeft: () => {
        if (row.unfolded) {
          fold(row, false);
        } else if (row.path.length > 0) {
          go(rows.findIndex((it) => it.type === 'node' && it.id === idOf(row.path.slice(0, -1))));
        }
      },
      ' ': () => onToggle(row.path),
      Enter: () => onToggle(row.path),
      Delete: () => (row.path.length === 1 || row.path.length === 2) && onLeaveOut(row.path),
    };
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      typed.current.text = '';
      act();
    } else if (event.key.length === 1) {
      event.preventDefault();
      jump(event.key, event.timeStamp);
    }
  };

  return (
    <div
      ref={area}
      className={classes.tree}
      role="tree"
      aria-label={label}
      aria-multiselectable
      aria-activedescendant={`${prefix}${at}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div role="none" className={classes.rows} style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start, key, size }) => {
          const row = rows[index] as Row;
          const style = { transform: `translateY(${start}px)`, height: size, paddingLeft: 8 + (levelOf(row) - 1) * 18 };
          if (row.type === 'failed') {
            return (
              <div key={key} role="none" className={classes.trouble} style={style}>
                <Failure error={row.error} retry={() => catalog.retry()} />
              </div>
            );
          }
          if (row.type !== 'node') {
            return (
              <div key={key} role="none" className={classes.row} style={style}>
                {row.type === 'nothing' ? (
                  <span className="muted">{row.text}</span>
                ) : (
                  <span className={classes.pending} />
                )}
              </div>
            );
          }
          return (
            <TreeRow
              key={key}
              id={`${prefix}${index}`}
              row={row}
              style={style}
              active={index === at}
              tick={tickAt({ picks, exclude }, excluded, row.path)}
              leftOut={patternOf(row.path)}
              onActivate={() => setActive(row.id)}
              onFold={() => fold(row, !row.unfolded)}
              onToggle={() => onToggle(row.path)}
              onLeaveOut={() => onLeaveOut(row.path)}
            />
          );
        })}
      </div>
    </div>
  );
}

interface TreeRowProps {
  id: string;
  row: NodeRow;
  style: React.CSSProperties;
  active: boolean;
  tick: Tick;
  /** The pattern that leaves the table out. */
  leftOut: string | undefined;
  onActivate: () => void;
  onFold: () => void;
  onToggle: () => void;
  onLeaveOut: () => void;
}

function TreeRow({ id, row, style, active, tick, leftOut, onActivate, onFold, onToggle, onLeaveOut }: TreeRowProps) {
  const Icon = row.isKey ? KeyRound : ICONS[row.kind];
  const Chevron = row.unfolded ? ChevronDown : ChevronRight;
  const mayLeaveOut =
    (row.path.length === 1 || row.path.length === 2) && (tick === 'included' || leftOut !== undefined);
  return (
    <div
      id={id}
      className={classes.row}
      role="treeitem"
      aria-level={row.path.length + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-checked={tick === 'mixed' ? 'mixed' : tick !== 'out'}
      {...(row.unfolded === undefined ? {} : { 'aria-expanded': row.unfolded })}
      data-active={active}
      data-tick={tick}
      style={style}
      onMouseDown={onActivate}
    >
      <span className={classes.fold} onClick={onFold} aria-hidden>
        {row.unfolded !== undefined && <Chevron size={14} strokeWidth={1.75} />}
      </span>
      <span className={classes.pick} onClick={onToggle}>
        <span className={classes.box} aria-hidden>
          {(tick === 'named' || tick === 'included') && <Check size={12} strokeWidth={2.5} />}
          {tick === 'mixed' && <Minus size={12} strokeWidth={2.5} />}
        </span>
        <Icon size={14} strokeWidth={1.75} className={classes.kind} aria-hidden />
        {row.path.length === 0 ? (
          <span className={classes.name}>Everything in {row.name}</span>
        ) : (
          <Clipped text={row.name} className={classes.name as string} keepsEnd />
        )}
        {row.dataType && <span className={classes.type}>{row.dataType}</span>}
        {leftOut === undefined ? (
          <span className="visually-hidden">{WORDS[tick]}</span>
        ) : (
          <span className={classes.leftOut}>left out by {leftOut}</span>
        )}
        {row.comment && (
          <span className={classes.comment} title={row.comment}>
            {row.comment}
          </span>
        )}
      </span>
      {row.rowEstimate !== undefined && row.rowEstimate !== null && (
        <span className={classes.estimate} title={`About ${count(row.rowEstimate)} rows`}>
          {compact(row.rowEstimate)} {row.rowEstimate === 1 ? 'row' : 'rows'}
        </span>
      )}
      {mayLeaveOut ? (
        <UnstyledButton
          className={classes.leave}
          tabIndex={-1}
          aria-hidden
          title={leftOut === undefined ? 'Leave out (Delete)' : 'Take in again (Delete)'}
          onClick={onLeaveOut}
        >
          {leftOut === undefined ? <EyeOff size={14} strokeWidth={1.75} /> : <Eye size={14} strokeWidth={1.75} />}
        </UnstyledButton>
      ) : (
        <span className={classes.leave} />
      )}
    </div>
  );
}
