// Writing the accepted texts to the database, and taking them back: first a plan, then the outcome, asset by asset.

import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';

import { LinkTabs } from '../ui/link-tabs';
import { Outcomes } from './outcomes';
import { Plan } from './plan';
import classes from './run.module.css';
import { addressOf } from './tabs';
import type { Run } from './use-run';
import type { Written } from './use-written';

export function ApplyTab({ run, counts }: { run: Run; counts: Written | undefined }) {
  const [parameters, setParameters] = useSearchParams();
  const view = parameters.get('plan');
  const isApplying = run.status === 'APPLYING';
  const hasOutcome = counts !== undefined && counts.all > 0;
  const isRollback = view === 'rollback';

  // A person who watched the write sees its outcome, not the next plan. Each write has a list of its own.
  const watched = useRef({ isOn: false, round: 0 });
  if (isApplying && !watched.current.isOn) {
    watched.current = { isOn: true, round: watched.current.round + 1 };
  }
  const isEnding = watched.current.isOn && !isApplying;
  const lastOutcome = addressOf(run, 'apply', 'last');
  const isLast = view === 'last' || isEnding;
  useEffect(() => {
    if (isEnding && view === 'last') {
      watched.current.isOn = false;
    } else if (isEnding) {
      setParameters({ tab: 'apply', plan: 'last' }, { replace: true });
    }
  }, [isEnding, view, setParameters]);

  return (
    <>
      {!isApplying && (
        <div className={classes.subtabs}>
          <LinkTabs
            label="Apply"
            isInner
            tabs={[
              { name: 'To write', to: addressOf(run, 'apply'), isCurrent: !isRollback && !isLast },
              { name: 'To roll back', to: addressOf(run, 'apply', 'rollback'), isCurrent: isRollback && !isLast },
              ...(hasOutcome || isLast
                ? [{ name: 'Last outcome', to: lastOutcome, isCurrent: isLast, figure: counts?.all }]
                : []),
            ]}
          />
        </div>
      )}
      {isApplying || isLast ? (
        <Outcomes key={watched.current.round} run={run} counts={counts} />
      ) : (
        <Plan key={String(isRollback)} run={run} isRollback={isRollback} />
      )}
    </>
  );
}
