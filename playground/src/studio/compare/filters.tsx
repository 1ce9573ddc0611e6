// What of the grid is shown: how the texts relate, kinds of assets, a search; each with its figure.

import { Button, Checkbox, Tooltip } from '@mantine/core';

import type { Agreement, AssetKind, CompareFiguresQuery } from '../api/operations';
import { count } from '../ui/figures';
import { SearchBox } from '../ui/search-box';
import classes from './compare.module.css';
import { CLEARED, type Change, isFiltered, type View } from './view';
import { AGREEMENTS, ASSET_KINDS } from './words';

type Figures = Record<string, { totalCount: number } | string>;

interface FiltersProps {
  view: View;
  change: Change;
  figures: CompareFiguresQuery['compareRuns'] | undefined;
}

export function Filters({ view, change, figures }: FiltersProps) {
  const figure = (name: string) => {
    const found = (figures as Figures | null | undefined)?.[name];
    return typeof found === 'object' ? found.totalCount : undefined;
  };
  const kinds = (Object.keys(ASSET_KINDS) as AssetKind[]).filter((kind) => figure(kind) || view.kinds.includes(kind));
  return (
    <search className={classes.filters}>
      <div className={classes.chips} role="group" aria-label="Agreement of the texts">
        {(Object.keys(AGREEMENTS) as Agreement[]).map((agreement) => (
          <Chip
            key={agreement}
            label={AGREEMENTS[agreement].label}
            hint={AGREEMENTS[agreement].hint}
            figure={figure(agreement)}
            on={view.agreement.includes(agreement)}
            onClick={() => change({ agreement: toggled(view.agreement, agreement) })}
          />
        ))}
      </div>
      {kinds.length > 1 && (
        <div className={classes.chips} role="group" aria-label="Kinds of assets">
          {kinds.map((kind) => (
            <Chip
              key={kind}
              label={ASSET_KINDS[kind]}
              figure={figure(kind)}
              on={view.kinds.includes(kind)}
              onClick={() => change({ kinds: toggled(view.kinds, kind) })}
            />
          ))}
        </div>
      )}
      <SearchBox
        className={classes.search}
        value={view.search}
        onChange={(search) => change({ search })}
        label="Search names and texts"
        placeholder="Name or text"
      />
      <Checkbox
        label="Word diff"
        checked={view.diff}
        onChange={(event) => change({ diff: event.currentTarget.checked })}
      />
      {isFiltered(view) && (
        <Button size="compact-xs" variant="subtle" onClick={() => change(CLEARED)}>
          Clear filters
        </Button>
      )}
    </search>
  );
}

const toggled = <T,>(list: T[], member: T) =>
  list.includes(member) ? list.filter((it) => it !== member) : [...list, member];

interface ChipProps {
  label: string;
  hint?: string;
  figure: number | undefined;
  on: boolean;
  onClick: () => void;
}

function Chip({ label, hint, figure, on, onClick }: ChipProps) {
  return (
    <Tooltip label={hint} disabled={hint === undefined}>
      <button type="button" className={classes.chip} aria-pressed={on} onClick={onClick}>
        {label}
        <span className={classes.figure}>{figure === undefined ? '' : count(figure)}</span>
      </button>
    </Tooltip>
  );
}
