// The results of a run and their review: the run page's tab.
//
// Decisions by key go on to the next row; by mouse they stay. The open row and the filter are in the URL (`view.ts`),
// rows and figures follow the server (`live.ts`), decisions are shown before they are recorded (`decisions.ts`).

import { Button, Checkbox } from '@mantine/core';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { Fragment, memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

import type { ReviewSuggestionFragment, SuggestionOrderField } from '../api/operations';
import { useLacks } from '../api/viewer';
import { Action } from '../ui/action';
import { count, plural } from '../ui/figures';
import { Pager } from '../ui/pager';
import { useRetryOffline } from '../ui/retry';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading, useDelayed } from '../ui/states';
import { isLive } from '../ui/status';
import { BulkDialog, UndoDialog } from './bulk';
import { type Bulk, type Choice, type Report, useDecisions } from './decisions';
import { draft } from './drafts';
import { Filters } from './filters';
import { useReviewKeys } from './keys';
import { bulkFilterOf, passes, useSuggestions } from './live';
import classes from './review.module.css';
import { Row, type RowActions } from './row';
import { blockedBy, SuggestionCard } from './suggestion-card';
import { StatusLine } from './status-line';
import { STATES } from './states';
import { BY_POSITION, CLEARED, type Grouping, groupingOf, restrictions, useView, type View } from './view';

const lineOf = (id: string) =>
  document.querySelector<HTMLElement>(`[data-suggestion="${CSS.escape(id)}"] a[aria-expanded]`);
const scrollArea = () => document.getElementById('scroll');

type Picked = ReadonlyMap<string, ReviewSuggestionFragment>;

export function Results({ runId, number }: { runId: string; number: number }) {
  const { view, change, addressOf } = useView();
  const lacks = useLacks('OPERATOR');
  const [picked, setPicked] = useState<Picked>(new Map());
  const [noticed, setNoticed] = useState<ReadonlySet<string>>(new Set());
  const [dialog, setDialog] = useState<{ bulk: Bulk; leftOut?: number }>();

  const onOwn = useRef<(changes: Parameters<typeof suggestions.patch>[0], all: boolean) => void>(() => {});
  const decisions = useDecisions((changes, all) => onOwn.current(changes, all));
  const suggestions = useSuggestions(runId, view, (changes, all) => {
    const others = changes.filter((change) => !decisions.isOwn(change) && !decisions.pending.has(change.id));
    setNoticed(new Set(others.map(({ id }) => id)));
    const [first] = others;
    if (first && !all) {
      const who = first.review.reviewer ?? 'Somebody';
      const what = first.review.state === 'UNREVIEWED' ? 'restored' : STATES[first.review.state].label.toLowerCase();
      const name = suggestions.list?.rows.find(({ id }) => id === first.id)?.asset.display ?? 'another suggestion';
      decisions.say({ text: `${who} ${what} ${others.length === 1 ? name : plural(others.length, 'suggestion')}.` });
    }
  });
  onOwn.current = (changes, all) => {
    suggestions.patch(changes);
    suggestions.refreshFigures();
    if (all) {
      suggestions.refresh();
    }
  };

  const { list, figures, outdated, error, loading, gone, update } = suggestions;
  const rows = list?.rows;
  const blocked = blockedBy(figures?.status);
  const grouping = groupingOf(view);
  useScrollRestoration(rows !== undefined && figures !== undefined);
  useRetryOffline(rows ? undefined : error, update);

  /** The row as the reviewer sees it, decisions under way included. */
  const seen = (row: ReviewSuggestionFragment): ReviewSuggestionFragment => {
    const look = decisions.pending.get(row.id);
    return look ? { ...row, ...look } : row;
  };

  // Where the reviewer is.
  const last = useRef<string>(undefined);
  const focused = () => document.activeElement?.closest<HTMLElement>('[data-suggestion]')?.dataset.suggestion;
  const current = () => focused() ?? view.open;
  const at = (id: string | undefined) => (rows && id !== undefined ? rows.findIndex((row) => row.id === id) : -1);
  const anchor = useRef<{ id: string; top: number; reveal: boolean }>(undefined);
  const arrive = useRef<{ at: 'first' | 'last'; open: boolean }>(undefined);

  const keep = (id: string, reveal: boolean) => {
    const top = lineOf(id)?.getBoundingClientRect().top;
    anchor.current = top === undefined ? undefined : { id, top, reveal };
  };
  useLayoutEffect(() => {
    const { current: held } = anchor;
    const area = scrollArea();
    const line = held && lineOf(held.id);
    anchor.current = undefined;
    if (held && line && area) {
      area.scrollTop += line.getBoundingClientRect().top - held.top;
      if (held.reveal) {
        line.closest('[data-suggestion]')?.scrollIntoView({ block: 'nearest' });
      }
    }
  }, [view.open]);

  const focusLine = useCallback((id: string) => {
    last.current = id;
    const line = lineOf(id);
    line?.focus({ preventScroll: true });
    line?.closest('li')?.scrollIntoView({ block: 'nearest' });
  }, []);
  const open = (id: string | undefined, reveal = false) => {
    keep(id ?? view.open ?? '', reveal);
    change({ open: id });
  };

  const key = list?.key;
  useEffect(() => {
    const arriving = arrive.current;
    const row = arriving?.at === 'last' ? rows?.at(-1) : rows?.[0];
    if (arriving && key !== undefined && row) {
      arrive.current = undefined;
      scrollArea()?.scrollTo({ top: 0 });
      focusLine(row.id);
      if (arriving.open) {
        change({ open: row.id });
      }
    }
    // Only another page is arrived at.
  }, [key]);

  const older = () => {
    const cursor = rows && list?.cursors.get(rows.at(-1)?.id ?? '');
    return list?.pageInfo.hasNextPage && cursor ? cursor : undefined;
  };
  const newer = () => {
    const cursor = rows && list?.cursors.get(rows[0]?.id ?? '');
    return list?.pageInfo.hasPreviousPage && cursor ? cursor : undefined;
  };
  const turn = (to: Partial<View>, arriveAt?: 'first' | 'last') => {
    arrive.current = arriveAt && { at: arriveAt, open: view.open !== undefined };
    if (arriveAt === undefined) {
      scrollArea()?.scrollTo({ top: 0 });
    }
    change(to);
  };

  const step = (by: 1 | -1): boolean => {
    if (!rows || rows.length === 0) {
      return false;
    }
    const from = at(focused() ?? view.open ?? last.current);
    const next = rows[from < 0 ? 0 : from + by];
    if (next) {
      if (view.open !== undefined && view.open !== next.id) {
        open(next.id, true);
      }
      focusLine(next.id);
      return true;
    }
    const cursor = by > 0 ? older() : newer();
    if (cursor) {
      turn(by > 0 ? { after: cursor } : { before: cursor }, by > 0 ? 'first' : 'last');
    }
    return true;
  };

  const why = lacks ?? blocked;
  const targets = (): ReviewSuggestionFragment[] => {
    if (picked.size > 0) {
      return [...picked.values()].map((it) => seen(rows?.find(({ id }) => id === it.id) ?? it));
    }
    const row = rows?.[at(current())];
    return row ? [seen(row)] : [];
  };
  const decide = (choice: Choice, chosen: ReviewSuggestionFragment[]) => {
    if (chosen.length === 0) {
      return;
    }
    if (why !== undefined) {
      decisions.say({ text: why });
      return;
    }
    decisions.decide(chosen, choice);
  };

  const handle = (pressed: string): boolean => {
    const [row] = picked.size > 0 ? [] : targets();
    switch (pressed) {
      case 'j':
        return step(1);
      case 'k':
        return step(-1);
      case 'a':
      case 's': {
        const chosen = targets();
        decide(pressed === 'a' ? { decision: 'ACCEPT', alternative: 0 } : { decision: 'SKIP' }, chosen);
        if (picked.size > 0) {
          setPicked(new Map());
        } else if (chosen.length > 0 && why === undefined) {
          step(1);
        }
        return true;
      }
      case '1':
      case '2':
      case '3':
      case '4':
      case '5': {
        const single = rows?.[at(current())];
        const alternative = Number(pressed) - 1;
        if (single && alternative < single.alternatives.length) {
          decide({ decision: 'ACCEPT', alternative }, [seen(single)]);
          if (why === undefined) {
            step(1);
          }
        } else if (single) {
          decisions.say({ text: `${single.asset.display} has ${plural(single.alternatives.length, 'wording')}.` });
        }
        return true;
      }
      case 'e':
        if (row && why === undefined) {
          draft(row.id, { text: row.finalText, of: row.description, since: row.review.at });
          if (view.open !== row.id) {
            open(row.id, true);
          }
        } else if (row && why !== undefined) {
          decisions.say({ text: why });
        }
        return true;
      case 'x': {
        const id = current();
        if (id !== undefined) {
          pick(id, false);
        }
        return true;
      }
      case 'u':
        if (lacks === undefined) {
          decisions.undo();
        }
        return true;
      case 'Escape':
        if (view.open !== undefined) {
          const id = view.open;
          open(undefined);
          focusLine(id);
          return true;
        }
        if (picked.size > 0) {
          setPicked(new Map());
          return true;
        }
        return false;
      default:
        return false;
    }
  };
  useReviewKeys(handle);

  const lastPicked = useRef<string>(undefined);
  const pick = (id: string, isRange: boolean) => {
    if (!rows) {
      return;
    }
    const [from, to] = [at(lastPicked.current), at(id)];
    setPicked((before) => {
      const next = new Map(before);
      if (isRange && from >= 0 && to >= 0) {
        for (const row of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) {
          next.set(row.id, row);
        }
      } else if (!next.delete(id)) {
        const row = rows[to];
        if (row) {
          next.set(id, row);
        }
      }
      return next;
    });
    lastPicked.current = id;
  };

  // Rows get functions that never change, so that a decision draws one row again and not all.
  const latest = useRef({ open, pick, decisions, rows, seen, viewOpen: view.open });
  latest.current = { open, pick, decisions, rows, seen, viewOpen: view.open };
  const actions = useMemo<RowActions>(
    () => ({
      choose: async (id, choice) => {
        const { rows: shown, decisions: made, seen: look } = latest.current;
        const row = shown?.find((it) => it.id === id);
        return row ? made.decide([look(row)], choice) : false;
      },
      pick: (id, isRange) => latest.current.pick(id, isRange),
      toggle: (id) => latest.current.open(latest.current.viewOpen === id ? undefined : id),
      focusLine,
    }),
    [focusLine],
  );

  const limits = restrictions(view);
  const total = figures?.suggestions.totalCount ?? 0;
  const isPageOpen = view.open === undefined || rows === undefined || rows.some(({ id }) => id === view.open);
  const decidable = figures === undefined ? 0 : undecided(figures.suggestions.facets.states, view);
  const begin = (decision: 'ACCEPT' | 'SKIP') =>
    setDialog({
      bulk: { runId, filter: bulkFilterOf(view), decision, replaceComments: figures?.options.replaceComments ?? false },
    });

  if (gone) {
    return <Empty title="This run is gone.">It was deleted, with its suggestions.</Empty>;
  }
  if (error && (!rows || outdated) && !loading) {
    return (
      <>
        <Failure error={error} retry={update} />
        {(view.after || view.before) && (
          <Button mt="sm" variant="default" onClick={() => turn({ after: undefined })}>
            Show the first page
          </Button>
        )}
      </>
    );
  }
  // Filters and rows appear together: neither moves the other.
  if (!rows || !figures) {
    return <Loading rows={12} height={40} />;
  }
  return (
    <div className={classes.results} data-grouping={grouping} aria-busy={loading}>
      <Filters view={view} change={change} figures={figures} />
      {!isPageOpen && view.open !== undefined && (
        <section className={classes.pinned} aria-label="The suggestion that the address names">
          <div className={classes.pinnedHead}>
            <span className="muted">This suggestion is not on this page of the list.</span>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => change({ open: undefined })}>
              Close
            </Button>
          </div>
          <SuggestionCard id={view.open} />
        </section>
      )}
      <div className={classes.list}>
        <div className={classes.sticky}>
          <div className={classes.bar}>
            <Checkbox
              className={classes.check as string}
              aria-label="Select all on this page"
              checked={rows.length > 0 && rows.every(({ id }) => picked.has(id))}
              indeterminate={picked.size > 0 && !rows.every(({ id }) => picked.has(id))}
              onChange={(event) =>
                setPicked(
                  event.currentTarget.checked
                    ? new Map([...picked, ...rows.map((row) => [row.id, row] as const)])
                    : new Map(),
                )
              }
            />
            {picked.size > 0 ? (
              <>
                <strong className={classes.amount}>{count(picked.size)} selected</strong>
                <Action size="compact-xs" why={blocked} onClick={() => handle('a')}>
                  Accept
                </Action>
                <Action size="compact-xs" variant="default" why={blocked} onClick={() => handle('s')}>
                  Skip
                </Action>
                <Button size="compact-xs" variant="subtle" color="gray" onClick={() => setPicked(new Map())}>
                  Clear
                </Button>
              </>
            ) : (
              <>
                <Action
                  size="compact-xs"
                  variant="default"
                  why={blocked ?? (decidable === 0 ? 'No unreviewed suggestion matches.' : undefined)}
                  onClick={() => begin('ACCEPT')}
                >
                  Accept all {count(decidable)}…
                </Action>
                <Action
                  size="compact-xs"
                  variant="default"
                  why={blocked ?? (decidable === 0 ? 'No unreviewed suggestion matches.' : undefined)}
                  onClick={() => begin('SKIP')}
                >
                  Skip all…
                </Action>
              </>
            )}
            <StatusLine
              decisions={decisions}
              rest={plural(total, 'suggestion')}
              onLeftOut={({ bulk, count: leftOut }: NonNullable<Report['leftOut']>) => setDialog({ bulk, leftOut })}
            />
          </div>
          <Heads view={view} change={change} />
        </div>
        {rows.length === 0 && <Nothing view={view} live={isLive(figures.status)} change={change} />}
        {rows.length > 0 && (
          <>
            {outdated && <Dimmed />}
            <ul className={classes.rows} aria-label={`Suggestions of run #${number}`}>
              {rows.map((row, index) => (
                <Fragment key={row.id}>
                  <GroupHead
                    grouping={grouping}
                    row={row}
                    before={rows[index - 1]}
                    figures={figures.suggestions.facets.tables}
                    view={view}
                    change={change}
                  />
                  <Row
                    suggestion={row}
                    look={decisions.pending.get(row.id)}
                    address={addressOf({ open: row.id })}
                    grouping={grouping}
                    isOpen={view.open === row.id}
                    isPicked={picked.has(row.id)}
                    isGone={!passes(view, seen(row))}
                    isOwn={decisions.pending.has(row.id) || decisions.isOwn(row)}
                    isNoticed={noticed.has(row.id)}
                    blocked={blocked}
                    lacks={lacks}
                    actions={actions}
                  />
                </Fragment>
              ))}
            </ul>
          </>
        )}
      </div>
      <div className={classes.foot}>
        <span aria-live="polite">
          {list !== undefined && list.waiting > 0 && (
            <Button size="compact-sm" variant="light" onClick={update}>
              {plural(list.waiting, 'new suggestion')}
            </Button>
          )}
        </span>
        <Pager
          label="suggestions"
          shown={rows.length}
          total={total}
          info={{
            hasNextPage: older() !== undefined,
            hasPreviousPage: newer() !== undefined,
            startCursor: newer() ?? null,
            endCursor: older() ?? null,
          }}
          cursor={{ ...(view.after ? { after: view.after } : {}), ...(view.before ? { before: view.before } : {}) }}
          go={({ after, before }) => turn({ after, before })}
        />
      </div>
      {dialog && (
        <BulkDialog
          bulk={dialog.bulk}
          words={limits}
          undecided={view.states.length === 0}
          leftOut={dialog.leftOut}
          decisions={decisions}
          onClose={() => setDialog(undefined)}
        />
      )}
      <UndoDialog decisions={decisions} />
    </div>
  );
}

/** How many suggestions a bulk decision is about. */
function undecided(
  states: { unreviewed: number; accepted: number; edited: number; skipped: number },
  { states: chosen }: View,
): number {
  const figure = {
    UNREVIEWED: states.unreviewed,
    ACCEPTED: states.accepted,
    EDITED: states.edited,
    SKIPPED: states.skipped,
  };
  return (chosen.length > 0 ? chosen : (['UNREVIEWED'] as const)).reduce((sum, state) => sum + figure[state], 0);
}

/** Says that another page is on its way, once it takes long. */
function Dimmed() {
  return useDelayed() ? <div className={classes.dimmed} role="status" aria-label="Loading" /> : null;
}

interface GroupHeadProps {
  grouping: Grouping;
  row: ReviewSuggestionFragment;
  before: ReviewSuggestionFragment | undefined;
  figures: { schema: string | null; table: string; count: number }[] | undefined;
  view: View;
  change: (change: Partial<View>) => void;
}

/** The head of a group, above its first row on each page. */
const GroupHead = memo(function GroupHead({ grouping, row, before, figures, view, change }: GroupHeadProps) {
  const { schema, table } = row.asset;
  const isFirst =
    before === undefined || before.asset.schema !== schema || (grouping === 'table' && before.asset.table !== table);
  if (grouping === 'none' || !isFirst) {
    return null;
  }
  const name = grouping === 'table' ? [schema, table].filter((part) => part !== null).join('.') : (schema ?? '');
  const figure =
    grouping === 'table' ? figures?.find((it) => it.schema === schema && it.table === table)?.count : undefined;
  const isOnly =
    grouping === 'table' ? view.table === table && view.schema === (schema ?? undefined) : view.schema === schema;
  return (
    <li className={classes.group}>
      <span className={`mono ${classes.groupName}`} title={name}>
        {name || 'database'}
      </span>
      {figure !== undefined && <span className="muted">{count(figure)}</span>}
      {!isOnly && name !== '' && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          className={classes.only as string}
          onClick={() =>
            change({ schema: schema ?? undefined, table: grouping === 'table' ? (table ?? undefined) : undefined })
          }
          aria-label={`Only this ${grouping}: ${name}`}
        >
          Only this {grouping}
        </Button>
      )}
    </li>
  );
});

const HEADS: [label: string, className: string | undefined, field: SuggestionOrderField | undefined][] = [
  ['Asset', classes.asset, 'NAME'],
  ['Text, against the present comment', classes.sentence, undefined],
  ['Confidence', classes.confidence, 'CONFIDENCE'],
  ['Substance', classes.substance, undefined],
  ['State', classes.state, 'REVIEW_STATE'],
];

const Heads = memo(function Heads({ view, change }: { view: View; change: (change: Partial<View>) => void }) {
  return (
    <div className={classes.heads}>
      <span className={classes.check} />
      {HEADS.map(([label, className, field]) => {
        if (field === undefined) {
          return (
            <span key={label} className={className}>
              {label}
            </span>
          );
        }
        const isSorted = view.sort.field === field;
        const isDown = isSorted && view.sort.direction === 'DESC';
        const Arrow = isDown ? ArrowDown : ArrowUp;
        const now = isSorted ? `, now ${isDown ? 'descending' : 'ascending'}` : '';
        const sort = isDown ? BY_POSITION : { field, direction: isSorted ? ('DESC' as const) : ('ASC' as const) };
        return (
          <button
            key={label}
            type="button"
            className={`${className} ${classes.sort}`}
            aria-label={`Order by ${label.toLowerCase()}${now}`}
            onClick={() => change({ sort })}
          >
            {label}
            {isSorted && <Arrow size={12} strokeWidth={1.75} aria-hidden />}
          </button>
        );
      })}
      <span className={classes.buttons} />
    </div>
  );
});

function Nothing({ view, live, change }: { view: View; live: boolean; change: (change: Partial<View>) => void }) {
  const limits = restrictions(view);
  const isOnlyUnreviewed = view.states.join() === 'UNREVIEWED' && limits.length === 1;
  if (isOnlyUnreviewed && !live) {
    return (
      <Empty
        title="Everything is reviewed."
        action={
          <Button variant="default" onClick={() => change(CLEARED)}>
            Show all suggestions
          </Button>
        }
      >
        Every suggestion of this run is decided. Accepted texts are written on the Apply tab.
      </Empty>
    );
  }
  if (limits.length > 0) {
    return (
      <Empty
        title="No suggestions match."
        action={
          <Button variant="default" onClick={() => change(CLEARED)}>
            Clear filters
          </Button>
        }
      >
        The list shows suggestions that are: {limits.join(', ')}.
      </Empty>
    );
  }
  return live ? (
    <Empty title="No suggestions yet.">
      They appear here one by one while the run goes on, and can be reviewed at once.
    </Empty>
  ) : (
    <Empty title="This run made no suggestions.">Its Events tab says why.</Empty>
  );
}
