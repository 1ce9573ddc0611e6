// The last step: the exact statement, then the write and its outcome. A conflict shows the comment that stands
// there instead, and asks before it replaces it.

import { CircleCheck } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useMutation, useQuery } from 'urql';

import {
  DraftApplyDocument,
  DraftDecideDocument,
  DraftPlanDocument,
  type DraftQuery,
  type DraftRunFragment,
  type DraftSuggestionFragment,
} from '../api/operations';
import { writes } from '../run/changes';
import { Action } from '../ui/action';
import { Failure, Loading, Trouble } from '../ui/states';
import { Spinner } from '../ui/status';
import { Copyable } from '../ui/text';
import classes from './draft.module.css';
import { Steps } from './steps';

type Outcome = NonNullable<DraftQuery['runByNumber']>['applyOutcomes']['nodes'][number];

interface DraftWriteProps {
  labels: string[];
  run: DraftRunFragment;
  suggestion: DraftSuggestionFragment;
  /** What the run's last apply did. */
  outcome: Outcome | undefined;
  comment: string | null;
  message: string;
  onWritten: () => void;
  onAgain: () => void;
}

export function DraftWrite({ labels, run, suggestion, outcome, message, onWritten, onAgain }: DraftWriteProps) {
  const isApplying = run.status === 'APPLYING';
  const isWritten = suggestion.applied?.after === suggestion.finalText;
  const [isTried, setIsTried] = useState(false);
  const [{ error, fetching }, apply] = useMutation(DraftApplyDocument);
  const [{ error: undecided, fetching: isRestoring }, decide] = useMutation(DraftDecideDocument);
  const write = async (overwrite: boolean) => {
    const { error: refused } = await apply({ runId: run.id, suggestionId: suggestion.id, overwrite });
    if (!refused) {
      setIsTried(true);
      onAgain();
    }
  };
  useEffect(() => {
    if (isWritten) {
      onWritten();
    }
  }, [isWritten]);
  // What an earlier apply did says nothing about now; the plan, read live, does.
  const failed = isTried && !isApplying && outcome && outcome.status !== 'APPLIED' ? outcome : undefined;
  if (isWritten) {
    return (
      <div className={classes.step}>
        <Steps labels={labels} current={3} />
        <p className={classes.written} role="status">
          <CircleCheck size={16} strokeWidth={1.75} aria-hidden />
          <span>
            Written to the database: “{suggestion.finalText}”.{' '}
            <Link to={`/runs/${run.number}?tab=apply`}>Roll back on #{run.number}</Link>
          </span>
        </p>
      </div>
    );
  }
  return (
    <div className={classes.step}>
      <Steps labels={labels} current={2} />
      <div>
        <div className={classes.label}>
          Accepted{suggestion.review.reviewer ? ` by ${suggestion.review.reviewer}` : ''}
        </div>
        <div className={`${classes.text} prose`}>{suggestion.finalText}</div>
      </div>
      {isApplying ? (
        <p className={classes.working} role="status">
          <Spinner label="writing" /> <span>{message || 'Writing the comment'}</span>
        </p>
      ) : (
        <Plan run={run} suggestion={suggestion} failed={failed} busy={fetching} onWrite={write}>
          <Action
            variant="default"
            busy={isRestoring}
            onClick={() => decide({ id: suggestion.id, decision: 'RESTORE', text: null, alternative: null })}
          >
            Change the text
          </Action>
        </Plan>
      )}
      {error && <Failure error={error} />}
      {undecided && <Failure error={undecided} />}
    </div>
  );
}

interface PlanProps {
  run: DraftRunFragment;
  suggestion: DraftSuggestionFragment;
  failed: Outcome | undefined;
  busy: boolean;
  onWrite: (overwrite: boolean) => void;
  /** Further buttons. */
  children: ReactNode;
}

/** What would be written now, read live. */
function Plan({ run, suggestion, failed, busy, onWrite, children }: PlanProps) {
  const [{ data, error, fetching }, again] = useQuery({
    query: DraftPlanDocument,
    variables: { runId: run.id, suggestionId: suggestion.id },
    requestPolicy: 'network-only',
  });
  const planned = data?.applyPlan?.nodes[0];
  const refetch = () => again({ requestPolicy: 'network-only' });
  if (!planned) {
    return error && !fetching ? (
      <Failure error={error} retry={refetch} />
    ) : fetching ? (
      <Loading rows={2} />
    ) : (
      <>
        <Trouble
          code="NOTHING"
          message="There is nothing to write."
          hint="The asset is gone from the database."
          retry={refetch}
        />
        <div className={classes.buttons}>{children}</div>
      </>
    );
  }
  const { status, before, statement } = planned;
  const isConflict = status === 'CONFLICT';
  return (
    <>
      {failed && !isConflict && (
        <Trouble
          code={failed.error?.code ?? failed.status}
          message={
            failed.error?.message ??
            (failed.status === 'UNCHANGED' ? 'The database already has this comment.' : 'Nothing was written.')
          }
          hint={failed.error?.hint ?? null}
        />
      )}
      {isConflict && (
        <Trouble
          code="CONFLICT"
          message={
            before === null
              ? 'The comment was removed after the run read it.'
              : `The comment is now: “${before}”`
          }
          hint="Nothing was written. If you replace it, a roll-back restores it."
        />
      )}
      {planned.error && !isConflict && (
        <Trouble code={planned.error.code} message={planned.error.message} hint={planned.error.hint} />
      )}
      {statement && writes(planned, true) && (
        <div>
          <div className={classes.label}>Statement</div>
          <Copyable text={statement} label="the statement">
            <code className={classes.statement}>{statement}</code>
          </Copyable>
        </div>
      )}
      <div className={classes.buttons}>
        {status === 'UNCHANGED' ? (
          <span className="muted">The database already has this comment.</span>
        ) : isConflict ? (
          <Action color="red" busy={busy} onClick={() => onWrite(true)}>
            Replace the comment
          </Action>
        ) : (
          <Action
            busy={busy}
            why={status === 'FAILED' ? 'It cannot be written.' : undefined}
            onClick={() => onWrite(false)}
          >
            {before === null ? 'Write the comment' : 'Write, replacing the comment'}
          </Action>
        )}
        {children}
      </div>
    </>
  );
}
