// One draft for one asset, from the model's text to the comment in the database: draft, review, write.
//
// The rule: a comment goes no other way than through a run, a person's decision and an apply, so that the audit
// shows it and a roll-back undoes it. A comment that is edited by hand therefore begins with a draft as well; the
// builtin describer makes it where there is one, at once and for nothing.

import { ActionIcon, Button, Select, Textarea } from '@mantine/core';
import { X } from 'lucide-react';
import { useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useMutation, useQuery } from 'urql';

import {
  CancelRunDocument,
  type DatabaseRowFragment,
  DraftGenerateDocument,
  DraftModelsDocument,
} from '../api/operations';
import { inWords } from '../api/errors';
import { Action, Lacking } from '../ui/action';
import { Failure, Loading, Trouble } from '../ui/states';
import { Spinner } from '../ui/status';
import { Duration } from '../ui/time';
import { useDraftRun } from './draft-run';
import { DraftReview } from './draft-review';
import { DraftWrite } from './draft-write';
import classes from './draft.module.css';
import { namedDatabase, type TablePlace } from './places';
import { Steps } from './steps';

export type DraftMode = 'draft' | 'edit';

/** What the URL says of the draft under way: its run's number, and how it began. */
export function useDraftAddress() {
  const [parameters, setParameters] = useSearchParams();
  const mode = parameters.get('mode');
  const number = Number(parameters.get('draft') ?? Number.NaN);
  const set = (next: { mode?: DraftMode; number?: number }) =>
    setParameters(
      (current) => {
        const changed = new URLSearchParams(current);
        changed.delete('mode');
        changed.delete('draft');
        if (next.mode) {
          changed.set('mode', next.mode);
        }
        if (next.number) {
          changed.set('draft', String(next.number));
        }
        return changed;
      },
      { replace: true },
    );
  return {
    mode: (mode === 'draft' || mode === 'edit' ? mode : undefined) as DraftMode | undefined,
    number: Number.isInteger(number) && number > 0 ? number : undefined,
    set,
  };
}

interface DraftProps {
  profile: DatabaseRowFragment;
  place: TablePlace;
  /** What the asset is called on the page. */
  name: string;
  /** The comment that stands in the database now. */
  comment: string | null;
  onWritten: () => void;
}

export function Draft(props: DraftProps) {
  const { mode, number, set } = useDraftAddress();
  if (mode === undefined) {
    return null;
  }
  return (
    <section
      className={classes.draft}
      aria-label={mode === 'edit' ? `Edit the comment on ${props.name}` : `Draft for ${props.name}`}
    >
      {number === undefined ? (
        <Begin {...props} mode={mode} />
      ) : (
        <UnderWay key={number} {...props} mode={mode} number={number} />
      )}
      <ActionIcon className={classes.close as string} onClick={() => set({})} aria-label="Close" title="Close">
        <X size={16} strokeWidth={1.75} aria-hidden />
      </ActionIcon>
    </section>
  );
}

const LABELS: Record<DraftMode, string[]> = {
  draft: ['Draft', 'Review', 'Write'],
  edit: ['Prepare', 'Edit', 'Write'],
};

function Begin({ profile, place, mode, name }: DraftProps & { mode: DraftMode }) {
  const { set } = useDraftAddress();
  const [{ data, error }, again] = useQuery({ query: DraftModelsDocument });
  const [{ error: refused, fetching }, generate] = useMutation(DraftGenerateDocument);
  const [model, setModel] = useState<string | null>(null);
  const [instructions, setInstructions] = useState('');
  // One key for one form: a second press of the button starts no second run.
  const key = useRef(crypto.randomUUID());
  const models = data?.llmProfiles;
  const builtin = models?.find(({ provider }) => provider === 'BUILTIN');
  const usual = models?.find(({ isDefault }) => isDefault) ?? builtin ?? models?.[0];
  const preset = mode === 'edit' ? (builtin ?? usual) : usual;
  const chosen = models?.find(({ id }) => id === model) ?? preset;
  const isBuiltin = chosen?.provider === 'BUILTIN';

  const start = async () => {
    const { data: started } = await generate({
      input: {
        dbProfileId: profile.id,
        database: namedDatabase(profile, place.database) ?? null,
        schema: place.schema,
        table: place.table,
        column: place.column ?? null,
        llmProfileId: chosen?.id ?? null,
        idempotencyKey: key.current,
        ...(isBuiltin || instructions.trim() === '' ? {} : { options: { instructions: instructions.trim() } }),
      },
    });
    const run = started?.generate.runs[0];
    if (run) {
      set({ mode, number: run.number });
    } else {
      key.current = crypto.randomUUID();
    }
  };
  if (!models) {
    return error ? (
      <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />
    ) : (
      <Loading rows={2} />
    );
  }
  return (
    <form
      className={classes.step}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <Steps labels={LABELS[mode]} current={0} />
      {mode === 'edit' ? (
        <p className="prose">
          Gloss writes a comment only through a run, so that the audit shows it and a roll-back can undo it.
          {builtin ? ' The builtin describer prepares one at once, without cost; the text is yours.' : ''}
        </p>
      ) : (
        <div className={classes.choices}>
          <Select
            label="Model"
            value={chosen?.id ?? null}
            onChange={setModel}
            data={models.map(({ id, name: label, isDefault }) => ({
              value: id,
              label: isDefault ? `${label} (default)` : label,
            }))}
            allowDeselect={false}
          />
          <Textarea
            label="Instructions"
            description={
              isBuiltin
                ? 'Ignored: the builtin describer goes by rules. Choose a language model to use them.'
                : 'Optional: words to use, facts the catalog does not show'
            }
            disabled={isBuiltin}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            value={instructions}
            onChange={(event) => setInstructions(event.currentTarget.value)}
            maxLength={4000}
            autosize
            minRows={1}
            maxRows={6}
          />
        </div>
      )}
      {refused && <Failure error={refused} />}
      <Lacking />
      <div className={classes.buttons}>
        <Action
          type="submit"
          busy={fetching}
          aria-label={mode === 'edit' ? `Edit the comment on ${name} now` : `Generate a draft for ${name} now`}
        >
          {mode === 'edit' ? 'Edit the comment' : 'Generate'}
        </Action>
      </div>
    </form>
  );
}

function UnderWay({ number, mode, name, comment, onWritten }: DraftProps & { mode: DraftMode; number: number }) {
  const { set } = useDraftAddress();
  const { run, suggestion, outcome, live, message, error, loading, refetch } = useDraftRun(number);
  const [{ fetching: isCancelling }, cancel] = useMutation(CancelRunDocument);
  const restart = (
    <Button variant="default" onClick={() => set({ mode })}>
      Start again
    </Button>
  );
  if (!run) {
    if (error) {
      return <Failure error={error} retry={refetch} />;
    }
    return loading ? (
      <Loading rows={2} />
    ) : (
      <Trouble code="NOT_FOUND" message={`There is no run #${number}.`} hint="It was deleted.">
        {restart}
      </Trouble>
    );
  }
  const link = <Link to={`/runs/${run.number}`}>#{run.number}</Link>;
  if (suggestion && (run.status === 'APPLYING' || !live)) {
    const isAccepted = suggestion.review.state === 'ACCEPTED' || suggestion.review.state === 'EDITED';
    if (isAccepted) {
      return (
        <DraftWrite
          labels={LABELS[mode]}
          run={run}
          suggestion={suggestion}
          outcome={outcome}
          comment={comment}
          message={message}
          onWritten={onWritten}
          onAgain={refetch}
        />
      );
    }
    return (
      <DraftReview
        key={suggestion.id}
        labels={LABELS[mode]}
        mode={mode}
        run={run}
        suggestion={suggestion}
        name={name}
        comment={comment}
      />
    );
  }
  return (
    <div className={classes.step}>
      <Steps labels={LABELS[mode]} current={0} />
      {live ? (
        <>
          <p className={classes.working} role="status">
            <Spinner label="at work" />
            <span>{run.waiting ? `Waiting: ${inWords(run.waiting.reason)}` : message || 'Waiting for a worker'}</span>
            <span className="muted">
              <Duration seconds={run.durationSeconds ?? 0} counting={run.status === 'RUNNING'} /> · {link}
            </span>
          </p>
          {run.canCancel && (
            <div className={classes.buttons}>
              <Action variant="default" busy={isCancelling} onClick={() => cancel({ id: run.id })}>
                Cancel
              </Action>
            </div>
          )}
        </>
      ) : (
        <Trouble
          code={run.error?.code ?? run.status}
          message={
            run.error?.message ??
            (run.status === 'CANCELLED' ? 'The draft was cancelled.' : 'The run ended without a draft.')
          }
          hint={run.error?.hint ?? null}
        >
          {restart} {link}
        </Trouble>
      )}
    </div>
  );
}
