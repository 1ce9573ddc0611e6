// Every comment that was written to a database, newest first, with what stood there before; and its way back.

import { Button, Select, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Undo2 } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';

import type { AuditWriteFragment } from '../api/operations';
import { Action } from '../ui/action';
import { Page } from '../ui/page';
import { Pager } from '../ui/pager';
import { useScrollRestoration } from '../ui/scroll';
import { SearchBox } from '../ui/search-box';
import { Empty, Failure, Loading } from '../ui/states';
import classes from './audit.module.css';
import { RollBack, type RollBackOf } from './roll-back';
import { CLEARED, restrictions, useView, type View } from './view';
import { WriteList, WriteTable } from './write-rows';
import { useWrites } from './writes';
import { describes } from '../ui/status';

export function AuditPage() {
  const [view, change] = useView();
  const { writes, run, profiles, missing, error, stale, hasNew, refetch } = useWrites(view);
  const [rollBack, setRollBack] = useState<RollBackOf>();
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  useScrollRestoration(writes !== undefined);
  const limits = restrictions(view);
  const undo = (write: AuditWriteFragment) => {
    if (write.run && write.suggestion) {
      setRollBack({ run: write.run, suggestionIds: [write.suggestion.id], asset: write.asset.display });
    }
  };
  return (
    <Page
      title="Audit"
      actions={
        run &&
        (writes?.nodes.length !== 0 || limits.length > 1) && (
          <Action
            variant="default"
            leftSection={<Undo2 size={16} strokeWidth={1.75} aria-hidden />}
            why={describes(run.kind) ? undefined : 'This run writes nothing.'}
            onClick={() => setRollBack({ run })}
          >
            Roll back #{run.number}…
          </Action>
        )
      }
      toolbar={<Filters view={view} change={change} profiles={profiles?.map(({ name }) => name)} />}
    >
      <div aria-busy={stale}>
        {hasNew && (
          <div className={classes.fresh}>
            <Button
              size="compact-sm"
              variant="light"
              onClick={() => (view.cursor.after || view.cursor.before ? change({}) : refetch())}
            >
              Show new writes
            </Button>
          </div>
        )}
        {missing ? (
          <Empty
            title={missing === 'run' ? `There is no run #${view.run}.` : `There is no DB profile ${view.profile}.`}
            action={
              <Button variant="default" onClick={() => change({ [missing]: '' })}>
                Show the writes of all {missing}s
              </Button>
            }
          >
            It was deleted, or its {missing === 'run' ? 'number' : 'name'} is mistyped. What it wrote stays in the audit: search for an asset, a text or a
            name.
          </Empty>
        ) : error && !writes ? (
          <Failure error={error} retry={refetch} />
        ) : !writes ? (
          <Loading rows={10} height={52} />
        ) : writes.nodes.length === 0 ? (
          limits.length > 0 ? (
            <Empty
              title="No writes match."
              action={
                <Button variant="default" onClick={() => change(CLEARED)}>
                  Clear filters
                </Button>
              }
            >
              The list shows writes with {limits.join(', ')}.
            </Empty>
          ) : (
            <Empty title="Nothing has been written yet." action={<Link to="/runs">Open the runs</Link>}>
              When you apply a run, Gloss records here each comment that it writes, and the comment before.
            </Empty>
          )
        ) : (
          <>
            {error && <Failure error={error} retry={refetch} />}
            {isPhone ? (
              <WriteList writes={writes.nodes} undo={undo} />
            ) : (
              <WriteTable writes={writes.nodes} undo={undo} />
            )}
            <Pager
              label="writes"
              shown={writes.nodes.length}
              total={writes.totalCount}
              info={writes.pageInfo}
              cursor={view.cursor}
              words={['Newer', 'Older']}
              go={(cursor) => change({ cursor })}
            />
          </>
        )}
      </div>
      {rollBack && <RollBack {...rollBack} onClose={() => setRollBack(undefined)} />}
    </Page>
  );
}

interface FiltersProps {
  view: View;
  change: (change: Partial<View>) => void;
  profiles: string[] | undefined;
}

function Filters({ view, change, profiles = [] }: FiltersProps) {
  const names = view.profile === '' || profiles.includes(view.profile) ? profiles : [...profiles, view.profile];
  return (
    <search className={classes.filters}>
      <SearchBox
        className={classes.search}
        value={view.search}
        onChange={(search) => change({ search })}
        label="Search writes"
        placeholder="Asset, text, profile, actor"
      />
      <Select
        className={classes.profile as string}
        aria-label="DB profile"
        placeholder="All profiles"
        data={names}
        value={view.profile || null}
        onChange={(profile) => change({ profile: profile ?? '' })}
        clearable
        clearButtonProps={{ 'aria-label': 'All profiles' }}
        searchable={names.length > 8}
      />
      <form
        key={view.run}
        className={classes.run}
        onSubmit={(event) => {
          event.preventDefault();
          change({ run: String(new FormData(event.currentTarget).get('run')).trim() });
        }}
      >
        <TextInput
          name="run"
          aria-label="Number of a run"
          placeholder="Run #"
          defaultValue={view.run && `#${view.run}`}
          onBlur={(event) => event.currentTarget.form?.requestSubmit()}
          autoComplete="off"
        />
      </form>
      <div className={classes.days}>
        <span className="muted">From</span>
        <TextInput
          className={classes.day as string}
          type="date"
          aria-label="Written from"
          value={view.from}
          max={view.to || undefined}
          onChange={(event) => change({ from: event.currentTarget.value })}
        />
        <span className="muted">until</span>
        <TextInput
          className={classes.day as string}
          type="date"
          aria-label="Written until"
          value={view.to}
          min={view.from || undefined}
          onChange={(event) => change({ to: event.currentTarget.value })}
        />
      </div>
      {restrictions(view).length > 0 && (
        <Button size="compact-xs" variant="subtle" onClick={() => change(CLEARED)}>
          Clear filters
        </Button>
      )}
    </search>
  );
}
