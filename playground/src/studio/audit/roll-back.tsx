// Rolling back a write, or all writes of a run: first the plan with what is lost, then the work, then what was done.

import { Button, Checkbox, Group, Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useMutation } from 'urql';

import { useEvents } from '../api/events';
import { AuditProgressDocument, RunRollbackDocument } from '../api/operations';
import { amountOf, Changes, plannedChange, rolledBack, sorted, tallyOf, writes as isWritten } from '../run/changes';
import { CopyStatements } from '../run/copy-statements';
import { useAtRest, useOutcomeCounts, type Written } from '../run/use-written';
import { usePlan } from '../run/use-plan';
import { BusyButton } from '../ui/busy-button';
import { count, plural } from '../ui/figures';
import { Failure, Loading } from '../ui/states';
import { Spinner } from '../ui/status';
import classes from './audit.module.css';

export interface RollBackOf {
  run: { id: string; number: number };
  /** Which of its suggestions; all that were written when absent. */
  suggestionIds?: string[];
  /** The one asset that it is about. */
  asset?: string;
}

/** Comments that the dialog lists. */
const LISTED = 50;

/** What becomes of the comments in the database. */
function fateOf(isOne: boolean, fate: 'restored' | 'removed' | 'both'): string {
  switch (fate) {
    case 'restored':
      return isOne ? 'The previous comment is restored.' : 'The previous comments are restored.';
    case 'removed':
      return isOne
        ? 'There was none before: the comment is removed.'
        : 'There were none before: the comments are removed.';
    case 'both':
      return 'Previous comments are restored; where there was none, the comment is removed.';
  }
}

export function RollBack({ run, suggestionIds, asset, onClose }: RollBackOf & { onClose: () => void }) {
  const [begun, setBegun] = useState<Omit<WorkProps, 'run'>>();
  const [overwrite, setOverwrite] = useState(false);
  const plan = usePlan({ runId: run.id, rollback: true, suggestionIds }, run.id);
  const [{ error, fetching }, rollBack] = useMutation(RunRollbackDocument);
  const { items, total } = plan;
  const tally = tallyOf(items, total ?? 0, overwrite);
  const changes = sorted(items.map((item) => ({ item, change: plannedChange(item, overwrite) })));

  // What becomes of the comments that are rolled back, as far as they are read.
  const written = items.filter((item) => isWritten(item, overwrite));
  const removed = written.filter(({ after }) => after === null).length;
  const isMixed = tally.unseen > 0 || (removed > 0 && removed < written.length);
  const fate = fateOf(asset !== undefined, isMixed ? 'both' : removed > 0 ? 'removed' : 'restored');

  const begin = async () => {
    const { data } = await rollBack({ runId: run.id, suggestionIds: suggestionIds ?? null, overwrite });
    if (data) {
      const { total: ordered, run: started } = data.rollbackRun;
      setBegun({
        total: ordered,
        writes: tally.writes + tally.unseen,
        removes: tally.unseen > 0 ? undefined : removed,
        after: started.lastSequence,
      });
    }
  };
  return (
    <Modal opened onClose={onClose} size={720} title={asset ? 'Roll back a comment' : `Roll back #${run.number}`}>
      {begun ? (
        <Work run={run} {...begun} />
      ) : total === undefined ? (
        plan.error ? (
          <Failure error={plan.error} retry={plan.reload} />
        ) : (
          <Loading rows={3} height={52} />
        )
      ) : total === 0 ? (
        <p>The database holds no comment of this run: there is nothing to roll back.</p>
      ) : (
        <>
          <p className={classes.lead}>
            {asset
              ? 'The database loses the text that Gloss wrote.'
              : `The database loses the texts that #${run.number} wrote.`}{' '}
            {fate}{' '}
            Suggestions and reviews stay: you can apply them again.
          </p>
          <div className={classes.plan} tabIndex={0} role="region" aria-label="Plan">
            <Changes profile={null} rows={changes.slice(0, LISTED)} isRollback />
          </div>
          {total > LISTED && (
            <p className="muted">
              These are the first {LISTED} of {count(total)}; the run’s Apply tab lists all.
              {tally.unseen > 0 && ` ${count(items.length)} are checked against the database so far.`}
            </p>
          )}
          {(tally.conflicts > 0 || tally.unseen > 0) && (
            <Checkbox
              mt="md"
              checked={overwrite}
              onChange={(event) => setOverwrite(event.currentTarget.checked)}
              label="Also restore comments that somebody has changed since; those changes are lost"
            />
          )}
          {plan.error && <Failure error={plan.error} retry={plan.more} />}
        </>
      )}
      {error && !begun && <Failure error={error} />}
      <Group justify="flex-end" mt="lg">
        {begun ? (
          <>
            <Button variant="subtle" component={Link} to={`/runs/${run.number}?tab=apply&plan=last`}>
              Open #{run.number}
            </Button>
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          </>
        ) : total === 0 ? (
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            {total !== undefined && (
              <CopyStatements
                amount={tally.unseen > 0 ? undefined : tally.writes}
                read={async () => (await plan.rest())?.filter((item) => isWritten(item, overwrite))}
                seen={items.length}
              />
            )}
            <Button variant="default" onClick={onClose}>
              Keep {asset ? 'it' : 'them'}
            </Button>
            <BusyButton
              color="red"
              busy={fetching}
              disabled={plan.isLoading || tally.writes + tally.unseen === 0}
              onClick={begin}
            >
              Roll back {amountOf(tally)}
            </BusyButton>
          </>
        )}
      </Group>
    </Modal>
  );
}

interface WorkProps {
  run: RollBackOf['run'];
  /** How many comments are looked at, and how many of them the plan puts back. */
  total: number;
  writes: number;
  /** How many of these it removes; undefined where that is not known. */
  removes: number | undefined;
  /** The last event before. */
  after: number;
}

/** Follows the roll-back to its end, then says what was done. */
function Work({ run, total, writes, removes, after }: WorkProps) {
  const { counts, read } = useOutcomeCounts(run.id);
  const refresh = useAtRest(read);
  const [result, setResult] = useState<Written | null>();
  // A short roll-back can be done before its events are listened to. An answer that tells of its end may have counted
  // before it.
  useEffect(() => {
    void read().then(async (first) => {
      const last = first?.isEnded ? await read() : undefined;
      setResult((before) => before ?? last);
    });
  }, [read]);
  const error = useEvents(
    { query: AuditProgressDocument, variables: { runId: run.id, after }, pause: total === 0 },
    (event) => {
      if (event.runProgress.type === 'FINISHED') {
        void read().then(setResult);
      } else {
        refresh();
      }
    },
  );
  if (error) {
    return <Failure error={error} />;
  }
  if (total === 0) {
    return <p>There was nothing to roll back.</p>;
  }
  if (result === undefined) {
    return (
      <p role="status" className={classes.working}>
        <Spinner label="at work" /> Rolling back: {count(counts?.applied ?? 0)} of {plural(writes, 'comment')}…
      </p>
    );
  }
  const applied = result?.applied ?? 0;
  // Where some were kept or failed after all, it is not known which.
  const removed = removes === 0 ? 0 : removes === writes ? applied : applied === writes ? removes : undefined;
  const parts = result && [
    `${rolledBack(result.applied, removed)}.`,
    result.unchanged > 0 && `${count(result.unchanged)} already there.`,
    result.conflict > 0 &&
      `${count(result.conflict)} kept as ${result.conflict === 1 ? 'it is' : 'they are'}: changed since.`,
    result.failed > 0 && `${count(result.failed)} failed; the run's Apply tab says why.`,
    result.planned > 0 && `${count(result.planned)} not reached.`,
  ];
  return <p role="status">{parts ? parts.filter(Boolean).join(' ') : 'The run was deleted meanwhile.'}</p>;
}
