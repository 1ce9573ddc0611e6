// The heads of the columns, which order the list.

import { ArrowDown, ArrowUp } from 'lucide-react';
import { memo } from 'react';

import type { SuggestionOrderField } from '../api/operations';
import classes from './review.module.css';
import { BY_POSITION, type View } from './view';

const HEADS: [label: string, className: string | undefined, field: SuggestionOrderField | undefined][] = [
  ['Asset', classes.asset, 'NAME'],
  ['Suggested text', classes.sentence, undefined],
  ['Confidence', classes.confidence, 'CONFIDENCE'],
  ['Substance', classes.substance, undefined],
  ['State', classes.state, 'REVIEW_STATE'],
];

export const Heads = memo(function Heads({ view, change }: { view: View; change: (change: Partial<View>) => void }) {
  return (
    <div className={classes.heads}>
      <span className={classes.check} />
      {HEADS.map(([label, className, field]) => {
        if (field === undefined) {
          return (
            <span key={label} className={className}>
              {label}
            </span>
          );
        }
        const isSorted = view.sort.field === field;
        const isDown = isSorted && view.sort.direction === 'DESC';
        const Arrow = isDown ? ArrowDown : ArrowUp;
        const now = isSorted ? `, now ${isDown ? 'descending' : 'ascending'}` : '';
        const sort = isDown ? BY_POSITION : { field, direction: isSorted ? ('DESC' as const) : ('ASC' as const) };
        return (
          <button
            key={label}
            type="button"
            className={`${className} ${classes.sort}`}
            aria-label={`Order by ${label.toLowerCase()}${now}`}
            onClick={() => change({ sort })}
          >
            {label}
            {isSorted && <Arrow size={12} strokeWidth={1.75} aria-hidden />}
          </button>
        );
      })}
      <span className={classes.buttons} />
    </div>
  );
});
