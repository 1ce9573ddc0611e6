// Chips for kinds and statuses with their figures, search, further filters, saved views.

import { ActionIcon, Button, Checkbox, Menu, Popover, TagsInput, TextInput } from '@mantine/core';
import { Bookmark, ListFilter, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';

import type { RunKind, RunsQuery, RunStatus } from '../api/operations';
import { count } from '../ui/figures';
import { SearchBox } from '../ui/search-box';
import { KINDS, STATUSES } from '../ui/status';
import { useRemembered } from '../ui/storage';
import classes from './runs.module.css';
import { addressOf, CLEARED, type Chip, restrictions, type View } from './view';

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
  const chips: [Chip, string, number | undefined][] = [
    ...(Object.keys(KINDS) as RunKind[]).map((kind): [Chip, string, number | undefined] => [kind, KINDS[kind], kinds.get(kind)]),
    ['ALL', 'All activity', all],
  ];
  const toggleStatus = (status: RunStatus) =>
    change({
      statuses: view.statuses.includes(status) ? view.statuses.filter((it) => it !== status) : [...view.statuses, status],
    });
  return (
    <search className={classes.filters}>
      <div className={classes.line}>
        <div className={`${classes.line} ${classes.scrolling}`}>
          {chips.map(([chip, label, figure]) => (
            <button key={chip} type="button" className={classes.chip} aria-pressed={view.chip === chip} onClick={() => change({ chip })}>
              {label}
              <span className={classes.figure}>{figure === undefined ? '' : count(figure)}</span>
            </button>
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
          <button
            key={status}
            type="button"
            className={`${classes.chip} ${classes.small}`}
            aria-pressed={view.statuses.includes(status)}
            onClick={() => toggleStatus(status)}
          >
            {STATUSES[status].label}
            <span className={classes.figure}>{statuses.has(status) ? count(statuses.get(status) as number) : ''}</span>
          </button>
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
  const active = [view.from, view.to, view.startedBy.length, view.labels.length, view.profiles.length, view.failures].filter(Boolean).length;
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
  const navigate = useNavigate();
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
    <Menu position="bottom-end" width={260} closeOnItemClick>
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label="Saved views">
          <Bookmark size={14} strokeWidth={1.75} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {saved.length === 0 && <Menu.Label>No saved views yet</Menu.Label>}
        {saved.map((it) => (
          <Menu.Item
            key={it.name}
            onClick={() => navigate(it.address)}
            rightSection={
              <ActionIcon
                component="span"
                size="sm"
                role="button"
                aria-label={`Forget the view ${it.name}`}
                onClick={(event: React.MouseEvent) => {
                  event.stopPropagation();
                  setSaved(saved.filter((other) => other.name !== it.name));
                }}
              >
                <Trash2 size={14} strokeWidth={1.75} aria-hidden />
              </ActionIcon>
            }
          >
            {it.name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <form
          style={{ padding: 8, display: 'flex', gap: 8 }}
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <TextInput
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => event.stopPropagation()}
            placeholder="Name this view"
            aria-label="Name of the view"
            maxLength={60}
            style={{ flex: 1 }}
          />
          <Button type="submit" variant="default">
            Save
          </Button>
        </form>
      </Menu.Dropdown>
    </Menu>
  );
}
