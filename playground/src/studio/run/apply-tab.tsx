// Writing the accepted texts to the database, and taking them back: first a plan, then the outcome, asset by asset.

import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';

import { LinkTabs } from '../ui/link-tabs';
import { addressOf } from './tabs';
import type { Written } from './live-card';
import { Outcomes } from './outcomes';
import { Plan } from './plan';
import classes from './run.module.css';
import type { Run } from './use-run';

interface ApplyTabProps {
  run: Run;
  written: { counts: Written | undefined; refresh: () => void };
}

export function ApplyTab({ run, written }: ApplyTabProps) {
  const [parameters, setParameters] = useSearchParams();
  const view = parameters.get('plan');
  const isApplying = run.status === 'APPLYING';
  const { counts } = written;
  const hasOutcome = counts !== undefined && counts.all > 0;

  // A person who watched the write sees its outcome, not the next plan.
  const wasApplying = useRef(isApplying);
  useEffect(() => {
    if (wasApplying.current && !isApplying) {
      setParameters({ tab: 'apply', plan: 'last' }, { replace: true });
    }
    wasApplying.current = isApplying;
  }, [isApplying, setParameters]);

  if (isApplying) {
    return <Outcomes run={run} counts={counts} />;
  }
  const isRollback = view === 'rollback';
  const isLast = view === 'last';
  return (
    <>
      <div className={classes.subtabs}>
        <LinkTabs
          label="Apply"
          isInner
          tabs={[
            { name: 'To write', to: addressOf(run, 'apply'), isCurrent: !isRollback && !isLast },
            {
              name: 'To roll back',
              to: addressOf(run, 'apply', 'rollback'),
              isCurrent: isRollback,
              figure: run.reviewCounts.applied,
            },
            ...(hasOutcome || isLast
              ? [{ name: 'Last outcome', to: addressOf(run, 'apply', 'last'), isCurrent: isLast, figure: counts?.all }]
              : []),
          ]}
        />
      </div>
      {isLast ? (
        <Outcomes run={run} counts={counts} />
      ) : (
        <Plan key={String(isRollback)} run={run} isRollback={isRollback} />
      )}
    </>
  );
}
