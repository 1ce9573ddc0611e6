// The list of schedules.

import { Button, Tooltip } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { inWords } from '../api/errors';
import { ScheduleListDocument, type ScheduleRowFragment } from '../api/operations';
import { useLacks } from '../api/viewer';
import { Page } from '../ui/page';
import { cursorOf, pageOf, Pager } from '../ui/pager';
import { useRetryOffline } from '../ui/retry';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading } from '../ui/states';
import { StatusPill } from '../ui/status';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { Unknown } from '../ui/time';
import { type Outcome, OutcomeLine, ScheduleActions } from './actions';
import { useCurrent } from './live';
import classes from './schedules.module.css';
import { NextFiring, rhythm, ScheduleStatusPill, STRATEGIES } from './words';

const PAGE_SIZE = 50;

/** Those of a page that fire next come first, then those that do not fire. */
const bySoonest = (schedules: ScheduleRowFragment[]) =>
  [...schedules].sort((one, other) => (one.nextFireAt ?? '~').localeCompare(other.nextFireAt ?? '~'));

export function SchedulesPage() {
  const [parameters, setParameters] = useSearchParams();
  const cursor = cursorOf(parameters);
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const [{ data, error }, again] = useQuery({ query: ScheduleListDocument, variables: pageOf(cursor, PAGE_SIZE) });
  const [outcome, setOutcome] = useState<Outcome>();
  const schedules = data && bySoonest(data.schedules.nodes);
  const refetch = () => again({ requestPolicy: 'network-only' });
  useCurrent({ kinds: ['SCHEDULE'] }, schedules?.map(({ nextFireAt }) => nextFireAt) ?? [], refetch);
  useRetryOffline(error, refetch);
  useScrollRestoration(schedules !== undefined);
  return (
    <Page title="Schedules" actions={schedules?.length !== 0 && <NewSchedule />}>
      <OutcomeLine outcome={outcome} onClose={() => setOutcome(undefined)} />
      {error && !schedules && <Failure error={error} retry={refetch} />}
      {!error && !schedules && <Loading rows={8} />}
      {schedules?.length === 0 && (
        <Empty title="No schedules yet." action={<NewSchedule />}>
          A schedule starts runs by itself, once or repeatedly. Its suggestions wait for your review
          unless you let Gloss apply them. With “Only what is new or changed” it covers only tables and columns
          added or changed since its last run.
        </Empty>
      )}
      {data && schedules && schedules.length > 0 && (
        <>
          {isPhone ? (
            <List schedules={schedules} onOutcome={setOutcome} />
          ) : (
            <Table schedules={schedules} onOutcome={setOutcome} />
          )}
          <Pager
            label="schedules"
            shown={schedules.length}
            total={data.schedules.totalCount}
            info={data.schedules.pageInfo}
            cursor={cursor}
            go={(next) => setParameters({ ...next })}
          />
        </>
      )}
    </Page>
  );
}

function NewSchedule() {
  const lacks = useLacks('OPERATOR');
  const icon = <Plus size={16} strokeWidth={1.75} aria-hidden />;
  return lacks === undefined ? (
    <Button component={Link} to="/schedules/new" leftSection={icon}>
      New schedule
    </Button>
  ) : (
    <Tooltip label={lacks}>
      <Button data-disabled aria-disabled aria-description={lacks} leftSection={icon}>
        New schedule
      </Button>
    </Tooltip>
  );
}

interface RowsProps {
  schedules: ScheduleRowFragment[];
  onOutcome: (outcome: Outcome | undefined) => void;
}

function Table({ schedules, onOutcome }: RowsProps) {
  return (
    <div className={classes.wide}>
      <table className={table.table}>
        <thead>
          <tr>
            <th>Schedule</th>
            <th className={classes.next}>Next</th>
            <th className={classes.target}>Scope</th>
            <th className={classes.strategy}>Outcome</th>
            <th className={classes.status}>Status</th>
            <th className={classes.last}>Last run</th>
            <th className={classes.actions}>Actions</th>
          </tr>
        </thead>
        <tbody>
          {schedules.map((schedule) => (
            <tr key={schedule.id} className={classes.row}>
              <td>
                <Name schedule={schedule} />
                <Clipped
                  text={`${rhythm(schedule)}${schedule.cron === null ? '' : `, ${schedule.timeZone}`}`}
                  className={classes.second as string}
                />
              </td>
              <td className={classes.next}>
                <NextFiring schedule={schedule} />
              </td>
              <td className={classes.target}>
                <Clipped text={schedule.dbProfile.name} />
                <Clipped text={schedule.scopeSummary} className={classes.second as string} />
              </td>
              <td className={classes.strategy}>{STRATEGIES[schedule.reviewStrategy]}</td>
              <td className={classes.status}>
                <ScheduleStatusPill status={schedule.status} />
              </td>
              <td className={classes.last}>
                <LastRun schedule={schedule} />
              </td>
              <td className={classes.actions}>
                <span className={classes.buttons}>
                  <ScheduleActions compact schedule={schedule} onOutcome={onOutcome} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function List({ schedules, onOutcome }: RowsProps) {
  return (
    <ul className={classes.list}>
      {schedules.map((schedule) => (
        <li key={schedule.id} className={classes.item}>
          <div className={classes.itemHead}>
            <Name schedule={schedule} />
            <ScheduleStatusPill status={schedule.status} />
          </div>
          <div className="muted">
            {rhythm(schedule)}, {schedule.timeZone} · {schedule.dbProfile.name}
          </div>
          <div>
            Next <NextFiring schedule={schedule} />
          </div>
          <LastRun schedule={schedule} isPhone />
          <span className={classes.buttons}>
            <ScheduleActions compact schedule={schedule} onOutcome={onOutcome} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Name({ schedule }: { schedule: ScheduleRowFragment }) {
  return (
    <Link to={`/schedules/${encodeURIComponent(schedule.id)}`} className={classes.open}>
      <Clipped text={schedule.name} />
    </Link>
  );
}

function LastRun({ schedule, isPhone = false }: { schedule: ScheduleRowFragment; isPhone?: boolean }) {
  const [run] = schedule.runs.nodes;
  return (
    <>
      {run ? (
        <span className={classes.run}>
          <Link to={`/runs/${run.number}`} className="mono">
            #{run.number}
          </Link>
          <StatusPill status={run.status} failed={run.status === 'FAILED' ? 0 : run.progress.failed} />
        </span>
      ) : (
        !schedule.lastError &&
        (isPhone ? <span className="muted">No run yet</span> : <Unknown why="No run yet." />)
      )}
      {schedule.lastError && (
        <Clipped text={inWords(schedule.lastError.message)} className={classes.error as string} focusable />
      )}
    </>
  );
}
