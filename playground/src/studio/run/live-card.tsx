// How far a live run is: the bar, the asset under way, pace and time left, tokens and cost, and what it waits for.

import { Hourglass } from 'lucide-react';
import { count, compact, Cost, plural } from '../ui/figures';
import { Clipped } from '../ui/text';
import { clock, exact } from '../ui/time';
import { useAnnouncement } from './announce';
import type { EventLog } from './event-log';
import { usePace } from './pace';
import classes from './run.module.css';
import type { Run } from './use-run';
import type { Written } from './use-written';

/** How far the run is, from 0 to 1. */
export function shareOf(run: Run, counts: Written | undefined): number {
  if (run.status === 'APPLYING') {
    return counts && counts.all > 0 ? (counts.all - counts.planned) / counts.all : 0;
  }
  const { total, done, failed, skipped } = run.progress;
  return total ? (done + failed + skipped) / total : 0;
}

/** Where the run is, in one line. */
function lineOf(run: Run, log: EventLog): string {
  const { total, done, failed, skipped, currentAsset } = run.progress;
  switch (run.status) {
    case 'QUEUED':
      return 'Queued';
    case 'CANCELLING':
      return 'Cancelling: no new requests are sent; running ones finish or are dropped';
    case 'APPLYING':
      return (
        log.entries.findLast(({ type }) => type === 'APPLIED' || type === 'APPLY_FAILED' || type === 'STATUS_CHANGED')
          ?.message ?? 'Writing comments'
      );
    default: {
      const started = log.entries.findLast(({ type }) => type === 'ASSET_STARTED')?.message;
      if (total === null) {
        return run.kind === 'ASK' ? 'Looking for the answer' : 'Reading the catalog to resolve the scope';
      }
      return (
        started ??
        (currentAsset
          ? `Processing ${currentAsset.display} (${done + failed + skipped + 1} of ${total})`
          : 'Preparing the first asset')
      );
    }
  }
}

export function LiveCard({ run, log, counts }: { run: Run; log: EventLog; counts: Written | undefined }) {
  const isApplying = run.status === 'APPLYING';
  const { total, done, failed, skipped } = run.progress;
  const all = isApplying ? counts?.all : (total ?? undefined);
  const parts: [name: string, figure: number, tone: string][] = isApplying
    ? [
        [counts?.isRollback ? 'rolled back' : 'written', counts?.applied ?? 0, 'done'],
        ['kept as they are', counts?.conflict ?? 0, 'kept'],
        ['failed', counts?.failed ?? 0, 'failed'],
        ['unchanged', counts?.unchanged ?? 0, 'skipped'],
      ]
    : [
        [run.kind === 'JUDGE' ? 'judged' : 'described', done, 'done'],
        ['failed', failed, 'failed'],
        ['skipped', skipped, 'skipped'],
      ];
  const ended = parts.reduce((sum, [, figure]) => sum + figure, 0);
  const share = shareOf(run, counts);
  const isMoving = (run.status === 'RUNNING' && run.waiting === null) || isApplying;
  const pace = usePace(log, isMoving && all !== undefined ? all - ended : undefined, isApplying);
  const words = parts
    .filter(([, figure], index) => figure > 0 || index === 0)
    .map(([name, figure]) => `${count(figure)} ${name}`);
  const heard = useAnnouncement(
    all === undefined
      ? lineOf(run, log)
      : `${count(ended)} of ${plural(all, run.kind === 'JUDGE' ? 'pair' : 'asset')}: ${words.join(', ')}`,
  );
  return (
    <section className={classes.live} aria-label="Progress">
      <div className={classes.liveLine}>
        <Clipped text={lineOf(run, log)} className={classes.current as string} />
        <span className={classes.share}>{all === undefined ? '' : `${Math.floor(share * 100)}%`}</span>
      </div>
      <div
        className={classes.bar}
        role="progressbar"
        aria-label={isApplying ? 'Comments done' : 'Assets described'}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(all === undefined
          ? { 'data-unknown': run.status === 'RUNNING' }
          : { 'aria-valuenow': Math.floor(share * 100) })}
      >
        {all !== undefined &&
          parts.map(([name, figure, tone]) => (
            <span
              key={name}
              className={classes.part}
              data-tone={tone}
              style={{ width: `${all === 0 ? 0 : (figure / all) * 100}%` }}
            />
          ))}
      </div>
      {run.waiting && run.status !== 'CANCELLING' && <Waiting waiting={run.waiting} />}
      <dl className={classes.liveFacts}>
        <Fact name="Assets">
          {all === undefined ? '—' : `${count(ended)} of ${count(all)}`}
          {parts
            .slice(1)
            .map(([name, figure]) => (figure > 0 ? <span key={name}>{`, ${count(figure)} ${name}`}</span> : null))}
        </Fact>
        <Fact name="Pace">{pace?.rate ?? '—'}</Fact>
        <Fact name="Time left">{pace?.left ?? '—'}</Fact>
        {!isApplying && (
          <>
            <Fact name="Tokens">{compact(run.usage.totalTokens)}</Fact>
            <Fact name="Cost"><Cost usd={run.usage.costUsd} isUnasked={run.usage.requests === 0} /></Fact>
          </>
        )}
      </dl>
      <div className="visually-hidden" role="status">
        {heard}
      </div>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** What the run waits for, and since when. */
function Waiting({ waiting: { reason, since } }: { waiting: NonNullable<Run['waiting']> }) {
  return (
    <div className={classes.waiting}>
      <Hourglass size={14} strokeWidth={1.75} aria-hidden />
      <span>
        {reason.startsWith('Waiting') ? reason : `Waiting: ${reason}`}, since{' '}
        <time dateTime={since} title={exact(since)}>
          {clock(since)}
        </time>
      </span>
    </div>
  );
}
