// What models were used for in a window of time: in all, by day, by model.

import { SegmentedControl } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { useEvents } from '../api/events';
import { useReconnected } from '../api/connection';
import {
  UsageChangedDocument,
  UsageDocument,
  type UsageQuery,
  type UsageSumFragment,
  type UsageWindow,
} from '../api/operations';
import { type Bar, BarChart } from '../ui/bar-chart';
import { PROVIDERS } from '../models/providers';
import { addressOf } from '../runs/view';
import { compact, count, dollars, plural } from '../ui/figures';
import { Card, Page } from '../ui/page';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading } from '../ui/states';
import { useRemembered } from '../ui/storage';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { duration, Unknown, zone } from '../ui/time';
import classes from './usage.module.css';

const WINDOWS: Record<UsageWindow, { label: string; words: string }> = {
  TODAY: { label: 'Today', words: 'today, since midnight UTC' },
  LAST_24_HOURS: { label: '24 hours', words: 'the last 24 hours' },
  LAST_7_DAYS: { label: '7 days', words: 'today and the six days before, in UTC' },
  LAST_30_DAYS: { label: '30 days', words: 'today and the 29 days before, in UTC' },
  ALL_TIME: { label: 'All time', words: 'all time' },
};
const DAY_MS = 86_400_000;

/** When a window began; undefined for all time. */
function beginOf(window: UsageWindow): string | undefined {
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const begins: Record<UsageWindow, number | undefined> = {
    TODAY: today,
    LAST_24_HOURS: Date.now() - DAY_MS,
    LAST_7_DAYS: today - 6 * DAY_MS,
    LAST_30_DAYS: today - 29 * DAY_MS,
    ALL_TIME: undefined,
  };
  const begin = begins[window];
  return begin === undefined ? undefined : new Date(begin).toISOString();
}

const DEFAULT: UsageWindow = 'LAST_7_DAYS';
const REFETCH_EVERY = 5000;
const NO_PRICE = 'At least one model has no prices in its profile, so the cost is not known.';

type Report = UsageQuery['usage'];
type Measure = 'tokens' | 'cost' | 'requests';

export function UsagePage() {
  const [parameters, setParameters] = useSearchParams();
  const asked = (parameters.get('window') ?? '').toUpperCase();
  const window: UsageWindow = asked in WINDOWS ? (asked as UsageWindow) : DEFAULT;
  const [{ data, error }, again] = useQuery({ query: UsageDocument, variables: { window, timeZone: zone } });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  const latest = useRef(refetch);
  latest.current = refetch;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents({ query: UsageChangedDocument, variables: {} }, () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, REFETCH_EVERY);
  });
  useScrollRestoration(data !== undefined);
  const { words } = WINDOWS[window];
  return (
    <Page
      title="Usage"
      actions={
        <SegmentedControl
          aria-label="Span of time"
          data={(Object.keys(WINDOWS) as UsageWindow[]).map((value) => ({ value, label: WINDOWS[value].label }))}
          value={window}
          onChange={(value) => setParameters({ window: value.toLowerCase() })}
        />
      }
    >
      {error && <Failure error={error} retry={refetch} />}
      {!data && !error && <Loading rows={10} />}
      {data && <Usage report={data.usage} words={words} from={beginOf(window)} />}
    </Page>
  );
}

function Usage({ report, words, from }: { report: Report; words: string; from: string | undefined }) {
  const { total, byModel, byDay } = report;
  if (byModel.length === 0) {
    return (
      <Empty title="No usage." action={<Link to="/runs/new">Start a run</Link>}>
        No run used a model in this span of time ({words}).
      </Empty>
    );
  }
  const unpriced = byModel.filter(({ usage }) => usage.costUsd === null);
  const known = byModel.reduce((sum, { usage }) => sum + (usage.costUsd ?? 0), 0);
  return (
    <>
      <dl className={classes.totals}>
        <Total label="Cost" note={unpriced.length === 0 ? undefined : `${dollars(known)} for the models with prices`}>
          {total.costUsd === null ? <Unknown why={NO_PRICE} /> : dollars(total.costUsd)}
        </Total>
        <Total label="Tokens" note={`${compact(total.inputTokens)} sent, ${compact(total.outputTokens)} received`}>
          {count(total.totalTokens)}
        </Total>
        <Total
          label="Requests"
          note={total.retries === 0 ? 'no retries' : plural(total.retries, 'retry', 'retries')}
        >
          {count(total.requests)}
        </Total>
        <Total label="Model time" note="sum over parallel requests">
          {duration(total.modelSeconds)}
        </Total>
      </dl>
      {unpriced.length > 0 && (
        <p className={classes.unpriced}>
          The price is not known for {unpriced.map(({ model }) => model).join(', ')}.{' '}
          <Link to="/models">Set prices</Link> in the LLM profile. They apply from then on.
        </p>
      )}
      <Days days={byDay} />
      <Card title="By model">
        <Models models={byModel} from={from} />
      </Card>
    </>
  );
}

function Total({ label, note, children }: { label: string; note?: string | undefined; children: React.ReactNode }) {
  return (
    <div className={classes.total}>
      <dt>{label}</dt>
      <dd>{children}</dd>
      {note && <dd className={classes.note}>{note}</dd>}
    </div>
  );
}

const MEASURES: Record<
  Measure,
  {
    label: string;
    title: string;
    /** In place of bars that are all 0. */
    none: string;
    of: (usage: UsageSumFragment) => number | null;
    write: (value: number) => string;
  }
> = {
  tokens: {
    label: 'Tokens',
    title: 'Tokens per day',
    none: 'No tokens were used.',
    of: ({ totalTokens }) => totalTokens,
    write: compact,
  },
  cost: {
    label: 'Cost',
    title: 'Cost per day, in US dollars',
    none: 'Nothing was spent.',
    of: ({ costUsd }) => costUsd,
    write: dollars,
  },
  requests: {
    label: 'Requests',
    title: 'Requests per day',
    none: 'No request was sent to a model.',
    of: ({ requests }) => requests,
    write: compact,
  },
};

const dayInFull = new Intl.DateTimeFormat('en', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
});
const dayInShort = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', timeZone: 'UTC' });

function Days({ days }: { days: Report['byDay'] }) {
  const [chosen, setMeasure] = useRemembered<Measure>('usage.measure', 'tokens');
  const measure = chosen in MEASURES ? chosen : 'tokens';
  const { title, none, of, write } = MEASURES[measure];
  const bars = days.map(({ day, runs, usage }): Bar => {
    const at = new Date(`${day}T00:00:00Z`);
    return {
      key: day,
      label: dayInFull.format(at),
      tick: dayInShort.format(at),
      value: of(usage),
      lines: [
        ['Runs started', count(runs)],
        ['Tokens', count(usage.totalTokens)],
        ['Requests', count(usage.requests)],
        ['Cost', usage.costUsd === null ? 'not known' : dollars(usage.costUsd)],
      ],
    };
  });
  return (
    <Card
      title="By day"
      actions={
        <SegmentedControl
          aria-label="What is plotted"
          data={(Object.keys(MEASURES) as Measure[]).map((value) => ({ value, label: MEASURES[value].label }))}
          value={measure}
          onChange={setMeasure}
        />
      }
    >
      {bars.every(({ value }) => value === 0) ? (
        <Empty title={none}>The builtin describer sends nothing to a model, and costs nothing.</Empty>
      ) : (
        <BarChart title={`${title}, in ${zone}`} bars={bars} write={write} unknown={NO_PRICE} />
      )}
    </Card>
  );
}

type ModelUsage = Report['byModel'][number];

interface ModelsProps {
  models: ModelUsage[];
  from: string | undefined;
}

const nameOf = ({ provider, model }: ModelUsage) =>
  provider === null || provider === 'BUILTIN' ? model : `${model} · ${PROVIDERS[provider]}`;

interface RunsProps {
  model: string;
  runs: number;
  /** When the window began. */
  from: string | undefined;
  words?: boolean;
}

function Runs({ model, runs, from, words = false }: RunsProps) {
  return (
    <Link
      to={addressOf({ search: model, ...(from === undefined ? {} : { from }) })}
      {...(words ? {} : { 'aria-label': `${plural(runs, 'run')} with ${model}` })}
    >
      {words ? plural(runs, 'run') : count(runs)}
    </Link>
  );
}

const ModelCost = ({ usd }: { usd: number | null }) =>
  usd === null ? <Unknown why="No price is known for this model." /> : dollars(usd);

/** A phone has no room for the columns: the figures stand below the model's name. */
function ModelList({ models, from }: ModelsProps) {
  return (
    <ul className={classes.list} aria-label="Models">
      {models.map((used) => {
        const { provider, model, runs, usage } = used;
        const figures: [string, React.ReactNode][] = [
          ['Tokens', count(usage.totalTokens)],
          ['Cost', <ModelCost key="cost" usd={usage.costUsd} />],
          ['Sent', count(usage.inputTokens)],
          ['Received', count(usage.outputTokens)],
          ['Requests', count(usage.requests)],
          ['Model time', duration(usage.modelSeconds)],
        ];
        return (
          <li key={`${provider} ${model}`}>
            <div className={classes.model}>
              <span>{nameOf(used)}</span>
              <Runs model={model} runs={runs} from={from} words />
            </div>
            <dl>
              {figures.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </li>
        );
      })}
    </ul>
  );
}

function Models({ models, from }: ModelsProps) {
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  if (isPhone) {
    return <ModelList models={models} from={from} />;
  }
  return (
    <div className={classes.wide}>
      <table className={`${table.table} ${classes.models}`}>
        <thead>
          <tr>
            <th>Model</th>
            <th className={table.right}>Runs</th>
            <th className={`${table.right} ${classes.extra}`}>Requests</th>
            <th className={`${table.right} ${classes.extra}`}>Sent</th>
            <th className={`${table.right} ${classes.extra}`}>Received</th>
            <th className={table.right}>Tokens</th>
            <th className={`${table.right} ${classes.extra}`}>Model time</th>
            <th className={table.right}>Cost</th>
          </tr>
        </thead>
        <tbody>
          {models.map(({ provider, model, runs, usage }) => (
            <tr key={`${provider} ${model}`}>
              <td>
                <Clipped text={nameOf({ provider, model, runs, usage })} focusable />
              </td>
              <td className={table.right}>
                <Runs model={model} runs={runs} from={from} />
              </td>
              <td className={`${table.right} ${classes.extra}`}>{count(usage.requests)}</td>
              <td className={`${table.right} ${classes.extra}`}>{count(usage.inputTokens)}</td>
              <td className={`${table.right} ${classes.extra}`}>{count(usage.outputTokens)}</td>
              <td className={table.right}>{count(usage.totalTokens)}</td>
              <td className={`${table.right} ${classes.extra}`}>{duration(usage.modelSeconds)}</td>
              <td className={table.right}>
                <ModelCost usd={usage.costUsd} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
