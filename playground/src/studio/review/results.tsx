// The results of a run and their review: the run page's tab.
//
// Decisions by key go on to the next row; by mouse they stay. The open row and the filter are in the URL (`view.ts`),
// rows and figures follow the server (`live.ts`), decisions are shown before they are recorded (`decisions.ts`), the
// keys are in `use-commands.ts`.

import { Button } from '@mantine/core';
import { Fragment, useMemo, useRef, useState } from 'react';

import type { ReviewSuggestionFragment } from '../api/operations';
import { codeOf } from '../api/errors';
import { useLacks } from '../api/viewer';
import { plural } from '../ui/figures';
import { Pager } from '../ui/pager';
import { useRetryOffline } from '../ui/retry';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading, useDelayed } from '../ui/states';
import { isLive } from '../ui/status';
import { BulkDialog, UndoDialog } from './bulk';
import { useChangedSince } from './changed-since';
import { type Bulk, useDecisions } from './decisions';
import { draftOf } from './drafts';
import { Filters } from './filters';
import { GroupHead } from './group-head';
import { Heads } from './heads';
import { ListBar } from './list-bar';
import { bulkFilterOf, decidableOf, passes, useSuggestions } from './live';
import { Nothing } from './nothing';
import classes from './review.module.css';
import { Row, type RowActions } from './row';
import { STATES } from './states';
import { blockedBy, SuggestionCard } from './suggestion-card';
import { useCommands } from './use-commands';
import { usePicked } from './use-picked';
import { usePlace } from './use-place';
import { groupingOf, restrictions, useView } from './view';

interface ResultsProps {
  runId: string;
  number: number;
  /** Asks how to do these suggestions again. */
  onRerun: (ids: string[]) => void;
}

export function Results({ runId, number, onRerun }: ResultsProps) {
  const { view, change, addressOf } = useView();
  const lacks = useLacks('OPERATOR');
  const [noticed, setNoticed] = useState<ReadonlySet<string>>(new Set());
  /** The decision that is asked about: on all that the view shows, or on what a decision before left out. */
  const [dialog, setDialog] = useState<{ decision: Bulk['decision'] } | { bulk: Bulk; leftOut: number }>();

  const onOwn = useRef<(changes: Parameters<typeof suggestions.patch>[0], all: boolean) => void>(() => {});
  const decisions = useDecisions((changes, all) => onOwn.current(changes, all));
  const suggestions = useSuggestions(runId, view, async (changes, all) => {
    // A change may come before the answer to the decision that made it.
    await decisions.answered();
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

  const seen = (row: ReviewSuggestionFragment): ReviewSuggestionFragment => ({
    ...row,
    ...decisions.pending.get(row.id),
  });
  const changedSince = useChangedSince(blocked ? undefined : runId, rows ?? []);
  const place = usePlace(list, view, change);
  const selection = usePicked(rows);
  const { picked, pick } = selection;
  const press = useCommands({ rows, seen, opened: view.open, place, selection, decisions, lacks, blocked, onRerun });

  // Rows get functions that never change, so that a decision draws one row again and not all.
  const latest = useRef({ place, pick, decisions, rows, seen, opened: view.open });
  latest.current = { place, pick, decisions, rows, seen, opened: view.open };
  const { focusLine } = place;
  const actions = useMemo<RowActions>(
    () => ({
      choose: async (id, choice) => {
        const { rows: shown, decisions: made, seen: look } = latest.current;
        const row = shown?.find((it) => it.id === id);
        return row ? made.decide([look(row)], choice) : false;
      },
      pick: (id, isRange) => latest.current.pick(id, isRange),
      toggle: (id) => latest.current.place.open(latest.current.opened === id ? undefined : id),
      focusLine,
      next: (id) => {
        focusLine(id);
        latest.current.place.step(1);
      },
    }),
    [focusLine],
  );

  if (gone) {
    return <Empty title="This run was deleted.">Its suggestions were deleted with it.</Empty>;
  }
  if (error && (!rows || outdated) && !loading) {
    const isNoPage = (view.after || view.before) && codeOf(error) === 'BAD_USER_INPUT';
    return isNoPage ? (
      <Empty
        title="There is no such page of the list."
        action={
          <Button variant="default" onClick={() => place.turn({ after: undefined })}>
            Show the first page
          </Button>
        }
      >
        The link is wrong, or the order of the list has changed since.
      </Empty>
    ) : (
      <Failure error={error} retry={update} />
    );
  }
  // Filters and rows appear together: neither moves the other.
  if (!rows || !figures) {
    return <Loading rows={12} height={40} />;
  }
  const { totalCount: total, facets } = figures.suggestions;
  const { replaceComments } = figures.options;
  // The filter is the one that the words name, also if it changes while the dialog opens.
  const asked =
    dialog &&
    ('bulk' in dialog
      ? dialog
      : { bulk: { runId, filter: bulkFilterOf(view), decision: dialog.decision, replaceComments }, leftOut: undefined });
  const pickedHere = rows.filter(({ id }) => picked.has(id)).length;
  return (
    <div className={classes.results} data-grouping={grouping} aria-busy={loading}>
      <Filters view={view} change={change} figures={figures} />
      {view.open !== undefined && place.at(view.open) < 0 && (
        <Pinned id={view.open} onClose={() => change({ open: undefined })} />
      )}
      <div className={classes.list}>
        <div className={classes.sticky}>
          <ListBar
            selected={picked.size}
            page={pickedHere === 0 ? 'none' : pickedHere === rows.length ? 'all' : 'some'}
            onPickPage={selection.pickPage}
            onClear={selection.clear}
            onDecide={press}
            decidable={decidableOf(facets.states, view)}
            onBulk={(decision) => setDialog({ decision })}
            blocked={blocked}
            decisions={decisions}
            rest={plural(total, 'suggestion')}
            onLeftOut={({ bulk, count: leftOut }) => setDialog({ bulk, leftOut })}
          />
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
                    figures={facets.tables}
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
                    present={changedSince.get(row.id)}
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
          {list.waiting > 0 && (
            <Button size="compact-sm" variant="light" onClick={update}>
              {plural(list.waiting, 'new suggestion')}
            </Button>
          )}
        </span>
        <Pager
          label="suggestions"
          shown={rows.filter((row) => passes(view, seen(row))).length}
          total={total}
          info={{
            hasNextPage: place.older !== undefined,
            hasPreviousPage: place.newer !== undefined,
            startCursor: place.newer ?? null,
            endCursor: place.older ?? null,
          }}
          cursor={view.after ? { after: view.after } : view.before ? { before: view.before } : {}}
          go={({ after, before }) => place.turn({ after, before })}
        />
      </div>
      {asked && (
        <BulkDialog
          bulk={asked.bulk}
          words={restrictions(view)}
          undecided={view.states.length === 0}
          unsaved={rows.filter((row) => draftOf(row) && passes(view, seen(row))).length}
          leftOut={asked.leftOut}
          decisions={decisions}
          onClose={() => setDialog(undefined)}
        />
      )}
      <UndoDialog decisions={decisions} />
    </div>
  );
}

/** The suggestion that the address names, where it is on another page of the list. */
function Pinned({ id, onClose }: { id: string; onClose: () => void }) {
  return (
    <section className={classes.pinned} aria-label="The suggestion that the address names">
      <div className={classes.pinnedHead}>
        <span className="muted">This suggestion is not on this page of the list.</span>
        <Button size="compact-xs" variant="subtle" color="gray" onClick={onClose}>
          Close
        </Button>
      </div>
      <SuggestionCard id={id} />
    </section>
  );
}

/** Says that another page is on its way, once it takes long. */
function Dimmed() {
  return useDelayed() ? <div className={classes.dimmed} role="status" aria-label="Loading" /> : null;
}
