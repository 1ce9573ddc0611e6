// One page for a run, from the queue to its end and after: live progress, summary, results, events, writing comments.

import { Button } from '@mantine/core';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Link, useParams } from 'react-router';
import { CombinedError, useQuery } from 'urql';

import { problemOf } from '../api/errors';
import { RunNewestNumberDocument } from '../api/operations';
import { Action } from '../ui/action';
import { plural } from '../ui/figures';
import { LinkTabs } from '../ui/link-tabs';
import { Page } from '../ui/page';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading, Trouble } from '../ui/states';
import { isLive, KIND_WORDS, STATUSES, StatusPill } from '../ui/status';
import { Actions } from './actions';
import { ApplyTab } from './apply-tab';
import { type Entry, useEventLog } from './event-log';
import { EventsTab } from './events-tab';
import { Head } from './head';
import { LiveCard, shareOf } from './live-card';
import { whyNotResume } from './reasons';
import { Resume, useResume } from './resume';
import classes from './run.module.css';
import { Rerun } from './rerun';
import { SummaryTab } from './summary-tab';
import { useTabIcon } from './tab-icon';
import { addressOf, isReviewable, type Tab, tabsOf, useTab } from './tabs';
import { type Run, useRun } from './use-run';
import { useWritten } from './use-written';

const Results = lazy(async () => ({ default: (await import('../review/results')).Results }));

const MOST_DIGITS = 9;

export function RunPage() {
  const { number = '' } = useParams();
  const isNumber = /^[1-9]\d*$/.test(number) && number.length <= MOST_DIGITS;
  return isNumber ? <RunAt key={number} number={Number(number)} /> : <NoRun title={`Run ${number}`} />;
}

function RunAt({ number }: { number: number }) {
  const { run, isDeleted, isMissing, error, refetch } = useRun(number);
  if (isDeleted) {
    return (
      <Page title={`Run #${number}`} tab={`#${number} deleted`}>
        <Empty title={`Run #${number} was deleted.`} action={<Link to="/runs">Open the runs</Link>}>
          {run && `It was ${KIND_WORDS[run.kind]} of ${run.scopeSummary}. `}
          Comments that it wrote stay in the database; the <Link to="/audit">audit</Link> lists them.
        </Empty>
      </Page>
    );
  }
  if (run) {
    return <RunView run={run} refetch={refetch} />;
  }
  if (isMissing) {
    return <Missing number={number} />;
  }
  return <Page title={`Run #${number}`}>{error ? <Failure error={error} retry={refetch} /> : <Loading rows={10} />}</Page>;
}

function NoRun({ title }: { title: string }) {
  return (
    <Page title={title}>
      <Empty title="Not a run number." action={<Link to="/runs">Open the runs</Link>}>
        Run numbers start at 1: /runs/1 is the first run.
      </Empty>
    </Page>
  );
}

/** A number below the newest was given once: its run was deleted. */
function Missing({ number }: { number: number }) {
  const [{ data }] = useQuery({ query: RunNewestNumberDocument, requestPolicy: 'network-only' });
  const newest = data?.runs.nodes[0]?.number;
  if (data && newest !== undefined && number < newest) {
    return (
      <Page title={`Run #${number}`} tab={`#${number} deleted`}>
        <Empty title={`Run #${number} was deleted.`} action={<Link to="/runs">Open the runs</Link>}>
          Its suggestions and events are gone. Comments that it wrote stay in the database; the{' '}
          <Link to="/audit">audit</Link> lists them.
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={`Run #${number}`} tab={`No run #${number}`}>
      <Empty title={`There is no run #${number}.`} action={<Link to="/runs">Open the runs</Link>}>
        {newest !== undefined && `The newest run is #${newest}.`}
        {data && newest === undefined && 'No run has been started yet.'}
      </Empty>
    </Page>
  );
}

const NAMES: Record<Tab, string> = { summary: 'Summary', results: 'Results', events: 'Events', apply: 'Apply' };

function RunView({ run, refetch }: { run: Run; refetch: () => void }) {
  const [tab, to] = useTab(run);
  const written = useWritten(run);
  const { log, loadOlder, reload } = useEventLog(run, (batch: Entry[]) => {
    if (batch.some(({ type }) => type === 'FINISHED')) {
      refetch();
    }
    if (batch.some(({ type }) => type === 'APPLIED' || type === 'APPLY_FAILED' || type === 'FINISHED')) {
      written.refresh();
    }
  });
  const [failed, setFailed] = useState<CombinedError>();
  const [again, setAgain] = useState<string[]>();
  const onError = useCallback((error: unknown) => setFailed(error instanceof CombinedError ? error : undefined), []);
  const share = shareOf(run, written.counts);
  useTabIcon(run.status, share);
  // The results restore where they were, the log of events goes to its tail.
  useScrollRestoration(log.isLoaded && (tab === 'summary' || tab === 'apply'));

  const { label } = STATUSES[run.status];
  const isMoving = (run.status === 'RUNNING' || run.status === 'APPLYING') && share > 0;
  const figures: Partial<Record<Tab, number>> = { results: run.progress.done, events: run.lastSequence };
  return (
    <Page
      title={
        <>
          #{run.number} <span className={classes.command}>{KIND_WORDS[run.kind]}</span>
        </>
      }
      tab={`#${run.number} · ${isMoving ? `${Math.floor(share * 100)}% · ` : ''}${label}`}
      aside={
        <>
          <StatusPill status={run.status} failed={run.status === 'FAILED' ? 0 : run.progress.failed} />
          {isMoving && <span className={`${classes.percent} muted`}>{Math.floor(share * 100)}%</span>}
        </>
      }
      actions={<Actions run={run} tab={tab} onError={onError} />}
      toolbar={
        <>
          <Head run={run} />
          <LinkTabs
            label={`Run #${run.number}`}
            tabs={tabsOf(run).map((it) => ({
              name: NAMES[it],
              to: to(it),
              isCurrent: it === tab,
              figure: figures[it],
            }))}
          />
        </>
      }
    >
      <div className={classes.notes}>
        {failed && (
          <Trouble {...problemOf(failed)}>
            <Button size="compact-xs" variant="default" onClick={() => setFailed(undefined)}>
              Dismiss
            </Button>
          </Trouble>
        )}
        {run.error && <RunTrouble run={run} onError={onError} />}
        {isLive(run.status) && <LiveCard run={run} log={log} counts={written.counts} />}
        {tab !== 'results' && tab !== 'apply' && <Ended run={run} />}
      </div>
      {tab === 'summary' && <SummaryTab run={run} log={log} />}
      {tab === 'results' && (
        <Suspense fallback={<Loading rows={12} height={40} />}>
          <Results runId={run.id} number={run.number} onRerun={setAgain} />
        </Suspense>
      )}
      {tab === 'events' && <EventsTab run={run} log={log} loadOlder={loadOlder} reload={reload} />}
      {tab === 'apply' && <ApplyTab run={run} counts={written.counts} />}
      {again && <Rerun run={run} suggestions={again} onClose={() => setAgain(undefined)} />}
    </Page>
  );
}

/** Where a run that was watched to its end has its results. */
function Ended({ run }: { run: Run }) {
  const [wasDescribing, setWasDescribing] = useState(false);
  const isDescribing = run.status === 'QUEUED' || run.status === 'RUNNING';
  useEffect(() => setWasDescribing((before) => before || isDescribing), [isDescribing]);
  return wasDescribing && isReviewable(run) ? (
    <p className={classes.ended} role="status">
      The run has ended. <Link to={addressOf(run, 'results')}>Open {plural(run.progress.done, 'result')}</Link>
    </p>
  ) : null;
}

/** Why the run stopped, what to do, and the button that does it. */
function RunTrouble({ run, onError }: { run: Run; onError: (error: unknown) => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const resume = useResume(run, () => setIsOpen(true), onError);
  if (!run.error) {
    return null;
  }
  return (
    <>
      <Trouble {...run.error}>
        {whyNotResume(run) === undefined && (
          <Action size="compact-xs" busy={resume.busy} onClick={resume.start}>
            {resume.asks ? 'Resume with a larger budget…' : 'Resume'}
          </Action>
        )}
      </Trouble>
      {isOpen && <Resume run={run} onClose={() => setIsOpen(false)} />}
    </>
  );
}
