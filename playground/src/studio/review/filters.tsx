// Chips for states, confidence, substance and kinds with their figures; search; one table; order and grouping.

import { ActionIcon, Button, Popover, Select } from '@mantine/core';
import { ArrowDownWideNarrow, TriangleAlert } from 'lucide-react';
import { memo } from 'react';

import type { AssetKind, ConfidenceBand, ReviewState, Substance, SuggestionOrderField } from '../api/operations';
import { Chip, Chips, toggled } from '../ui/chips';
import { BANDS } from '../ui/confidence';
import { count } from '../ui/figures';
import { SearchBox } from '../ui/search-box';
import type { Figures } from './live';
import classes from './review.module.css';
import { ASSET_KINDS, STATES, SUBSTANCES } from './states';
import { BY_POSITION, CLEARED, type Grouping, restrictions, type View } from './view';

interface FiltersProps {
  view: View;
  change: (change: Partial<View>) => void;
  figures: Figures | undefined;
}

const SORTS: { value: string; label: string }[] = [
  { value: 'POSITION.ASC', label: 'As in the database' },
  { value: 'NAME.ASC', label: 'Name, A to Z' },
  { value: 'NAME.DESC', label: 'Name, Z to A' },
  { value: 'CONFIDENCE.ASC', label: 'Least sure first' },
  { value: 'CONFIDENCE.DESC', label: 'Most sure first' },
  { value: 'REVIEW_STATE.ASC', label: 'State, unreviewed first' },
  { value: 'REVIEW_STATE.DESC', label: 'State, unreviewed last' },
];

const GROUPS: { value: Grouping; label: string }[] = [
  { value: 'table', label: 'By table' },
  { value: 'schema', label: 'By schema' },
  { value: 'none', label: 'Not grouped' },
];

const BAND_KEYS = { HIGH: 'high', MEDIUM: 'medium', LOW: 'low' } as const;
const STATE_KEYS = { UNREVIEWED: 'unreviewed', ACCEPTED: 'accepted', EDITED: 'edited', SKIPPED: 'skipped' } as const;

export const Filters = memo(function Filters({ view, change, figures }: FiltersProps) {
  const facets = figures?.suggestions.facets;
  // Like each choice's figure, these follow all filters but their own.
  const counts = facets?.states;
  const all = counts && counts.unreviewed + counts.accepted + counts.edited + counts.skipped;
  const kinds = new Map(facets?.kinds.map((it) => [it.kind, it.count]));
  const substances = new Map(facets?.substances.map((it) => [it.substance, it.count]));
  const shownKinds = (Object.keys(ASSET_KINDS) as AssetKind[]).filter(
    (kind) => kinds.has(kind) || view.kinds.includes(kind),
  );
  const isLowPreset =
    view.bands.join() === 'LOW' && view.states.join() === 'UNREVIEWED' && view.sort.field === 'CONFIDENCE';
  return (
    <search className={classes.filters}>
      <div className={classes.filterLine}>
        <Chips className={classes.chips} label="State">
          <Chip figure={all ?? null} on={view.states.length === 0} onClick={() => change({ states: [] })}>
            All
          </Chip>
          {(Object.keys(STATES) as ReviewState[]).map((state) => (
            <Chip
              key={state}
              figure={counts?.[STATE_KEYS[state]] ?? null}
              on={view.states.includes(state)}
              onClick={() => change({ states: toggled(view.states, state) })}
            >
              {STATES[state].label}
            </Chip>
          ))}
          <Chip
            on={isLowPreset}
            hint="Unreviewed suggestions of low confidence, least sure first"
            onClick={() =>
              change(
                isLowPreset
                  ? { bands: [], states: [], sort: BY_POSITION }
                  : { bands: ['LOW'], states: ['UNREVIEWED'], sort: { field: 'CONFIDENCE', direction: 'ASC' } },
              )
            }
          >
            <TriangleAlert size={14} strokeWidth={1.75} aria-hidden /> Low confidence
          </Chip>
        </Chips>
        <Button
          size="compact-xs"
          variant="subtle"
          className={classes.clear as string}
          data-idle={restrictions(view).length === 0}
          onClick={() => change(CLEARED)}
        >
          Clear filters
        </Button>
        <div className={classes.finders}>
          <Tables view={view} change={change} figures={figures} />
          <SearchBox
            className={classes.search}
            value={view.search}
            onChange={(search) => change({ search })}
            label="Search suggestions"
            placeholder="Asset or text"
          />
          <Arrangement view={view} change={change} />
        </div>
      </div>
      <div className={classes.filterLine}>
        <Chips className={classes.chips} label="Confidence">
          <span className={classes.legend}>Confidence</span>
          {(Object.keys(BANDS) as ConfidenceBand[]).map((band) => (
            <Chip
              key={band}
              quiet
              figure={facets?.bands[BAND_KEYS[band]] ?? null}
              on={view.bands.includes(band)}
              onClick={() => change({ bands: toggled(view.bands, band) })}
            >
              {BANDS[band].label}
            </Chip>
          ))}
        </Chips>
        <Chips className={classes.chips} label="Substance">
          {(Object.keys(SUBSTANCES) as Substance[]).map((substance) => (
            <Chip
              key={substance}
              quiet
              figure={facets ? (substances.get(substance) ?? 0) : null}
              on={view.substances.includes(substance)}
              onClick={() => change({ substances: toggled(view.substances, substance) })}
            >
              {SUBSTANCES[substance].label}
            </Chip>
          ))}
        </Chips>
        <Chips className={classes.chips} label="Kind and comment">
          {shownKinds.map((kind) => (
            <Chip
              key={kind}
              quiet
              figure={kinds.get(kind) ?? 0}
              on={view.kinds.includes(kind)}
              onClick={() => change({ kinds: toggled(view.kinds, kind) })}
            >
              {ASSET_KINDS[kind].many}
            </Chip>
          ))}
          <Chip
            quiet
            on={view.hasComment === true}
            onClick={() => change({ hasComment: view.hasComment === true ? undefined : true })}
          >
            With comment
          </Chip>
          <Chip
            quiet
            on={view.hasComment === false}
            onClick={() => change({ hasComment: view.hasComment === false ? undefined : false })}
          >
            No comment
          </Chip>
        </Chips>
      </div>
    </search>
  );
});

/** The order of the list and its groups. */
function Arrangement({ view, change }: Pick<FiltersProps, 'view' | 'change'>) {
  const keepsTables = view.sort.field === 'POSITION' || view.sort.field === 'NAME';
  return (
    <Popover position="bottom-end" width={220} trapFocus>
      <Popover.Target>
        <ActionIcon variant="default" size={30} aria-label="Order and groups">
          <ArrowDownWideNarrow size={16} strokeWidth={1.75} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.filters}>
          <Select
            label="Order"
            data={SORTS}
            value={`${view.sort.field}.${view.sort.direction}`}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            onChange={(value) => {
              const [field, direction] = (value ?? '').split('.');
              change({
                sort: { field: field as SuggestionOrderField, direction: direction === 'DESC' ? 'DESC' : 'ASC' },
              });
            }}
          />
          <Select
            label="Groups"
            data={GROUPS}
            value={view.group}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            disabled={!keepsTables}
            {...(keepsTables ? {} : { description: 'This order does not keep tables together.' })}
            onChange={(value) => change({ group: (value ?? 'table') as Grouping })}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** One table, by the number of its suggestions. */
function Tables({ view, change, figures }: FiltersProps) {
  const tables = figures?.suggestions.facets.tables ?? [];
  const key = (schema: string | null | undefined, table: string | null | undefined) =>
    JSON.stringify([schema ?? null, table ?? null]);
  const chosen = view.table === undefined && view.schema === undefined ? null : key(view.schema, view.table);
  const data = tables.map((it) => ({
    value: key(it.schema, it.table),
    label: `${[it.schema, it.table].filter(Boolean).join('.')} (${count(it.count)})`,
  }));
  if (chosen !== null && !data.some(({ value }) => value === chosen)) {
    data.unshift({ value: chosen, label: [view.schema, view.table].filter(Boolean).join('.') });
  }
  return (
    <Select
      aria-label="Table"
      className={classes.tables as string}
      placeholder="All tables"
      data={data}
      value={chosen}
      searchable
      clearable
      limit={200}
      nothingFoundMessage="Not among the 200 tables with the most suggestions: search for its name."
      onChange={(value) => {
        const [schema, table] = value === null ? [] : (JSON.parse(value) as [string | null, string | null]);
        change({ schema: schema ?? undefined, table: table ?? undefined });
      }}
    />
  );
}
