// Rolling back a write, or all writes of a run: first the plan with what is lost, then the work, then what was done.

import { Button, Checkbox, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useClient, useMutation, useQuery } from 'urql';

import { useEvents } from '../api/events';
import {
  type ApplyStatus,
  AuditOutcomesDocument,
  type AuditOutcomesQuery,
  AuditPlanDocument,
  type AuditPlanQuery,
  AuditProgressDocument,
  AuditRollBackDocument,
} from '../api/operations';
import { count, plural } from '../ui/figures';
import { Failure, Loading } from '../ui/states';
import { Spinner } from '../ui/status';
import { Copyable, diffWords, WordDiff } from '../ui/text';
import classes from './audit.module.css';

export interface RollBackOf {
  run: { id: string; number: number };
  /** Which of its suggestions; all that were written when absent. */
  suggestionIds?: string[];
  /** The one asset that it is about. */
  asset?: string;
}

const PLAN_SIZE = 50;

export function RollBack({ run, suggestionIds, asset, onClose }: RollBackOf & { onClose: () => void }) {
  const [begun, setBegun] = useState<{ total: number; after: number }>();
  const [overwrite, setOverwrite] = useState(false);
  const variables = { runId: run.id, suggestionIds: suggestionIds ?? null, first: PLAN_SIZE, after: null };
  const [plan, planAgain] = useQuery({
    query: AuditPlanDocument,
    variables,
    requestPolicy: 'network-only',
    pause: begun !== undefined,
  });
  const [{ error, fetching }, rollBack] = useMutation(AuditRollBackDocument);
  const outcomes = plan.fetching ? undefined : plan.data?.applyPlan;
  const conflicts = outcomes?.nodes.filter(({ status }) => status === 'CONFLICT').length ?? 0;
  const total = outcomes?.totalCount ?? 0;
  const isWhole = outcomes && !outcomes.pageInfo.hasNextPage;
  const left =
    outcomes?.nodes.filter(({ status }) => status !== 'PLANNED' && !(overwrite && status === 'CONFLICT')).length ?? 0;
  const written = isWhole ? total - left : total;

  const begin = async () => {
    const { data } = await rollBack({ input: { runId: run.id, suggestionIds: suggestionIds ?? null, overwrite } });
    if (data) {
      setBegun({ total: data.rollbackRun.total, after: data.rollbackRun.run.lastSequence });
    }
  };
  return (
    <Modal opened onClose={onClose} size={720} title={asset ? 'Roll back a comment' : `Roll back #${run.number}`}>
      {begun ? (
        <Work run={run} {...begun} />
      ) : plan.error ? (
        <Failure error={plan.error} retry={() => planAgain({ requestPolicy: 'network-only' })} />
      ) : !outcomes ? (
        <Loading rows={3} height={52} />
      ) : total === 0 ? (
        <p>The database holds no comment of this run: there is nothing to roll back.</p>
      ) : (
        <>
          <p className={classes.lead}>
            {asset
              ? 'The database loses the text that Gloss wrote. The previous comment is restored.'
              : `The database loses the texts that #${run.number} wrote. The previous comments are restored.`}{' '}
            Suggestions and reviews stay: you can apply them again.
          </p>
          <ul className={classes.plan}>
            {outcomes.nodes.map((outcome) => (
              <Planned key={outcome.suggestion.id} outcome={outcome} overwrite={overwrite} />
            ))}
          </ul>
          {!isWhole && (
            <p className="muted">
              These are the first {PLAN_SIZE} of {count(total)}. The others are checked as they are written: where
              somebody has changed a comment since, it stays.
            </p>
          )}
          {(conflicts > 0 || !isWhole) && (
            <Checkbox
              mt="md"
              checked={overwrite}
              onChange={(event) => setOverwrite(event.currentTarget.checked)}
              label="Also restore comments that somebody has changed since; those changes are lost"
            />
          )}
        </>
      )}
      {error && !begun && <Failure error={error} />}
      <Group justify="flex-end" mt="lg">
        {begun ? (
          <>
            <Button variant="subtle" component={Link} to={`/runs/${run.number}?tab=apply`}>
              Open #{run.number}
            </Button>
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          </>
        ) : outcomes && total === 0 ? (
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button variant="default" onClick={onClose}>
              Keep {asset ? 'it' : 'them'}
            </Button>
            <Button color="red" loading={fetching} disabled={!outcomes || written === 0} onClick={begin}>
              Roll back {plural(written, 'comment')}
            </Button>
          </>
        )}
      </Group>
    </Modal>
  );
}

type Outcome = NonNullable<AuditPlanQuery['applyPlan']>['nodes'][number];

/** What becomes of one comment, in words; nothing where it is put back as planned. */
function verdict({ status, error }: Outcome, overwrite: boolean): string | undefined {
  const words: Partial<Record<ApplyStatus, string>> = {
    CONFLICT: overwrite
      ? 'Somebody has changed this comment since. The change is lost.'
      : 'Somebody has changed this comment since. It stays.',
    UNCHANGED: 'The previous comment is already there.',
    FAILED: 'It cannot be restored.',
  };
  const word = words[status];
  return word && status === 'FAILED' && error ? `${word} ${error.message}` : word;
}

function Planned({ outcome, overwrite }: { outcome: Outcome; overwrite: boolean }) {
  const { before, after, statement, suggestion } = outcome;
  const word = verdict(outcome, overwrite);
  return (
    <li>
      <div className={classes.planHead}>
        <span className="mono">{suggestion.asset.display}</span>
        {statement && (
          <Copyable text={statement} label="the statement">
            <span className={classes.copy}>Copy statement</span>
          </Copyable>
        )}
      </div>
      <div lang="und">
        <WordDiff parts={diffWords(before ?? '', after ?? '')} />
        {after === null && <span className="muted"> (no comment)</span>}
      </div>
      {word && <div className={outcome.status === 'UNCHANGED' ? 'muted' : classes.conflict}>{word}</div>}
    </li>
  );
}

/** Follows the roll-back to its end, then says what was done. */
function Work({ run, total, after }: { run: RollBackOf['run']; total: number; after: number }) {
  const client = useClient();
  const [done, setDone] = useState(0);
  const [result, setResult] = useState<AuditOutcomesQuery['run']>();
  const error = useEvents(
    { query: AuditProgressDocument, variables: { runId: run.id, after }, pause: total === 0 },
    (event) => {
      const { type } = event.runProgress;
      if (type === 'APPLIED' || type === 'APPLY_FAILED') {
        setDone((before) => before + 1);
      }
      if (type === 'FINISHED') {
        client
          .query(AuditOutcomesDocument, { id: run.id }, { requestPolicy: 'network-only' })
          .toPromise()
          .then(({ data }) => setResult(data?.run ?? null));
      }
    },
  );
  if (error) {
    return <Failure error={error} />;
  }
  if (total === 0) {
    return <p>There was nothing to restore.</p>;
  }
  if (result === undefined) {
    return (
      <p role="status" className={classes.working}>
        <Spinner label="at work" /> Restored {count(done)} of {plural(total, 'comment')}…
      </p>
    );
  }
  const parts = result && [
    `${plural(result.APPLIED.totalCount, 'comment')} restored.`,
    result.UNCHANGED.totalCount > 0 && `${count(result.UNCHANGED.totalCount)} already there.`,
    result.CONFLICT.totalCount > 0 && `${count(result.CONFLICT.totalCount)} left: somebody has changed them since.`,
    result.FAILED.totalCount > 0 && `${count(result.FAILED.totalCount)} failed; the run's Apply tab says why.`,
  ];
  return <p role="status">{parts ? parts.filter(Boolean).join(' ') : 'The run was deleted meanwhile.'}</p>;
}
