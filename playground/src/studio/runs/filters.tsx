// Chips for kinds and statuses with their figures, search, further filters, saved views.

import { ActionIcon, Button, Checkbox, Popover, TagsInput, TextInput } from '@mantine/core';
import { Bookmark, ListFilter, Trash2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';

import type { RunKind, RunsQuery, RunStatus } from '../api/operations';
import { Chip, toggled } from '../ui/chips';
import { SearchBox } from '../ui/search-box';
import { KINDS, STATUSES } from '../ui/status';
import { useRemembered } from '../ui/storage';
import { Clipped } from '../ui/text';
import classes from './runs.module.css';
import { addressOf, CLEARED, type Chip as ChipOfView, restrictions, type View } from './view';

interface FiltersProps {
  view: View;
  change: (change: Partial<View>) => void;
  counts: Pick<RunsQuery['runs'], 'kindCounts' | 'statusCounts'> | undefined;
}

export function Filters({ view, change, counts: current }: FiltersProps) {
  // The last figures stand there until the present ones are known: they keep the chips' widths.
  const [last, remember] = useRemembered<FiltersProps['counts']>('runs.counts', undefined);
  useEffect(() => {
    if (current) {
      remember({ kindCounts: current.kindCounts, statusCounts: current.statusCounts });
    }
  }, [current, remember]);
  const counts = current ?? last;
  const kinds = new Map(counts?.kindCounts.map(({ kind, count: figure }) => [kind, figure]));
  const statuses = new Map(counts?.statusCounts.map(({ status, count: figure }) => [status, figure]));
  const all = counts && [...kinds.values()].reduce((sum, figure) => sum + figure, 0);
  const chips: [ChipOfView, string, number | undefined][] = [
    ...(Object.keys(KINDS) as RunKind[]).map((kind): (typeof chips)[number] => [kind, KINDS[kind], kinds.get(kind)]),
    ['ALL', 'All activity', all],
  ];
  return (
    <search className={classes.filters}>
      <div className={classes.line}>
        <div className={`${classes.line} ${classes.scrolling}`}>
          {chips.map(([chip, label, figure]) => (
            <Chip key={chip} on={view.chip === chip} figure={figure ?? null} onClick={() => change({ chip })}>
              {label}
            </Chip>
          ))}
        </div>
        <div className={classes.tools}>
          <SearchBox
            className={classes.search}
            value={view.search}
            onChange={(search) => change({ search })}
            label="Search runs"
            placeholder="Number, title, scope, model, profile"
          />
          <MoreFilters view={view} change={change} />
          <SavedViews view={view} />
        </div>
      </div>
      <div className={`${classes.line} ${classes.scrolling}`}>
        {(Object.keys(STATUSES) as RunStatus[]).map((status) => (
          <Chip
            key={status}
            quiet
            on={view.statuses.includes(status)}
            figure={statuses.get(status) ?? null}
            onClick={() => change({ statuses: toggled(view.statuses, status) })}
          >
            {STATUSES[status].label}
          </Chip>
        ))}
        {restrictions(view).length > 0 && (
          <Button size="compact-xs" variant="subtle" onClick={() => change(CLEARED)}>
            Clear filters
          </Button>
        )}
      </div>
    </search>
  );
}

function MoreFilters({ view, change }: Pick<FiltersProps, 'view' | 'change'>) {
  const active = [
    view.from,
    view.to,
    view.startedBy.length,
    view.labels.length,
    view.profiles.length,
    view.failures,
  ].filter(Boolean).length;
  return (
    <Popover position="bottom-end" width={280} trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<ListFilter size={14} strokeWidth={1.75} aria-hidden />}>
          Filters{active > 0 ? ` (${active})` : ''}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.filters}>
          <TextInput
            type="date"
            label="Started from"
            value={view.from.slice(0, 10)}
            max={view.to || undefined}
            onChange={(event) => change({ from: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label="Started until"
            value={view.to}
            min={view.from.slice(0, 10) || undefined}
            onChange={(event) => change({ to: event.currentTarget.value })}
          />
          <TagsInput
            label="Started by"
            description="Names of tokens or schedules, or local"
            value={view.startedBy}
            onChange={(startedBy) => change({ startedBy })}
          />
          <TagsInput label="Labels" value={view.labels} onChange={(labels) => change({ labels })} />
          <Checkbox
            label="With failed assets"
            checked={view.failures}
            onChange={(event) => change({ failures: event.currentTarget.checked })}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Views that this browser keeps by name. */
function SavedViews({ view }: { view: View }) {
  const [isOpen, setIsOpen] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const [saved, setSaved] = useRemembered<{ name: string; address: string }[]>('runs.views', []);
  const [name, setName] = useState('');
  const { after: _, before: __, ...kept } = view;
  const save = () => {
    const title = name.trim();
    if (title !== '') {
      setSaved([...saved.filter((it) => it.name !== title), { name: title, address: addressOf(kept) }]);
      setName('');
    }
  };
  return (
    <Popover position="bottom-end" width={280} trapFocus opened={isOpen} onChange={setIsOpen}>
      <Popover.Target>
        <ActionIcon variant="default" size={30} aria-label="Saved views" onClick={() => setIsOpen(!isOpen)}>
          <Bookmark size={14} strokeWidth={1.75} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved views">
        {saved.length === 0 && <p className={classes.noViews}>Name a filter to find it here again.</p>}
        {saved.length > 0 && (
          <ul className={classes.views}>
            {saved.map((it) => (
              <li key={it.name}>
                <Link to={it.address} onClick={() => setIsOpen(false)}>
                  <Clipped text={it.name} />
                </Link>
                <ActionIcon
                  aria-label={`Delete the view ${it.name}`}
                  onClick={() => {
                    setSaved(saved.filter((other) => other.name !== it.name));
                    // The button is gone with its view.
                    field.current?.focus();
                  }}
                >
                  <Trash2 size={14} strokeWidth={1.75} aria-hidden />
                </ActionIcon>
              </li>
            ))}
          </ul>
        )}
        <form
          className={classes.saving}
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <TextInput
            ref={field}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            placeholder="Name this view"
            aria-label="Name of the view"
            maxLength={60}
          />
          <Button type="submit" variant="default">
            Save
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
