// One schedule: when it fires, what it describes and how, the runs that it started.

import { Fragment, useState } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { ScheduleDetailDocument, type ScheduleDetailQuery, ScheduleRunsDocument } from '../api/operations';
import { problemOf } from '../api/errors';
import { profileAddress } from '../databases/places';
import { useEstimate } from '../new-run/estimate';
import { budgetInput, optionsInput } from '../new-run/options';
import { display, pathsOf, targetInput, targetOf } from '../scope/model';
import { Cost, count, dollars, plural } from '../ui/figures';
import { Card, Page } from '../ui/page';
import { cursorOf, pageOf, Pager } from '../ui/pager';
import { useRetryOffline } from '../ui/retry';
import { Empty, Failure, Loading, Trouble } from '../ui/states';
import { isCounting, StatusPill } from '../ui/status';
import table from '../ui/table.module.css';
import { Duration, Moment, Unknown } from '../ui/time';
import { type Outcome, OutcomeLine, ScheduleActions } from './actions';
import { draftOf } from './draft';
import { useCurrent } from './live';
import classes from './schedules.module.css';
import { Firing, NextFiring, rhythm, ScheduleStatusPill } from './words';

const PAGE_SIZE = 20;

export type Schedule = Extract<NonNullable<ScheduleDetailQuery['node']>, { __typename?: 'Schedule' }>;

export const isSchedule = (node: ScheduleDetailQuery['node'] | undefined): node is Schedule =>
  node?.__typename === 'Schedule';

export function SchedulePage() {
  const { id = '' } = useParams();
  const navigate = useNavigate();
  const [{ data, error }, again] = useQuery({ query: ScheduleDetailDocument, variables: { id } });
  const [outcome, setOutcome] = useState<Outcome>();
  const schedule = isSchedule(data?.node) ? data.node : undefined;
  useRetryOffline(error, () => again({ requestPolicy: 'network-only' }));
  if (!schedule) {
    return (
      <Page title="Schedule">
        {error ? (
          <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />
        ) : data ? (
          <GoneSchedule />
        ) : (
          <Loading rows={6} />
        )}
      </Page>
    );
  }
  return (
    <Page
      title={schedule.name}
      aside={<ScheduleStatusPill status={schedule.status} />}
      actions={<ScheduleActions schedule={schedule} onOutcome={setOutcome} onDeleted={() => navigate('/schedules')} />}
    >
      <OutcomeLine outcome={outcome} onClose={() => setOutcome(undefined)} />
      {schedule.lastError && (
        <Card title="Last error">
          <Trouble {...schedule.lastError} />
        </Card>
      )}
      <div className={classes.columns}>
        <When schedule={schedule} />
        <What schedule={schedule} />
      </div>
      <Runs id={id} onChange={() => again({ requestPolicy: 'network-only' })} next={schedule.nextFireAt} />
    </Page>
  );
}

export function GoneSchedule() {
  return (
    <Empty title="This schedule does not exist." action={<Link to="/schedules">Open the schedules</Link>}>
      It was deleted, or the link is wrong. Its runs are still in the list of runs.
    </Empty>
  );
}

function When({ schedule }: { schedule: Schedule }) {
  return (
    <Card title="When">
      <p className={classes.words}>{rhythm(schedule)}</p>
      <div className="muted">
        {schedule.timeZone}
        {schedule.cron !== null && (
          <>
            {' '}
            · <code className="mono">{schedule.cron}</code>
          </>
        )}
      </div>
      {schedule.nextFirings.length === 0 ? (
        <p className={classes.none}>
          Next <NextFiring schedule={schedule} />
        </p>
      ) : (
        <ol className={classes.firings} aria-label="Next firings">
          {schedule.nextFirings.map((at) => (
            <li key={at}>
              <Firing at={at} timeZone={schedule.timeZone} />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function What({ schedule }: { schedule: Schedule }) {
  const { dbProfile, scope, options, budget, llmProfile } = schedule;
  const paths = pathsOf(targetOf(dbProfile.id, scope).picks);
  const limits = [
    budget?.maxCostUsd != null && dollars(budget.maxCostUsd),
    budget?.maxTokens != null && `${count(budget.maxTokens)} tokens`,
    budget?.maxSeconds != null && `${plural(Math.round(budget.maxSeconds / 6) / 10, 'minute')} of work`,
  ].filter(Boolean);
  const facts: [string, React.ReactNode][] = [
    [
      'Database',
      <Fragment key="database">
        <Link to={profileAddress(dbProfile)}>{dbProfile.name}</Link>
        {scope.database === null ? '' : ` / ${scope.database}`}
      </Fragment>,
    ],
    ['Scope', paths.length === 0 ? 'Everything' : listed(paths.map(display))],
    ...(scope.exclude.length > 0 ? [['Left out', scope.exclude.join(', ')] as [string, React.ReactNode]] : []),
    ...(scope.partitions === 'EACH' ? [['Partitions', 'Each as a table'] as [string, React.ReactNode]] : []),
    [
      'Covers',
      [
        schedule.onChange ? 'Only what is new or changed since its last run' : 'Everything in scope, each time',
        options.missingOnly ? 'only assets without a comment' : '',
      ]
        .filter(Boolean)
        .join('; '),
    ],
    ['Model', llmProfile?.name ?? 'The default model at each firing'],
    [
      'Outcome',
      [
        schedule.reviewStrategy === 'AUTO' ? 'Apply at once' : 'Review by a person',
        ...(options.replaceComments ? ['people’s comments too'] : []),
      ].join(', '),
    ],
    [
      'Options',
      [
        plural(options.alternatives, 'wording'),
        options.verbosity.toLowerCase(),
        options.profileData ? 'with statistics and samples' : 'without samples',
      ].join(', '),
    ],
    ...(options.instructions ? [['Instructions', options.instructions] as [string, React.ReactNode]] : []),
    ['Budget of a run', limits.length === 0 ? 'No limit' : limits.join(', ')],
    // What later runs of a schedule for changes cover is not known before.
    ...(schedule.onChange && (schedule.lastFireAt !== null || schedule.runs.nodes.length > 0)
      ? []
      : [
          [schedule.onChange ? 'The first run' : 'Each run', <RunEstimate key="estimate" schedule={schedule} />] as [
            string,
            React.ReactNode,
          ],
        ]),
  ];
  return (
    <Card title="What">
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What a run of the schedule would cover and cost, as “Run now” starts one. */
function RunEstimate({ schedule }: { schedule: Schedule }) {
  const { target, options } = draftOf(schedule, []);
  const budget = budgetInput(options);
  const [{ data, error, pending }] = useEstimate(
    target
      ? {
          targets: [targetInput(target)],
          llmProfileId: options.llmProfileId,
          options: optionsInput(options),
          ...(budget ? { budget } : {}),
        }
      : undefined,
  );
  if (!data) {
    return <Unknown why={error ? problemOf(error).message : pending ? 'Being estimated.' : 'Not estimated yet.'} />;
  }
  return (
    <>
      {plural(data.assets, 'asset')},{' '}
      {data.costUsd === null ? 'price not known' : data.costUsd === 0 ? 'no cost' : `about ${dollars(data.costUsd)}`}
    </>
  );
}

const SHOWN = 12;

const listed = (names: string[]) =>
  [...names.slice(0, SHOWN), ...(names.length > SHOWN ? [`and ${count(names.length - SHOWN)} more`] : [])].join('\n');

function Runs({ id, next, onChange }: { id: string; next: string | null; onChange: () => void }) {
  const [parameters, setParameters] = useSearchParams();
  const cursor = cursorOf(parameters);
  const [{ data, error }, again] = useQuery({
    query: ScheduleRunsDocument,
    variables: { id, ...pageOf(cursor, PAGE_SIZE) },
  });
  useCurrent({ scheduleIds: [id] }, [next], () => {
    onChange();
    again({ requestPolicy: 'network-only' });
  });
  const runs = data?.node?.__typename === 'Schedule' ? data.node.runs : undefined;
  return (
    <Card title={runs && runs.totalCount > 0 ? plural(runs.totalCount, 'run') : 'Runs'}>
      {error && !runs && <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />}
      {!error && !runs && <Loading rows={3} />}
      {runs?.nodes.length === 0 && (
        <p className={`${classes.none} muted`}>
          No run yet. “Run now” starts one at once.
        </p>
      )}
      {runs && runs.nodes.length > 0 && (
        <>
          <table className={table.table}>
            <thead>
              <tr>
                <th className={classes.number}>Run</th>
                <th>Status</th>
                <th className={classes.assets}>Assets</th>
                <th className={classes.duration}>Duration</th>
                <th className={classes.cost}>Cost</th>
                <th className={classes.started}>Started</th>
              </tr>
            </thead>
            <tbody>
              {runs.nodes.map((run) => (
                <tr key={run.id} className={classes.runRow}>
                  <td>
                    <Link to={`/runs/${run.number}`} className={`${classes.open} mono`}>
                      #{run.number}
                    </Link>
                  </td>
                  <td>
                    <StatusPill status={run.status} failed={run.status === 'FAILED' ? 0 : run.progress.failed} />
                  </td>
                  <td className={classes.assets}>
                    {run.progress.total === null ? (
                      <Unknown why="Its scope is not resolved yet." />
                    ) : (
                      `${count(run.progress.done)} of ${count(run.progress.total)}`
                    )}
                  </td>
                  <td className={classes.duration}>
                    <Duration seconds={run.durationSeconds} counting={isCounting(run.status)} />
                  </td>
                  <td className={classes.cost}>
                    <Cost usd={run.usage.costUsd} />
                  </td>
                  <td className={classes.started}>
                    <Moment at={run.startedAt ?? run.createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <Pager
            label="runs"
            words={['Newer', 'Older']}
            shown={runs.nodes.length}
            total={runs.totalCount}
            info={runs.pageInfo}
            cursor={cursor}
            go={(next) => setParameters({ ...next })}
            show={() => {}}
          />
        </>
      )}
    </Card>
  );
}
