// Where a person stands in a task of a few steps.

import { Check } from 'lucide-react';

import classes from './draft.module.css';

export function Steps({ labels, current }: { labels: string[]; current: number }) {
  return (
    <ol className={classes.steps}>
      {labels.map((label, index) => (
        <li
          key={label}
          data-state={index < current ? 'done' : index === current ? 'now' : 'later'}
          {...(index === current ? { 'aria-current': 'step' as const } : {})}
        >
          <span className={classes.stepMark} aria-hidden>
            {index < current ? <Check size={12} strokeWidth={2.25} /> : index + 1}
          </span>
          {label}
          {index < current && <span className="visually-hidden"> (done)</span>}
        </li>
      ))}
    </ol>
  );
}
