// A question and its answer, on the page of the run that answers it.

import { Link } from 'react-router';

import { Card } from '../ui/page';
import { isLive } from '../ui/status';
import classes from './run.module.css';
import type { Run } from './use-run';

export function Answer({ run }: { run: Run }) {
  const turn = run.askTurn;
  if (!turn) {
    return null;
  }
  return (
    <Card title="Question" actions={<Link to={`/ask/${turn.session.id}`}>Open the conversation</Link>}>
      <p className={`${classes.question} prose`}>{turn.question}</p>
      {turn.answer !== null ? (
        <div className={`${classes.answer} prose`}>{turn.answer}</div>
      ) : (
        <p className="muted">
          {isLive(run.status)
            ? 'The answer is being written; the conversation shows it as it comes.'
            : 'There is no answer: the run stopped before.'}
        </p>
      )}
    </Card>
  );
}
