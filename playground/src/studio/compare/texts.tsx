// The grid: one asset a row, one run a column. A folded row shows the beginning of each text; unfolded it shows the
// whole texts, their later versions and the reference.

import { Tooltip } from '@mantine/core';
import { ChevronRight, Circle, CircleDashed, CircleDot, Equal, Scale } from 'lucide-react';
import { Link } from 'react-router';

import type { CompareRunFragment, CompareSuggestionFragment } from '../api/operations';
import { Confidence } from '../ui/confidence';
import { Pill } from '../ui/status';
import { type Part, WordDiff } from '../ui/text';
import { Unknown } from '../ui/time';
import classes from './compare.module.css';
import type { Asset } from './use-comparison';
import type { Change, View } from './view';
import { AGREEMENTS } from './words';

const ICONS = { SAME: Equal, SIMILAR: CircleDot, DIFFERENT: Circle, MISSING: CircleDashed } as const;

export interface TextsProps {
  assets: Asset[];
  runs: CompareRunFragment[];
  shown: number[];
  baseline: { id: string; number: number } | null;
  view: View;
  change: Change;
}

export function TextRows({ assets, runs, shown, baseline, view, change }: TextsProps) {
  return assets.map((asset) => {
    const { display, kind } = asset.asset;
    const isOpen = view.open.includes(display);
    return (
      <tr key={`${kind} ${display}`} className={classes.asset}>
        <th scope="row">
          <AssetHead asset={asset} runs={runs} isOpen={isOpen} baseline={baseline} view={view} change={change} />
        </th>
        {shown.map((at) => (
          <td key={at} className={classes.wrap}>
            <Cell asset={asset} at={at} runs={runs} isOpen={isOpen} view={view} />
          </td>
        ))}
      </tr>
    );
  });
}

/** The same for a phone: the asset above the text of the one run that is shown. */
export function TextList({ assets, runs, shown, baseline, view, change }: TextsProps) {
  return (
    <ul className={classes.list}>
      {assets.map((asset) => {
        const { display, kind } = asset.asset;
        const isOpen = view.open.includes(display);
        return (
          <li key={`${kind} ${display}`}>
            <AssetHead asset={asset} runs={runs} isOpen={isOpen} baseline={baseline} view={view} change={change} />
            <Cell asset={asset} at={shown[0] ?? 0} runs={runs} isOpen={isOpen} view={view} />
          </li>
        );
      })}
    </ul>
  );
}

/** A path that breaks after its dots and underscores first. */
const breakable = (path: string) =>
  path.split(/(?<=[._])/).flatMap((part, at) => (at === 0 ? [part] : [<wbr key={at} />, part]));

interface AssetHeadProps {
  asset: Asset;
  runs: CompareRunFragment[];
  isOpen: boolean;
  baseline: TextsProps['baseline'];
  view: View;
  change: Change;
}

function AssetHead({ asset, runs, isOpen, baseline, view, change }: AssetHeadProps) {
  const { asset: path, agreement, similarity, reference } = asset;
  const { label, tone, hint } = AGREEMENTS[agreement];
  // The baseline's own column shows its text already.
  const isShown = view.runs.includes(String(baseline?.number));
  const toggle = () =>
    change({ open: isOpen ? view.open.filter((it) => it !== path.display) : [...view.open, path.display] });
  return (
    <div className={classes.assetHead}>
      <button type="button" className={classes.fold} aria-expanded={isOpen} onClick={toggle}>
        <ChevronRight size={16} strokeWidth={1.75} aria-hidden />
        <span className={isOpen ? 'mono' : 'mono path'} title={path.display}>
          {breakable(path.display)}
        </span>
      </button>
      <div className={classes.agreement}>
        <Tooltip label={similarity === null ? hint : `${hint} Mean similarity: ${similarity.toFixed(3)} chrF.`}>
          <span tabIndex={0} className={classes.pill}>
            <Pill tone={tone} icon={ICONS[agreement]} label={label} />
          </span>
        </Tooltip>
        {similarity !== null && agreement !== 'SAME' && <span className="muted">{similarity.toFixed(2)}</span>}
        <Preferred asset={asset} runs={runs} />
        {path.kind !== 'COLUMN' && <span className="muted">{path.kind.toLowerCase().replace('_', ' ')}</span>}
      </div>
      {isOpen && <Verdicts asset={asset} runs={runs} />}
      {reference !== null && (isOpen || !isShown) && (
        <div className={isOpen ? classes.reference : `${classes.reference} ${classes.folded}`}>
          <b>{baseline ? `Reference, from #${baseline.number}:` : 'Reference, in the database:'}</b> {reference}
        </div>
      )}
    </div>
  );
}

/** The text that won every verdict on it, if there is one. */
function Preferred({ asset, runs }: { asset: Asset; runs: CompareRunFragment[] }) {
  const of = (id: string) => asset.verdicts.filter(({ first, second }) => first.id === id || second.id === id);
  const wins = (id: string) => of(id).length > 0 && of(id).every(({ winner }) => winner?.id === id);
  const at = asset.cells.findIndex((cell) => cell !== null && wins(cell.suggestion.id));
  if (asset.verdicts.length === 0) {
    return null;
  }
  return (
    <span className="muted" title="By the verdicts of a judge">
      <Scale size={12} strokeWidth={1.75} aria-label="Judged better" /> {at < 0 ? 'level' : `#${runs[at]?.number}`}
    </span>
  );
}

/** What judges said of the texts, with the reasons. */
function Verdicts({ asset, runs }: { asset: Asset; runs: CompareRunFragment[] }) {
  const nameOf = (id: string) => `#${runs[asset.cells.findIndex((cell) => cell?.suggestion.id === id)]?.number}`;
  return asset.verdicts.map(({ run, winner, first, second, opinions }) => (
    <div key={`${first.id} ${second.id}`} className={classes.verdict}>
      <div>
        <Scale size={14} strokeWidth={1.75} aria-hidden />{' '}
        {winner
          ? `${nameOf(winner.id)} is better than ${nameOf(winner.id === first.id ? second.id : first.id)}`
          : `${nameOf(first.id)} and ${nameOf(second.id)} are level`}
        {run && (
          <>
            , says {run.model} in <Link to={`/runs/${run.number}`}>#{run.number}</Link>
          </>
        )}
      </div>
      {opinions.map(({ shownFirst, prefers, reason }) => (
        <div key={shownFirst.id} lang="und">
          {prefers ? `For ${nameOf(prefers.id)}` : 'For neither'}, with {nameOf(shownFirst.id)} as text A:{' '}
          {reason || 'no reason given.'}
        </div>
      ))}
    </div>
  ));
}

/** Where a suggestion stands in its run. */
const placeOf = (number: number, asset: string, id: string) =>
  `/runs/${number}?${new URLSearchParams({ tab: 'results', search: asset, open: id })}`;

interface CellProps {
  asset: Asset;
  at: number;
  runs: CompareRunFragment[];
  isOpen: boolean;
  view: View;
}

function Cell({ asset, at, runs, isOpen, view }: CellProps) {
  const cell = asset.cells[at];
  const run = runs[at] as CompareRunFragment;
  if (!cell) {
    return <Unknown why={`#${run.number} has no text for this asset.`} />;
  }
  const { suggestion, versions, wordDiff } = cell;
  const display = asset.asset.display;
  const isCompared = view.diff && at > 0 && asset.cells[0] !== null;
  return (
    <div className={classes.cell}>
      <div className={isOpen ? undefined : classes.folded} lang="und">
        {isCompared ? <WordDiff parts={wordDiff as Part[]} /> : suggestion.description}
      </div>
      <Foot suggestion={suggestion} number={run.number} display={display}>
        {!isOpen && versions.length > 0 && (
          <span className="muted">
            +{versions.length} {versions.length === 1 ? 'version' : 'versions'}
          </span>
        )}
      </Foot>
      {isOpen &&
        versions.map((version) => (
          <div key={version.id} className={classes.version}>
            <div className="muted">Version {version.version}</div>
            <div lang="und">{version.description}</div>
            <Foot suggestion={version} number={version.run.number} display={display} />
          </div>
        ))}
    </div>
  );
}

interface FootProps {
  suggestion: CompareSuggestionFragment;
  number: number;
  display: string;
  children?: React.ReactNode;
}

function Foot({ suggestion, number, display, children }: FootProps) {
  return (
    <div className={classes.cellFoot}>
      <Confidence value={suggestion.confidence} band={suggestion.band} />
      {children}
      <Link to={placeOf(number, display, suggestion.id)} aria-label={`${display} in #${number}`}>
        in #{number}
      </Link>
    </div>
  );
}
