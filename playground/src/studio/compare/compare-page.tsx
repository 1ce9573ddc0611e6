// Two to four runs side by side, at an address of their own: settings, metrics, and a grid of all texts, in one table
// whose columns are the runs. A phone shows one run at a time.

import { Button, SegmentedControl } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useMemo, useState } from 'react';

import { count } from '../ui/figures';
import { Page } from '../ui/page';
import { Pager } from '../ui/pager';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading } from '../ui/states';
import classes from './compare.module.css';
import { Filters } from './filters';
import { Judge, Judges } from './judge';
import { MetricRows } from './metrics';
import { refusalOf, TooFew, TooMany } from './refusals';
import { RunHead } from './run-head';
import { SettingRows } from './settings';
import { TextList, TextRows } from './texts';
import { AddRun, Baseline, Exports } from './tools';
import { type Assets, type Summary, useComparison, useLookup } from './use-comparison';
import { CLEARED, type Change, MOST_RUNS, useView, type View } from './view';

export function ComparePage() {
  const [view, change] = useView();
  const { found, error, refetch } = useLookup(view);
  const tooFew = view.runs.length < 2;
  const tooMany = view.runs.length > MOST_RUNS;
  const refusal = !tooFew && !tooMany && found ? refusalOf(view, found) : undefined;
  const ready = !tooFew && !tooMany && found && !refusal;
  const ids = useMemo(() => (ready ? found.runs.flatMap((run) => (run ? [run.id] : [])) : undefined), [ready, found]);
  const baselineId = found?.baseline?.id ?? null;
  const comparison = useComparison(view, ids, baselineId, refetch);
  const title = tooMany ? 'Compare runs' : `Compare ${view.runs.map((name) => `#${name}`).join(', ')}`.trim();
  useScrollRestoration(comparison.assets !== undefined, true);

  return (
    <Page
      title={title}
      actions={
        ready && (
          <>
            <Baseline view={view} change={change} />
            <AddRun view={view} />
            {ids && <Judge ids={ids} onStarted={comparison.refetch} />}
            {ids && <Exports ids={ids} baselineId={baselineId} />}
          </>
        )
      }
      toolbar={
        comparison.summary && (
          <>
            <Live summary={comparison.summary} />
            <Judges judges={comparison.summary.judges} />
          </>
        )
      }
    >
      {tooFew ? (
        <TooFew view={view} />
      ) : tooMany ? (
        <TooMany view={view} />
      ) : refusal ? (
        refusal
      ) : (error && !found) || (comparison.error && !comparison.summary) ? (
        <Failure error={(comparison.error ?? error) as NonNullable<typeof error>} retry={comparison.refetch} />
      ) : !comparison.summary ? (
        <Loading rows={14} />
      ) : (
        <>
          {comparison.error && <Failure error={comparison.error} retry={comparison.refetch} />}
          <Comparison view={view} change={change} {...comparison} summary={comparison.summary} />
        </>
      )}
    </Page>
  );
}

const STILL = 'The texts may be some seconds old. More will follow.';

/** Says which runs still go. */
function Live({ summary }: { summary: Summary }) {
  const live = summary.runs.filter(
    ({ status }) => status === 'QUEUED' || status === 'RUNNING' || status === 'CANCELLING',
  );
  const names = live.map(({ number }) => `#${number}`).join(', ');
  return (
    <div role="status" className={summary.complete ? 'visually-hidden' : classes.live}>
      {summary.complete
        ? ''
        : `${names || 'The baseline'} ${live.length > 1 ? 'are' : 'is'} still describing. ${STILL}`}
    </div>
  );
}

interface ComparisonProps extends Omit<ReturnType<typeof useComparison>, 'summary' | 'error' | 'loading'> {
  summary: Summary;
  view: View;
  change: Change;
}

function Comparison({ summary, figures, assets, assetsError, refetch, view, change }: ComparisonProps) {
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const [chosen, setChosen] = useState(0);
  const all = summary.runs.map((_, at) => at);
  const shown = isPhone ? [Math.min(chosen, all.length - 1)] : all;
  const texts = { runs: summary.runs, shown, baseline: summary.baseline, view, change };
  return (
    <>
      {isPhone && (
        <SegmentedControl
          className={classes.switch as string}
          aria-label="The run that is shown"
          fullWidth
          value={String(shown[0])}
          onChange={(value) => setChosen(Number(value))}
          data={summary.runs.map(({ number }, at) => ({ value: String(at), label: `#${number}` }))}
        />
      )}
      <table className={classes.table} data-runs={shown.length}>
        <colgroup>
          <col className={classes.labels} />
          {shown.map((at) => (
            <col key={at} />
          ))}
        </colgroup>
        <thead>
          <tr>
            <td className={classes.corner}>
              <nav aria-label="Parts of the comparison" className={classes.parts}>
                <Part id="settings" label="Settings" figure={summary.differences.length} />
                <Part id="metrics" label="Metrics" figure={summary.metrics.length} />
                <Part id="texts" label="Texts" figure={assets?.totalCount} />
              </nav>
            </td>
            {shown.map((at) => (
              <th key={summary.runs[at]?.id} scope="col">
                {summary.runs[at] && <RunHead run={summary.runs[at]} view={view} change={change} />}
              </th>
            ))}
          </tr>
        </thead>
        <SettingRows summary={summary} shown={shown} view={view} change={change} />
        <MetricRows summary={summary} shown={shown} />
        <tbody>
          <tr>
            <th scope="rowgroup" colSpan={shown.length + 1} className={classes.section} id="texts">
              <div className={classes.sectionHead}>
                <h2>Texts</h2>
                <Filters view={view} change={change} figures={figures} />
              </div>
            </th>
          </tr>
          {!isPhone && assets && <TextRows assets={assets.nodes} {...texts} />}
        </tbody>
      </table>
      {isPhone && assets && <TextList assets={assets.nodes} {...texts} />}
      <GridFoot assets={assets} error={assetsError} refetch={refetch} view={view} change={change} />
    </>
  );
}

/** Scrolls to a part of the page, just below the heads that stay. */
function jumpTo(id: string) {
  const area = document.getElementById('scroll');
  const part = document.getElementById(id);
  const head = area?.querySelector('thead');
  if (area && part && head) {
    area.scrollTop += part.getBoundingClientRect().top - head.getBoundingClientRect().bottom;
  }
}

/** A jump to a part of the page. */
function Part({ id, label, figure }: { id: string; label: string; figure: number | undefined }) {
  return (
    <button type="button" className={classes.part} onClick={() => jumpTo(id)}>
      {label}
      <span className={classes.figure}>{figure === undefined ? '' : count(figure)}</span>
    </button>
  );
}

interface GridFootProps {
  assets: Assets | undefined;
  error: ComparisonProps['assetsError'];
  refetch: () => void;
  view: View;
  change: Change;
}

function GridFoot({ assets, error, refetch, view, change }: GridFootProps) {
  if (!assets) {
    return error ? <Failure error={error} retry={refetch} /> : <Loading rows={6} height={96} />;
  }
  if (assets.nodes.length === 0) {
    return assets.totalCount === 0 && (view.agreement.length > 0 || view.kinds.length > 0 || view.search !== '') ? (
      <Empty
        title="No assets match."
        action={
          <Button variant="default" onClick={() => change(CLEARED)}>
            Clear filters
          </Button>
        }
      >
        No asset of these runs matches the filters.
      </Empty>
    ) : (
      <Empty title="No texts yet.">
        None of these runs has suggestions yet. They appear here as the runs work.
      </Empty>
    );
  }
  return (
    <Pager
      label="assets"
      shown={assets.nodes.length}
      total={assets.totalCount}
      info={assets.pageInfo}
      cursor={view.cursor}
      go={(cursor) => change({ cursor, open: [] })}
      show={() => jumpTo('texts')}
    />
  );
}
