// The middle step: the model's text beside what stands there, to be chosen, edited, accepted or skipped. An edit
// that is not accepted yet survives a reload.

import { Button, Radio, Textarea } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useMutation } from 'urql';

import { DraftDecideDocument, type DraftRunFragment, type DraftSuggestionFragment } from '../api/operations';
import { Action } from '../ui/action';
import { Confidence } from '../ui/confidence';
import { count } from '../ui/figures';
import { Failure } from '../ui/states';
import { Coded, diffWords, WordDiff } from '../ui/text';
import type { DraftMode } from './draft';
import classes from './draft.module.css';
import { Steps } from './steps';

const LONGEST = 10_000;

interface DraftReviewProps {
  labels: string[];
  mode: DraftMode;
  run: DraftRunFragment;
  suggestion: DraftSuggestionFragment;
  name: string;
  comment: string | null;
}

const keyOf = (suggestion: { id: string }) => `gloss.draft.${suggestion.id}`;

function recalled(key: string): string | undefined {
  try {
    return sessionStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function DraftReview({ labels, mode, run, suggestion, name, comment }: DraftReviewProps) {
  const [{ error, fetching }, decide] = useMutation(DraftDecideDocument);
  const key = keyOf(suggestion);
  const [text, setText] = useState(
    () => recalled(key) ?? suggestion.review.text ?? (mode === 'edit' && comment ? comment : suggestion.description),
  );
  const edit = (next: string) => {
    setText(next);
    try {
      sessionStorage.setItem(key, next);
    } catch {
      // The edit lasts until the page is left.
    }
  };
  const { alternatives, review } = suggestion;
  const chosen = alternatives.find((it) => it.text === text);
  const why = text.trim() === '' ? 'The comment is empty.' : undefined;
  const accept = () =>
    decide({
      id: suggestion.id,
      decision: 'ACCEPT',
      text: chosen ? null : text,
      alternative: chosen ? chosen.index : null,
    });
  return (
    <div className={classes.step}>
      <Steps labels={labels} current={1} />
      {review.state === 'SKIPPED' && (
        <p className="muted" style={{ margin: 0 }}>
          Skipped{review.reviewer ? ` by ${review.reviewer}` : ''}. Accepting it takes that back.
        </p>
      )}
      <Radio.Group
        label={mode === 'edit' ? 'Or start from a suggested wording' : 'Wordings'}
        value={chosen ? String(chosen.index) : ''}
        onChange={(index) => edit(alternatives.find((it) => String(it.index) === index)?.text ?? text)}
      >
        <div className={classes.alternatives}>
          {alternatives.map((it) => (
            <Radio key={it.index} value={String(it.index)} label={it.text} />
          ))}
        </div>
      </Radio.Group>
      <Textarea
        label={`Comment on ${name}`}
        value={text}
        onChange={(event) => edit(event.currentTarget.value)}
        maxLength={LONGEST}
        autosize
        minRows={2}
        maxRows={12}
        description={`${count(text.length)} of ${count(LONGEST)} characters`}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
      />
      {comment !== null && comment !== text && (
        <div>
          <div className={classes.label}>Change of the present comment</div>
          <div className={`${classes.text} prose`}>
            <WordDiff parts={diffWords(comment, text)} />
          </div>
        </div>
      )}
      <details className={classes.details}>
        <summary>
          What the draft rests on: <Confidence value={suggestion.confidence} band={suggestion.band} />
          {suggestion.substance !== 'INFORMATIVE' && (
            <span className="muted">
              {suggestion.substance === 'RESTATES_NAME'
                ? ' · says no more than the name'
                : ' · says no more than the comment'}
            </span>
          )}
        </summary>
        {suggestion.reasoning && (
          <p className="prose">
            <Coded text={suggestion.reasoning} />
          </p>
        )}
        {suggestion.evidence.length > 0 && (
          <ul>
            {suggestion.evidence.map(({ source, detail }, index) => (
              <li key={index}>
                <span className="muted">{source}</span> {detail}
              </li>
            ))}
          </ul>
        )}
      </details>
      {error && <Failure error={error} />}
      <div className={classes.buttons}>
        <Action busy={fetching} why={why} onClick={accept}>
          Accept
        </Action>
        {review.state !== 'SKIPPED' && (
          <Action
            variant="default"
            onClick={() => decide({ id: suggestion.id, decision: 'SKIP', text: null, alternative: null })}
          >
            Skip
          </Action>
        )}
        {mode === 'edit' && comment !== null && text !== comment && (
          <Button variant="subtle" color="gray" onClick={() => edit(comment)}>
            Back to the present comment
          </Button>
        )}
        <span className={`muted ${classes.origin}`}>
          {run.model} · <Link to={`/runs/${run.number}`}>#{run.number}</Link>
        </span>
      </div>
    </div>
  );
}
