// The editor of a suggestion's text. What is typed is kept at once (`drafts.ts`); nothing is sent until it is accepted.

import { Button, Textarea } from '@mantine/core';
import { useEffect, useRef } from 'react';

import type { ReviewSuggestionFragment } from '../api/operations';
import { Action } from '../ui/action';
import { count } from '../ui/figures';
import { Moment } from '../ui/time';
import { type Draft, draft, faultOf, MOST } from './drafts';
import classes from './review.module.css';
import { STATES } from './states';

interface EditorProps {
  suggestion: ReviewSuggestionFragment;
  edit: Draft;
  blocked: string | undefined;
  onAccept: () => void;
  /** The text is accepted by the keyboard: the next suggestion's turn. */
  onNext: () => void;
  /** The focus leaves the editor by Esc. */
  onLeave: () => void;
  /** Whether somebody else made the decision that stands now. */
  isForeign: boolean;
}

export function Editor({ suggestion, edit, blocked, onAccept, onNext, onLeave, isForeign }: EditorProps) {
  const { id, finalText, review, asset } = suggestion;
  const field = useRef<HTMLTextAreaElement>(null);
  const isNew = useRef(edit.text === finalText);
  useEffect(() => {
    if (isNew.current) {
      const area = field.current;
      area?.focus();
      area?.setSelectionRange(area.value.length, area.value.length);
    }
  }, []);
  const length = [...edit.text].length;
  const why = faultOf(edit.text);
  const isOverhauled = review.at !== edit.since;
  const accept = (): boolean => {
    const isFine = why === undefined && blocked === undefined;
    if (isFine) {
      onAccept();
    }
    return isFine;
  };
  const discard = () => {
    draft(id, undefined);
    onLeave();
  };
  return (
    <div className={classes.editor}>
      <Textarea
        ref={field}
        value={edit.text}
        onChange={(event) => draft(id, { ...edit, text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            if (accept()) {
              onNext();
            }
          } else if (event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            if (edit.text === finalText) {
              discard();
            } else {
              onLeave();
            }
          }
        }}
        autosize
        minRows={3}
        maxRows={14}
        size="sm"
        aria-label={`Text for ${asset.display}`}
        aria-describedby={`length-${id}`}
        {...(length > MOST ? { error: true } : {})}
      />
      {isOverhauled && isForeign && (
        <p className={classes.notice} role="status">
          {review.at === null
            ? 'Somebody restored this suggestion while you were editing. Your text is kept.'
            : `${review.reviewer ?? 'Somebody'} set this to “${STATES[review.state].label}” while you were editing. `}
          {review.at !== null && (
            <>
              Their text: “{finalText}” (<Moment at={review.at} />
              ). Your text is kept; accepting it replaces that decision.
            </>
          )}
        </p>
      )}
      <div className={classes.editorFoot}>
        <Action size="compact-sm" why={why ?? blocked} onClick={accept}>
          Accept edited
        </Action>
        <Button size="compact-sm" variant="subtle" color="gray" onClick={discard}>
          Discard
        </Button>
        <span className="muted">Ctrl + Enter accepts and goes on, Esc leaves the editor</span>
        <span id={`length-${id}`} className={classes.length} data-over={length > MOST}>
          {count(length)} / {count(MOST)}
        </span>
      </div>
    </div>
  );
}
