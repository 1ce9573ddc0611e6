// The list of runs.

import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Ban, Ellipsis, GitCompareArrows, Plus, Trash2, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';

import { useLacks } from '../api/viewer';
import { plural } from '../ui/figures';
import { useKeys } from '../ui/keys';
import { MenuAction } from '../ui/menu-action';
import { Page } from '../ui/page';
import { Pager } from '../ui/pager';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading } from '../ui/states';
import { CancelAll, DeleteSelected } from './bulk';
import { Filters } from './filters';
import { FirstUse } from './first-use';
import { useRuns } from './live';
import { RunsTable } from './runs-table';
import classes from './runs.module.css';
import { cannotCompare, comparisonOf, select, toggle, useSelected } from './selection';
import { CLEARED, PAGE_SIZE, restrictions, useView } from './view';

export function RunsPage() {
  const [view, change] = useView();
  const selected = useSelected();
  const navigate = useNavigate();
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const body = useRef<HTMLDivElement>(null);
  const isScrolled = () => (document.getElementById('scroll')?.scrollTop ?? 0) > 0;
  const { rows, gone, waiting, counts, pageInfo, error, loading, refetch } = useRuns(
    view,
    () => !isScrolled() && selected.length === 0,
  );
  const [dialog, setDialog] = useState<'cancel' | 'delete'>();
  useScrollRestoration(rows !== undefined);

  const why = cannotCompare(selected);
  const compare = () => {
    if (why === undefined) {
      navigate(comparisonOf(selected));
    }
    return why === undefined;
  };
  useKeys((key) => key === 'c' && compare());

  const limits = restrictions(view);
  const everything = counts?.kindCounts.reduce((sum, kind) => sum + kind.count, 0);
  const isFirstUse = everything === 0 && limits.length === 0;
  const lacksOperator = useLacks('OPERATOR');

  const tray = selected.length > 0 && (
    <fieldset className={classes.tray} aria-label="Selected runs">
      {selected.slice(0, 4).map((run) => (
        <button
          key={run.id}
          type="button"
          className={classes.picked}
          onClick={() => toggle(run)}
          aria-label={`Deselect #${run.number}`}
        >
          #{run.number}
          <X size={12} strokeWidth={1.75} aria-hidden />
        </button>
      ))}
      {selected.length > 4 && <span className="muted">+{selected.length - 4}</span>}
      <Button size="compact-sm" variant="subtle" color="gray" onClick={() => select([])}>
        Clear
      </Button>
      <Tooltip label={why} disabled={why === undefined}>
        <Button
          variant="default"
          leftSection={<GitCompareArrows size={16} strokeWidth={1.75} aria-hidden />}
          onClick={compare}
          {...(why === undefined
            ? {}
            : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': why })}
        >
          Compare {selected.length}
        </Button>
      </Tooltip>
    </fieldset>
  );

  return (
    <Page
      title="Runs"
      actions={
        <>
          {!isPhone && tray}
          <Menu position="bottom-end" width={240}>
            <Menu.Target>
              <ActionIcon variant="default" size={30} aria-label="More actions">
                <Ellipsis size={16} strokeWidth={1.75} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <MenuAction icon={Ban} onClick={() => setDialog('cancel')}>
                Cancel all matching…
              </MenuAction>
              <MenuAction
                icon={Trash2}
                needs="ADMIN"
                why={selected.length === 0 ? 'Select the runs first.' : undefined}
                onClick={() => setDialog('delete')}
              >
                Delete the selected…
              </MenuAction>
            </Menu.Dropdown>
          </Menu>
          {lacksOperator === undefined ? (
            <Button component={Link} to="/runs/new" leftSection={<Plus size={16} strokeWidth={1.75} aria-hidden />}>
              New run
            </Button>
          ) : (
            <Tooltip label={lacksOperator}>
              <Button data-disabled aria-disabled leftSection={<Plus size={16} strokeWidth={1.75} aria-hidden />}>
                New run
              </Button>
            </Tooltip>
          )}
        </>
      }
      toolbar={
        isFirstUse ? undefined : (
          <>
            {isPhone && tray}
            <Filters view={view} change={change} counts={counts} />
          </>
        )
      }
    >
      <div ref={body} aria-busy={loading}>
        {error && !rows && <Failure error={error} retry={refetch} />}
        {!error && !rows && <Loading rows={12} />}
        {rows && isFirstUse && <FirstUse />}
        {rows && !isFirstUse && rows.length === 0 && (
          <Empty
            title="No runs match."
            action={
              <Button variant="default" onClick={() => change(limits.length > 0 ? CLEARED : { chip: 'ALL' })}>
                {limits.length > 0 ? 'Clear filters' : 'Show all activity'}
              </Button>
            }
          >
            {limits.length > 0 ? `Active filters: ${limits.join(', ')}.` : 'There is no run of this kind yet.'}
          </Empty>
        )}
        {rows && rows.length > 0 && (
          <>
            <div className={classes.above} aria-live="polite">
              {waiting > 0 && (
                <Button
                  size="compact-sm"
                  variant="light"
                  onClick={() => (view.after || view.before ? change({}) : refetch())}
                >
                  Show {plural(waiting, 'new run')}
                </Button>
              )}
            </div>
            <RunsTable rows={rows} gone={gone} view={view} change={change} />
            {pageInfo && (
              <Pager
                label="runs"
                shown={Math.min(rows.filter(({ id }) => !gone.has(id)).length, PAGE_SIZE)}
                total={counts?.totalCount ?? 0}
                info={pageInfo}
                cursor={view.after ? { after: view.after } : view.before ? { before: view.before } : {}}
                words={['Newer', 'Older']}
                go={change}
              />
            )}
          </>
        )}
      </div>
      {dialog === 'cancel' && <CancelAll view={view} onClose={() => setDialog(undefined)} />}
      {dialog === 'delete' && <DeleteSelected onClose={() => setDialog(undefined)} />}
    </Page>
  );
}
