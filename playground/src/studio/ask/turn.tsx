// One question with its answer: streamed while it is given, then with its citations, tools, cost and run. A failure is
// an error with Retry, never an answer.

import { Button } from '@mantine/core';
import { CircleStop, RotateCcw } from 'lucide-react';
import { Link } from 'react-router';
import { useMutation } from 'urql';

import { inWords } from '../api/errors';
import { AskAgainDocument, AskStopDocument, type AskSourcesQuery, type AskTurnPartsFragment } from '../api/operations';
import { useViewer } from '../api/viewer';
import { Action } from '../ui/action';
import { Cost, plural } from '../ui/figures';
import { Failure, Trouble } from '../ui/states';
import { Spinner } from '../ui/status';
import { Duration, Moment } from '../ui/time';
import { Answer } from './answer';
import classes from './ask.module.css';
import { citedBy } from './cited';
import { useProgress } from './live';
import { ToolCalls } from './tool-calls';

interface TurnProps {
  turn: AskTurnPartsFragment;
  profiles: AskSourcesQuery['dbProfiles'];
}

export function Turn({ turn, profiles }: TurnProps) {
  const { run, answer, question } = turn;
  const { text, message, live } = useProgress(turn);
  const cited = citedBy(turn, profiles);
  const shown = answer ?? (live || run.status === 'SUCCESS' ? text : '');
  const byName = [...cited].filter(({ spelled }, at) => cited.findIndex((it) => it.spelled === spelled) === at);
  return (
    <article className={classes.turn} aria-label={question} aria-busy={live}>
      <h2 className={classes.question}>{question}</h2>
      <div className={classes.reply}>
        <ToolCalls calls={turn.toolCalls} />
        {shown !== '' && <Answer text={shown} cited={cited} />}
        {live && <Working turn={turn} message={message} isAnswering={shown !== ''} />}
        {!live && answer === null && <Unanswered turn={turn} />}
        {answer !== null && (
          <div className={classes.cites}>
            <span>Cites</span>
            {byName.length === 0 && <span>no table or column</span>}
            {byName.length > 0 && (
              <ul className={classes.citations} aria-label="Cited assets">
                {byName.map(({ spelled, address }) => (
                  <li key={spelled}>
                    {address === undefined ? (
                      <span className={classes.citation}>{spelled}</span>
                    ) : (
                      <Link to={address} className={classes.citation}>
                        {spelled}
                      </Link>
                    )}
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
        <footer className={classes.foot}>
          <Link to={`/runs/${run.number}`}>#{run.number}</Link>
          {run.model !== null && <span>{run.model}</span>}
          <Duration seconds={run.durationSeconds} counting={run.status === 'RUNNING'} />
          {!live && (
            <>
              {run.usage.totalTokens > 0 && <span>{plural(run.usage.totalTokens, 'token')}</span>}
              <span>
                <Cost usd={run.usage.costUsd} />
              </span>
            </>
          )}
          <Moment at={run.createdAt} />
        </footer>
      </div>
      <div className="visually-hidden" role="status">
        {live ? 'Gloss is answering.' : answer === null ? 'There is no answer.' : 'The answer is complete.'}
      </div>
    </article>
  );
}

interface WorkingProps {
  turn: AskTurnPartsFragment;
  message: string;
  isAnswering: boolean;
}

function Working({ turn: { run }, message, isAnswering }: WorkingProps) {
  const [{ error, fetching }, stop] = useMutation(AskStopDocument);
  const doing = run.waiting
    ? `Waiting: ${inWords(run.waiting.reason)}`
    : isAnswering
      ? 'Answering…'
      : message || 'Asked…';
  return (
    <>
      <div className={classes.working}>
        <Spinner label="at work" />
        <span className={classes.doing}>{doing}</span>
        <Action
          size="compact-xs"
          variant="default"
          busy={fetching || run.status === 'CANCELLING'}
          why={run.canCancel ? undefined : 'The answer is almost complete.'}
          leftSection={<CircleStop size={14} strokeWidth={1.75} aria-hidden />}
          onClick={() => stop({ id: run.id })}
        >
          Stop
        </Action>
      </div>
      {error && <Failure error={error} />}
    </>
  );
}

function Unanswered({ turn: { run } }: { turn: AskTurnPartsFragment }) {
  const [{ error, fetching }, again] = useMutation(AskAgainDocument);
  const viewer = useViewer();
  const retry = () => again({ id: run.id });
  if (run.status === 'SUCCESS') {
    // The answer is on its way.
    return null;
  }
  if (run.status === 'CANCELLED') {
    return (
      <>
        <div className={classes.working}>
          <span className={classes.doing}>
            {run.cancelledBy === viewer.name ? 'You' : run.cancelledBy} stopped it before the answer was complete.
          </span>
          <Action
            size="compact-xs"
            variant="default"
            busy={fetching}
            leftSection={<RotateCcw size={14} strokeWidth={1.75} aria-hidden />}
            onClick={retry}
          >
            Ask again
          </Action>
        </div>
        {error && <Failure error={error} />}
      </>
    );
  }
  const problem = run.error ?? { code: run.status, message: 'The question was not answered.', hint: null };
  return (
    <>
      <Trouble {...problem}>
        <Action size="compact-xs" variant="default" busy={fetching} onClick={retry}>
          Retry
        </Action>
        {run.status === 'PAUSED' && (
          <Button component={Link} to={`/runs/${run.number}`} size="compact-xs" variant="subtle">
            Open the run
          </Button>
        )}
      </Trouble>
      {error && <Failure error={error} />}
    </>
  );
}
