// What the run is and what it came to: figures, confidence, reviews, scope, settings, failures, where it comes from.

import { useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';

import { inWords } from '../api/errors';
import { type ConfidenceBand, RunFailuresDocument } from '../api/operations';
import { BANDS } from '../ui/confidence';
import { count, Cost, dollars, percent, plural } from '../ui/figures';
import { Card } from '../ui/page';
import { Failure } from '../ui/states';
import { COMMANDS, describes, isCounting, isLive } from '../ui/status';
import { Duration, duration, Moment, Unknown } from '../ui/time';
import { Answer } from './answer';
import { AssetLink } from './asset-link';
import { EventRows } from './event-rows';
import type { EventLog } from './event-log';
import classes from './run.module.css';
import { Scope } from './scope-card';
import type { Run } from './use-run';

const NEWEST = 8;

export function SummaryTab({ run, log }: { run: Run; log: EventLog }) {
  const isQuestion = run.kind === 'ASK';
  return (
    <>
      {isQuestion && <Answer run={run} />}
      {isLive(run.status) && (
        <Card title="Last events" actions={<Link to={`/runs/${run.number}?tab=events`}>All events</Link>}>
          <div className={classes.newest} style={{ height: NEWEST * 24 }}>
            <EventRows entries={log.entries.slice(-NEWEST)} run={run} />
          </div>
        </Card>
      )}
      <div className={classes.cards}>
        <div>
          <Outcome run={run} />
          {!isQuestion && run.progress.failed > 0 && <Failures run={run} />}
          <Origin run={run} />
        </div>
        <div>
          {!isQuestion && run.progress.done > 0 && (
            <>
              <Confidence run={run} />
              <Reviews run={run} />
            </>
          )}
          {!isQuestion && <Scope run={run} />}
          <Settings run={run} />
        </div>
      </div>
    </>
  );
}

function Figures({ rows }: { rows: [name: string, value: React.ReactNode][] }) {
  return (
    <dl className={classes.figures}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Outcome({ run }: { run: Run }) {
  const { progress, usage, budget } = run;
  const isUnasked = usage.requests === 0 && usage.totalTokens === 0;
  const spent: [string, React.ReactNode][] = [];
  if (budget?.maxCostUsd != null) {
    spent.push([
      'Cost limit',
      `${usage.costUsd === null ? '—' : dollars(usage.costUsd)} of ${dollars(budget.maxCostUsd)}`,
    ]);
  }
  if (budget?.maxTokens != null) {
    spent.push(['Token limit', `${count(usage.totalTokens)} of ${count(budget.maxTokens)}`]);
  }
  if (budget?.maxSeconds != null) {
    spent.push(['Time limit', `${duration(run.durationSeconds ?? 0)} of ${duration(budget.maxSeconds)}`]);
  }
  return (
    <Card title="Outcome">
      <Figures
        rows={[
          ...((run.kind === 'ASK'
            ? []
            : [
                [
                  run.kind === 'JUDGE' ? 'Pairs of texts' : 'Assets in scope',
                  progress.total === null ? <Unknown why="The scope is not resolved yet." /> : count(progress.total),
                ],
                ['Described', count(progress.done)],
                ['Failed', count(progress.failed)],
                ['Skipped', count(progress.skipped)],
              ]) as [string, React.ReactNode][]),
          ['Duration', <Duration key="duration" seconds={run.durationSeconds} counting={isCounting(run.status)} />],
          ...(run.applySeconds === null
            ? []
            : ([['Writing comments', <Duration key="apply" seconds={run.applySeconds} />]] as [
                string,
                React.ReactNode,
              ][])),
          ['Cost', <Cost key="cost" usd={usage.costUsd} isUnasked={isUnasked} />],
          ['Tokens sent', count(usage.inputTokens)],
          ['Tokens received', count(usage.outputTokens)],
          [
            'Requests',
            [
              count(usage.requests),
              ...(usage.repeats > 0 ? [`${count(usage.repeats)} of them repeated`] : []),
              ...(usage.retries > 0 ? [`${count(usage.retries)} sent again`] : []),
            ].join(', '),
          ],
          ['Model time', duration(usage.modelSeconds)],
          ...spent,
        ]}
      />
    </Card>
  );
}

function Confidence({ run }: { run: Run }) {
  const { high, medium, low } = run.confidenceDistribution;
  const all = high + medium + low;
  const bars: [ConfidenceBand, number][] = [
    ['HIGH', high],
    ['MEDIUM', medium],
    ['LOW', low],
  ];
  return (
    <Card title="Confidence">
      <ul className={classes.bars}>
        {bars.map(([band, figure]) => (
          <li key={band}>
            <Link
              to={`/runs/${run.number}?tab=results&band=${band.toLowerCase()}`}
              className={classes.barRow}
              title={`${BANDS[band].label} confidence: ${BANDS[band].range}`}
            >
              <span>
                {BANDS[band].label}
                <span className="visually-hidden"> confidence, {BANDS[band].range}:</span>
              </span>
              <span className={classes.track}>
                <span
                  style={{
                    width: `${all === 0 ? 0 : (figure / all) * 100}%`,
                    background: `var(--${BANDS[band].tone})`,
                  }}
                />
              </span>
              <span className={classes.barFigure}>{count(figure)}</span>
              <span className={`${classes.barFigure} muted`}>{all === 0 ? '' : percent(figure / all)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Reviews({ run }: { run: Run }) {
  const { unreviewed, accepted, edited, skipped, applied } = run.reviewCounts;
  const states: [label: string, state: string, figure: number][] = [
    ['Unreviewed', 'unreviewed', unreviewed],
    ['Accepted', 'accepted', accepted],
    ['Edited', 'edited', edited],
    ['Skipped', 'skipped', skipped],
  ];
  return (
    <Card title="Review">
      <ul className={classes.states}>
        {states.map(([label, state, figure]) => (
          <li key={label}>
            <Link to={`/runs/${run.number}?tab=results&state=${state}`}>
              <strong>{count(figure)}</strong> {label}
            </Link>
          </li>
        ))}
        <li>
          <Link to={`/runs/${run.number}?tab=apply`}>
            <strong>{count(applied)}</strong> In the database
          </Link>
        </li>
      </ul>
    </Card>
  );
}

const VERBOSITY = {
  BRIEF: 'brief: one short sentence',
  DETAILED: 'detailed: one or two sentences',
  COMPREHENSIVE: 'comprehensive: everything known',
};
const yes = (value: boolean) => (value ? 'yes' : 'no');

function Settings({ run }: { run: Run }) {
  const { options } = run;
  const rows: [string, React.ReactNode][] = [
    ['Command', COMMANDS[run.command]],
    ['Model', run.model ?? <Unknown key="model" why="The model's profile was deleted." />],
    ['LLM profile', run.llmProfileName ?? <Unknown key="profile" why="The profile was deleted." />],
  ];
  if (describes(run.kind)) {
    rows.push(
      ['Wordings', count(options.alternatives)],
      ['Length', VERBOSITY[options.verbosity]],
      ['Temperature', String(options.temperature)],
      ['Max tokens per answer', count(options.maxOutputTokens)],
      [
        'Statistics and samples',
        !options.profileData
          ? 'not read'
          : run.llmProfile?.provider === 'BUILTIN'
            ? 'read; they stay on the server'
            : 'read and shown to the model',
      ],
      ...(run.llmProfile?.provider === 'BUILTIN'
        ? []
        : [['Known texts taken over', yes(options.inherit && options.instructions === null)] as [string, React.ReactNode]]),
      ['Only without a comment', yes(options.missingOnly)],
      ["Replace people's comments", yes(options.replaceComments)],
    );
  }
  if (options.instructions) {
    rows.push([
      'Instructions',
      <span key="instructions" className={classes.instructions}>
        {options.instructions}
      </span>,
    ]);
  }
  return (
    <Card title="Settings">
      <Figures rows={rows} />
    </Card>
  );
}

function Origin({ run }: { run: Run }) {
  const moment = (at: string | null, why: string) => (at === null ? <Unknown why={why} /> : <Moment at={at} />);
  const rows: [string, React.ReactNode][] = [['Started by', run.startedBy]];
  if (run.schedule) {
    rows.push([
      'Schedule',
      <Link key="schedule" to={`/schedules/${run.schedule.id}`}>
        {run.schedule.name}
      </Link>,
    ]);
  }
  if (run.parent) {
    const title = run.parent.title ? ` ${run.parent.title}` : '';
    rows.push([
      'Re-run of',
      <Link key="parent" to={`/runs/${run.parent.number}`}>{`#${run.parent.number}${title}`}</Link>,
    ]);
  }
  rows.push(
    ['Created', <Moment key="created" at={run.createdAt} />],
    ['Started', moment(run.startedAt, 'It is waiting for a worker.')],
    ['Ended', moment(run.finishedAt, 'It has not ended.')],
  );
  if (run.cancelledBy) {
    rows.push(['Cancelled by', run.cancelledBy]);
  }
  if (run.worker) {
    rows.push([
      'Worker',
      <Link key="worker" to="/workers">
        {run.worker.host}
      </Link>,
    ]);
  }
  return (
    <Card title="Origin">
      <Figures rows={rows} />
    </Card>
  );
}

const FEW = 20;

/** The assets that were given up, by what went wrong; a resume does them again. */
function Failures({ run }: { run: Run }) {
  const [{ data, error }] = useQuery({
    query: RunFailuresDocument,
    variables: { id: run.id },
    requestPolicy: 'network-only',
  });
  const [isLong, setIsLong] = useState(false);
  const nodes = data?.run?.events.nodes.slice(-run.progress.failed) ?? [];
  const groups = new Map<string, typeof nodes>();
  for (const node of isLong ? nodes : nodes.slice(0, FEW)) {
    const said = [node.error?.message ?? node.message, node.error?.hint].filter((text) => text != null);
    const why = said.map(inWords).join(' · ');
    groups.set(why, [...(groups.get(why) ?? []), node]);
  }
  return (
    <Card
      title={plural(run.progress.failed, 'failed asset')}
      actions={<Link to={`/runs/${run.number}?tab=events&type=ASSET_FAILED`}>Events</Link>}
    >
      {error && <Failure error={error} />}
      <ul className={classes.failures}>
        {[...groups].map(([why, failed]) => (
          <li key={why}>
            <div>{why}</div>
            {failed.map(
              ({ sequence, asset }) =>
                asset && (
                  <span key={sequence} className={`${classes.asset} mono`}>
                    <AssetLink profile={run.dbProfile} asset={asset} />
                  </span>
                ),
            )}
          </li>
        ))}
      </ul>
      {nodes.length > FEW && !isLong && (
        <button type="button" className={classes.more} onClick={() => setIsLong(true)}>
          Show {plural(nodes.length - FEW, 'more', 'more')}
        </button>
      )}
      <p className={`${classes.foot} muted`}>Resume retries these assets only.</p>
    </Card>
  );
}
