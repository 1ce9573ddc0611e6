// Deleting the run: the dialog says what is lost and what stays.

import { useNavigate } from 'react-router';
import { useMutation } from 'urql';

import { DeleteRunsDocument } from '../api/operations';
import { select, useSelected } from '../runs/selection';
import { Confirm } from '../ui/confirm';
import { plural } from '../ui/figures';
import type { Run } from './use-run';

export function DeleteRun({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const selected = useSelected();
  const [{ error, fetching }, remove] = useMutation(DeleteRunsDocument);
  const { accepted, edited, skipped, applied } = run.reviewCounts;
  const lost =
    run.kind === 'ASK'
      ? ['the question and its answer']
      : run.kind === 'JUDGE'
        ? [plural(run.progress.done, 'verdict')]
        : [
          plural(run.progress.done, 'suggestion'),
          ...(accepted + edited + skipped > 0 ? [plural(accepted + edited + skipped, 'review')] : []),
        ];
  const submit = async () => {
    const { error: failed } = await remove({ ids: [run.id] });
    if (!failed) {
      select(selected.filter(({ id }) => id !== run.id));
      navigate('/runs', { replace: true });
    }
  };
  return (
    <Confirm
      title={`Delete #${run.number}`}
      yes={`Delete #${run.number}`}
      error={error}
      busy={fetching}
      onYes={submit}
      onClose={onClose}
    >
      This run, {lost.join(', ')} and {plural(run.lastSequence, 'event')} are lost. What it cost stays counted in Usage.
      {applied > 0 && (
        <p>
          {applied === 1
            ? 'The comment that it wrote stays'
            : `The ${plural(applied, 'comment')} that it wrote stay`}{' '}
          in the database and in the audit. Without the run {applied === 1 ? 'it' : 'they'} can no longer be rolled
          back.
        </p>
      )}
    </Confirm>
  );
}
