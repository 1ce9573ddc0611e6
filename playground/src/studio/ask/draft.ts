// The question in the box before it is asked: it survives a reload, a box for each session.

import { type RefObject, useCallback, useRef, useState } from 'react';

import { recall, remember } from '../ui/storage';

export interface Draft {
  question: string;
  setQuestion: (question: string) => void;
  box: RefObject<HTMLTextAreaElement | null>;
  /** Writes a question into the box, for a person to ask. */
  propose: (question: string) => void;
}

export function useDraft(session: string): Draft {
  const key = `ask.draft.${session}`;
  const [question, setText] = useState(() => recall(key, ''));
  const setQuestion = useCallback(
    (text: string) => {
      setText(text);
      remember(key, text === '' ? undefined : text);
    },
    [key],
  );
  const box = useRef<HTMLTextAreaElement>(null);
  const propose = useCallback(
    (text: string) => {
      setQuestion(text);
      box.current?.focus();
    },
    [setQuestion],
  );
  return { question, setQuestion, box, propose };
}
