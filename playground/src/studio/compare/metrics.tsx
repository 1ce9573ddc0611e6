// The metrics of the runs: a value each, the best ones marked, and the difference to the baseline.
//
// What was not measured is "—" with its reason and never best; equal best values share the mark. A value that no other
// run has is not best: it was compared with nothing.

import { Tooltip } from '@mantine/core';
import { ArrowDown, ArrowUp, Check, Minus } from 'lucide-react';

import type { CompareRunFragment, MetricDirection } from '../api/operations';
import { Unknown } from '../ui/time';
import classes from './compare.module.css';
import type { Summary } from './use-comparison';
import { deltaText, METRICS, valueText, whyUnmeasured } from './words';

const DIRECTIONS = {
  LOWER_IS_BETTER: [ArrowDown, 'Lower is better'],
  HIGHER_IS_BETTER: [ArrowUp, 'Higher is better'],
  NEUTRAL: [Minus, 'No value is better than another'],
} as const;

export function MetricRows({ summary, shown }: { summary: Summary; shown: number[] }) {
  const { runs, metrics, baseline } = summary;
  const base = runs.findIndex(({ id }) => id === baseline?.id);
  const suggestions = metrics.find(({ name }) => name === 'SUGGESTIONS')?.values;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={shown.length + 1} className={classes.section} id="metrics">
          <div className={classes.sectionHead}>
            <h2>Metrics</h2>
            <span className="muted">
              {base >= 0
                ? `Differences are to #${baseline?.number}, the baseline.`
                : baseline
                  ? `The texts of #${baseline.number} are the reference.`
                  : 'Comments that people wrote are the reference.'}
            </span>
          </div>
        </th>
      </tr>
      {metrics.map(({ name, direction, values, winners }) => {
        const [Arrow, word] = DIRECTIONS[direction];
        const { label, about } = METRICS[name];
        const best = values.filter((value) => value !== null).length > 1 ? winners : [];
        return (
          <tr key={name}>
            <th scope="row">
              <Tooltip label={`${about} ${word}.`}>
                <span className={classes.metric} tabIndex={0}>
                  {label}
                  <Arrow size={12} strokeWidth={1.75} role="img" aria-label={word} />
                </span>
              </Tooltip>
            </th>
            {shown.map((at) => {
              const run = runs[at] as CompareRunFragment;
              return (
                <td key={run.id}>
                  <Value
                    name={name}
                    direction={direction}
                    run={run}
                    value={values[at] ?? null}
                    suggestions={suggestions?.[at] ?? null}
                    base={base >= 0 && base !== at ? (values[base] ?? null) : null}
                    baseline={baseline}
                    best={best.includes(run.id)}
                    rivals={runs.filter(({ id }) => id !== run.id && best.includes(id)).map(({ number }) => number)}
                  />
                </td>
              );
            })}
          </tr>
        );
      })}
    </tbody>
  );
}

interface ValueProps {
  name: Summary['metrics'][number]['name'];
  direction: MetricDirection;
  run: CompareRunFragment;
  value: number | null;
  /** How many suggestions the run made. */
  suggestions: number | null;
  base: number | null;
  baseline: Summary['baseline'];
  best: boolean;
  /** The other runs that share the best value. */
  rivals: number[];
}

function Value({ name, direction, run, value, suggestions, base, baseline, best, rivals }: ValueProps) {
  if (value === null) {
    return <Unknown why={whyUnmeasured(name, run, baseline?.id)} />;
  }
  const { unit } = METRICS[name];
  const delta = base === null ? undefined : deltaText(unit, value - base);
  const isGain = direction === 'HIGHER_IS_BETTER' ? value > (base ?? 0) : value < (base ?? 0);
  const verdict = direction === 'NEUTRAL' ? '' : isGain ? 'better' : 'worse';
  const shares = rivals.length > 0 ? `Best, with ${rivals.map((number) => `#${number}`).join(' and ')}` : 'Best';
  return (
    <span className={classes.value}>
      <span className={best ? classes.best : undefined}>{valueText(name, value, run, suggestions)}</span>
      {best && (
        <Tooltip label={shares}>
          <span className={classes.win} role="img" aria-label={shares}>
            <Check size={14} strokeWidth={2} aria-hidden />
          </span>
        </Tooltip>
      )}
      {delta && (
        <span className={classes.delta} data-verdict={verdict}>
          {delta}
          {verdict && (
            <span className="visually-hidden">
              {' '}
              ({verdict} than #{baseline?.number})
            </span>
          )}
        </span>
      )}
    </span>
  );
}
