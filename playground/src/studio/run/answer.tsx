// A question and its answer, on the page of the run that answers it.

import { Link } from 'react-router';

import { Answer as AnswerText } from '../ask/answer';
import { assetAddress } from '../databases/places';
import { Card } from '../ui/page';
import { isLive } from '../ui/status';
import classes from './run.module.css';
import type { Run } from './use-run';

export function Answer({ run }: { run: Run }) {
  const turn = run.askTurn;
  if (!turn) {
    return null;
  }
  const { dbProfile } = run;
  const cited = dbProfile
    ? turn.citations.map((asset) => ({ spelled: asset.display, address: assetAddress(dbProfile, asset) }))
    : [];
  return (
    <Card title="Question" actions={<Link to={`/ask/${turn.session.id}`}>Open the session</Link>}>
      <p className={`${classes.question} prose`}>{turn.question}</p>
      {turn.answer !== null ? (
        <AnswerText text={turn.answer} cited={cited} />
      ) : (
        <p className="muted">
          {isLive(run.status)
            ? 'The model is answering. The session shows the text as it arrives.'
            : 'The run stopped before it answered.'}
        </p>
      )}
    </Card>
  );
}
