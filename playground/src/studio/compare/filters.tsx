// What of the grid is shown: how the texts relate, kinds of assets, a search; each with its figure.

import { Button, Checkbox } from '@mantine/core';

import type { Agreement, AssetKind, CompareFiguresQuery } from '../api/operations';
import { Chip, Chips, toggled } from '../ui/chips';
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
      <Chips label="Agreement of the texts">
        {(Object.keys(AGREEMENTS) as Agreement[]).map((agreement) => (
          <Chip
            key={agreement}
            hint={AGREEMENTS[agreement].hint}
            figure={figure(agreement) ?? null}
            on={view.agreement.includes(agreement)}
            onClick={() => change({ agreement: toggled(view.agreement, agreement) })}
          >
            {AGREEMENTS[agreement].label}
          </Chip>
        ))}
      </Chips>
      {kinds.length > 1 && (
        <Chips label="Kinds of assets">
          {kinds.map((kind) => (
            <Chip
              key={kind}
              figure={figure(kind) ?? null}
              on={view.kinds.includes(kind)}
              onClick={() => change({ kinds: toggled(view.kinds, kind) })}
            >
              {ASSET_KINDS[kind]}
            </Chip>
          ))}
        </Chips>
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
