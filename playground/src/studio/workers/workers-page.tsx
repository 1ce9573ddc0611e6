// The processes that work on runs, what each is doing, and the server that answers.
//
// Runs are kept current by subscription. The list of processes is fetched again when a run is taken, ends or waits, and
// every 30 s while the page is visible: no subscription tells when a process was last seen, or that one is gone.

import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';

import { useEvents } from '../api/events';
import { useReconnected } from '../api/connection';
import { type WorkerRunFragment, WorkersChangedDocument, WorkersDocument, type WorkersQuery } from '../api/operations';
import { count, plural } from '../ui/figures';
import { Card, Page } from '../ui/page';
import { Empty, Failure, Loading } from '../ui/states';
import { isCounting, KIND_WORDS, StatusPill } from '../ui/status';
import { Clipped, Copyable } from '../ui/text';
import { Duration, Moment, useNow } from '../ui/time';
import classes from './workers.module.css';

const REFETCH_AFTER = 1000;
const REFETCH_EVERY = 30_000;
/** A process that has given no sign of life for so long may be gone. */
const SILENT_MS = 90_000;

export function WorkersPage() {
  const [{ data, error }, again] = useQuery({ query: WorkersDocument });
  const refetch = () => again({ requestPolicy: 'network-only' });
  const latest = useRef(refetch);
  latest.current = refetch;
  useReconnected(refetch);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && latest.current(), REFETCH_EVERY);
    return () => clearInterval(timer);
  }, []);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const statuses = useRef(new Map<string, string | undefined>());
  useEvents({ query: WorkersChangedDocument, variables: {} }, (event) => {
    const { runId, run } = event.runsChanged;
    if (statuses.current.get(runId) !== run?.status) {
      statuses.current.set(runId, run?.status);
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        latest.current();
      }, REFETCH_AFTER);
    }
  });
  return (
    <Page title="Workers">
      {error && <Failure error={error} retry={refetch} />}
      {!data && !error && <Loading rows={6} height={52} />}
      {data && (
        <>
          <Summary workers={data.workers} queued={data.queued.totalCount} />
          {data.workers.every((worker) => worker.capacity === 0) && (
            <Empty title="No worker is running.">
              Runs stay queued until one starts. Start a server with <code>--workers 4</code>, or raise{' '}
              <code>GLOSS_WORKERS</code> above 0.
            </Empty>
          )}
          {data.workers.map((worker) => (
            <Process key={worker.id} worker={worker} />
          ))}
          <Server server={data.server} />
        </>
      )}
    </Page>
  );
}

type Worker = WorkersQuery['workers'][number];

function Summary({ workers, queued }: { workers: Worker[]; queued: number }) {
  const capacity = workers.reduce((sum, worker) => sum + worker.capacity, 0);
  const busy = workers.reduce((sum, { runs }) => sum + runs.length, 0);
  return (
    <p className={classes.summary}>
      {plural(workers.length, 'process', 'processes')}, {count(busy)} of {plural(capacity, 'slot')} in use,{' '}
      {queued === 0 ? 'no runs queued.' : <Link to="/runs?kind=all&status=queued">{plural(queued, 'run')} queued</Link>}
    </p>
  );
}

function Process({ worker }: { worker: Worker }) {
  const { id, host, capacity, runs, startedAt, lastSeenAt } = worker;
  const isSilent = useNow() - new Date(lastSeenAt).getTime() > SILENT_MS;
  return (
    <Card
      title={
        <>
          {host}{' '}
          <span className={classes.id}>
            <Copyable text={id} label="the process's id" />
          </span>
        </>
      }
      actions={
        <span className={`${classes.seen} ${isSilent ? classes.silent : 'muted'}`}>
          seen <Moment at={lastSeenAt} />
        </span>
      }
    >
      <div className={classes.facts}>
        <span>
          started <Moment at={startedAt} />
        </span>
        <span
          className={classes.capacity}
          role="img"
          aria-label={`${runs.length} of ${plural(capacity, 'slot')} in use`}
        >
          {Array.from({ length: Math.min(capacity, 32) }, (_, place) => (
            <span key={place} data-taken={place < runs.length} />
          ))}
        </span>
        <span>
          {count(runs.length)} of {plural(capacity, 'slot')} in use
        </span>
      </div>
      {runs.length === 0 ? (
        <p className={classes.idle}>{capacity === 0 ? 'Only answers requests.' : 'Idle.'}</p>
      ) : (
        <ul className={classes.runs}>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </ul>
      )}
    </Card>
  );
}

function RunRow({ run }: { run: WorkerRunFragment }) {
  const { total, done, failed, skipped } = run.progress;
  const passed = done + failed + skipped;
  return (
    <li>
      <Link to={`/runs/${run.number}`} className={classes.run}>
        <span className="mono">#{run.number}</span> {KIND_WORDS[run.kind]}
      </Link>
      <Clipped
        text={[run.dbProfileName, run.title ?? run.scopeSummary].filter(Boolean).join(' · ')}
        className={`muted ${classes.scope}`}
      />
      <StatusPill status={run.status} failed={failed} />
      <span className={classes.progress}>
        {total === null ? (
          <span className="muted">scope not resolved yet</span>
        ) : (
          <>
            <progress value={passed} max={Math.max(total, 1)} aria-label={`Progress of #${run.number}`} />
            <span className={classes.figure}>
              {count(passed)} of {count(total)}
            </span>
          </>
        )}
      </span>
      <span className={classes.duration}>
        <Duration seconds={run.durationSeconds} counting={isCounting(run.status)} />
      </span>
    </li>
  );
}

const BUSES: Record<string, string> = { local: 'local: within this process' };

function Server({ server }: { server: WorkersQuery['server'] }) {
  return (
    <Card title="Server">
      <dl className={classes.server}>
        <dt>Version</dt>
        <dd>Gloss {server.version}</dd>
        <dt>Store</dt>
        <dd>{server.store}</dd>
        <dt>Bus</dt>
        <dd>{BUSES[server.bus] ?? server.bus}</dd>
        <dt>Started</dt>
        <dd>
          <Moment at={server.startedAt} />
        </dd>
      </dl>
    </Card>
  );
}
