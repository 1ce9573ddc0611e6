// The box for a question, with where to look and which model answers folded under one line. What is typed survives a
// reload until it is asked.

import { Collapse, MultiSelect, Select, Textarea, UnstyledButton } from '@mantine/core';
import { ChevronDown, SendHorizontal } from 'lucide-react';
import { useRef, useState } from 'react';
import { useMutation } from 'urql';

import { AskQuestionDocument, type AskSourcesQuery } from '../api/operations';
import { useLacks } from '../api/viewer';
import { Action, Lacking } from '../ui/action';
import { Failure } from '../ui/states';
import classes from './ask.module.css';
import type { Draft } from './draft';

const LONGEST = 4000;

interface ComposerProps {
  draft: Draft;
  /** The session that the question follows up on; a new one without. */
  session?: string;
  sources: AskSourcesQuery | undefined;
  /** Where the session's last question looked and which model answered it. */
  last?: { profile: string | undefined; model: string | undefined } | undefined;
  /** Why no question can be asked now. */
  why?: string | undefined;
  onAsked: (session: string) => void;
}

/** A key that makes a question that is sent twice one question; browsers give it to secure pages alone. */
const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

export function Composer({ draft, session, sources, last, why, onAsked }: ComposerProps) {
  const { question, setQuestion, box } = draft;
  const [profiles, setProfiles] = useState<string[]>();
  const [model, setModel] = useState<string | null | undefined>(last?.model);
  const [isOpen, setIsOpen] = useState(false);
  const lacks = useLacks('OPERATOR');
  const [{ error, fetching }, ask] = useMutation(AskQuestionDocument);
  /** The question that `error` is about. */
  const [asked, setAsked] = useState('');
  const sent = useRef({ input: '', key: '' });

  const text = question.trim();
  const submit = async () => {
    if (text === '' || (lacks ?? why) !== undefined || fetching) {
      return;
    }
    const input = {
      question: text,
      ...(session === undefined ? {} : { sessionId: session }),
      ...(profiles && profiles.length > 0 ? { dbProfileIds: profiles } : {}),
      ...(model ? { llmProfileId: model } : {}),
    };
    const asInput = JSON.stringify(input);
    if (sent.current.input !== asInput) {
      sent.current = { input: asInput, key: newKey() };
    }
    setAsked(text);
    const { data } = await ask({ input: { ...input, idempotencyKey: sent.current.key } });
    if (data) {
      sent.current = { input: '', key: '' };
      setQuestion('');
      onAsked(data.ask.session.id);
    }
  };

  const nameOf = (id: string) => sources?.dbProfiles.find((it) => it.id === id)?.name;
  const where =
    profiles && profiles.length > 0
      ? profiles.map(nameOf).join(', ')
      : session === undefined
        ? 'all databases'
        : (last?.profile ?? 'the same databases');
  const models = sources?.llmProfiles ?? [];
  const chosen = models.find(({ id }) => id === model) ?? models.find(({ isDefault }) => isDefault);
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Textarea
        ref={box}
        aria-label={session === undefined ? 'Question' : 'Follow-up question'}
        placeholder={session === undefined ? 'Ask about your databases' : 'Ask a follow-up'}
        value={question}
        disabled={lacks !== undefined}
        onChange={(event) => setQuestion(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            void submit();
          }
        }}
        autosize
        minRows={2}
        maxRows={10}
        maxLength={LONGEST}
        size="sm"
      />
      <Lacking />
      <div className={classes.under}>
        <UnstyledButton className={classes.fold} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          <span>
            In <b>{where}</b>, answered by <b>{chosen?.name ?? 'the default model'}</b>
          </span>
          <ChevronDown size={14} strokeWidth={1.75} aria-hidden />
        </UnstyledButton>
        {question.length > LONGEST * 0.9 && (
          <span className="muted">
            {question.length} of {LONGEST}
          </span>
        )}
        <Action
          type="submit"
          busy={fetching}
          why={why ?? (text === '' ? 'Write a question first.' : undefined)}
          rightSection={<SendHorizontal size={14} strokeWidth={1.75} aria-hidden />}
        >
          Ask
        </Action>
      </div>
      <Collapse expanded={isOpen}>
        <div className={classes.choices}>
          <MultiSelect
            label="Databases"
            description={session === undefined ? 'All, unless you choose' : 'The same as before, unless you choose'}
            data={(sources?.dbProfiles ?? []).map(({ id, name }) => ({ value: id, label: name }))}
            value={profiles ?? []}
            onChange={setProfiles}
            searchable
            clearable
          />
          <Select
            label="Model"
            description="The builtin describer lists what matches, without a model"
            data={models.map(({ id, name, model: it }) => ({ value: id, label: name === it ? it : `${name} (${it})` }))}
            value={chosen?.id ?? null}
            onChange={setModel}
            allowDeselect={false}
          />
        </div>
      </Collapse>
      {error && asked === text && <Failure error={error} />}
    </form>
  );
}
