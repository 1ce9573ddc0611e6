// The form for new runs: which databases and what of them, which model, how, within which budget. Beside it stands what
// the runs would touch and cost.

import { Button } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useMutation, useQuery } from 'urql';

import { NewRunChoicesDocument, NewRunRightsDocument, NewRunStartDocument } from '../api/operations';
import { reachesSeveral } from '../databases/places';
import { addressOf } from '../runs/view';
import { everythingOf, type Target } from '../scope/model';
import { ScopePicker } from '../scope/scope-picker';
import { Action, Lacking } from '../ui/action';
import { Chip, Chips } from '../ui/chips';
import { count, dollars, plural } from '../ui/figures';
import { refusals } from '../ui/form';
import { Card, Page } from '../ui/page';
import { useRetryOffline } from '../ui/retry';
import { Empty, Failure, Loading } from '../ui/states';
import { type Attempt, type Draft, draftAt, freshAt, inputOf, keep, newKey, type Profile } from './draft';
import { type Estimate, EstimateFigures, useEstimate } from './estimate';
import classes from './new-run.module.css';
import { Afterwards, BudgetFields, ModelField, OPTION_PATHS, OptionFields, peoples, ScopeOfWork } from './options-form';
import { CORRECT, hasFault, type Model, modelOf, type Options, rememberModel } from './options';

export function NewRunPage() {
  const [parameters] = useSearchParams();
  const [{ data, error }, again] = useQuery({ query: NewRunChoicesDocument });
  const address = parameters.toString();
  const retry = () => again({ requestPolicy: 'network-only' });
  useRetryOffline(data ? undefined : error, retry);
  return (
    <Page title="New run">
      {!data && error && <Failure error={error} retry={retry} />}
      {!data && !error && <Loading rows={6} />}
      {data?.dbProfiles.length === 0 && (
        <Empty title="There is no database to describe yet." action={<Link to="/databases">Add a database</Link>}>
          A run reads one database through its DB profile. Add the profile first.
        </Empty>
      )}
      {data && data.dbProfiles.length > 0 && (
        <NewRunForm key={address} address={address} profiles={data.dbProfiles} models={data.llmProfiles} />
      )}
    </Page>
  );
}

interface NewRunFormProps {
  /** The parameters that the form was opened with. */
  address: string;
  profiles: Profile[];
  models: Model[];
}

function NewRunForm({ address, profiles, models }: NewRunFormProps) {
  const navigate = useNavigate();
  const begun = useMemo(() => draftAt(address, models), [address]);
  const [draft, setDraft] = useState<Draft>(begun.draft);
  const [attempt, setAttempt] = useState<Attempt | undefined>(begun.attempt);
  useEffect(() => keep({ address, draft, ...(attempt ? { attempt } : {}) }), [address, draft, attempt]);

  const first = profiles.length === 1 ? profiles[0] : undefined;
  const targets = draft.targets.filter(({ dbProfileId }) => profiles.some(({ id }) => id === dbProfileId));
  const shown = targets.length === 0 && first ? [everythingOf(first.id)] : targets;
  const input = inputOf({ ...draft, targets: shown });
  const model = modelOf(models, draft.options);
  const why = whyNot(shown, profiles, model) ?? (hasFault(draft.options) ? CORRECT : undefined);
  const [estimate, estimateAgain] = useEstimate(why === undefined ? input : undefined);
  const [started, start] = useMutation(NewRunStartDocument);

  const text = JSON.stringify(input);
  const refused = started.error && attempt?.input === text ? started.error : undefined;
  const failure = refused ?? (estimate.pending ? undefined : estimate.error);
  const { at: errorAt, isAtField } = refusals(failure, FIELDS);

  const change = (next: Partial<Draft>) => setDraft((before) => ({ ...before, ...next }));
  const changeTarget = (target: Target) =>
    setDraft((before) => ({
      ...before,
      targets: shown.map((it) => (it.dbProfileId === target.dbProfileId ? target : it)),
    }));
  const changeOptions = (next: Partial<Options>) =>
    setDraft((before) => ({ ...before, options: { ...before.options, ...next } }));
  const pick = (id: string) =>
    change({
      targets: shown.some(({ dbProfileId }) => dbProfileId === id)
        ? shown.filter(({ dbProfileId }) => dbProfileId !== id)
        : [...shown, everythingOf(id)],
    });
  const parts = { options: draft.options, onChange: changeOptions, errorAt };

  const submit = async () => {
    const key = attempt?.input === text ? attempt.key : newKey();
    setAttempt({ input: text, key });
    const { data } = await start({ input: { ...input, idempotencyKey: key } });
    const runs = data?.startRun.runs;
    const [run] = runs ?? [];
    if (!runs || !run) {
      return;
    }
    // The form may be opened again with Back: a new draft, and a new key, so that it starts other runs.
    keep(undefined);
    setAttempt(undefined);
    rememberModel(model);
    setDraft(freshAt(address, models));
    const from = runs.map(({ createdAt }) => createdAt).sort()[0] as string;
    navigate(
      runs.length === 1
        ? `/runs/${run.number}`
        : addressOf({ chip: 'ANALYZE', from, profiles: shown.map((it) => it.dbProfileId) }),
    );
  };

  return (
    <form className={classes.form} noValidate onSubmit={(event) => event.preventDefault()}>
      <div className={classes.main}>
        <Card title="Databases">
          <Chips label="DB profiles">
            {profiles.map((profile) => (
              <Chip
                key={profile.id}
                on={shown.some(({ dbProfileId }) => dbProfileId === profile.id)}
                onClick={() => pick(profile.id)}
                hint={profile.displayUrl}
              >
                {profile.name}
              </Chip>
            ))}
          </Chips>
          {shown.length === 0 && (
            <p className={`${classes.hint} muted`}>Choose one or several. Each gets its own run.</p>
          )}
        </Card>
        {shown.map((target, at) => (
          <Card key={target.dbProfileId} title={`Scope of ${nameOf(profiles, target)}`}>
            <ScopePicker target={target} onChange={changeTarget} errorAt={(path) => errorAt(`targets.${at}.${path}`)} />
          </Card>
        ))}
        <Card title="Model and outcome">
          <div className={classes.stack}>
            <ModelField {...parts} models={models} />
            <Afterwards
              apply={draft.command === 'RUN_APPLY'}
              onChange={(apply) => change({ command: apply ? 'RUN_APPLY' : 'RUN' })}
              review="You accept, edit or skip each suggestion. Nothing is written before you apply."
              write={[
                'After the last asset, Gloss writes each first suggestion into the database as its comment;',
                `${peoples(draft.options)}. You can roll back.`,
              ].join(' ')}
            />
            {draft.command === 'RUN_APPLY' &&
              shown.map((target) => <Rights key={target.dbProfileId} profile={target.dbProfileId} />)}
            <ScopeOfWork {...parts} />
          </div>
        </Card>
        <Card>
          <OptionFields {...parts} model={model} />
        </Card>
        <Card title={shown.length > 1 ? 'Budget of each run' : 'Budget'}>
          <BudgetFields {...parts} />
        </Card>
      </div>
      <aside className={classes.side} aria-label="Estimate">
        <Card title="Estimate">
          <EstimateFigures estimate={estimate} />
          <div role="status" className={classes.note}>
            {why ?? (estimate.pending ? 'Estimating…' : sentence(estimate, draft))}
          </div>
          {failure &&
            (isAtField ? (
              <p className={classes.wrong}>{CORRECT}</p>
            ) : (
              <Failure error={failure} {...(refused ? {} : { retry: estimateAgain })} />
            ))}
          <Lacking />
          <Action
            onClick={submit}
            fullWidth
            size="sm"
            why={why ?? (isAtField ? CORRECT : null)}
            busy={started.fetching}
            className={classes.start as string}
          >
            {label(shown.length, draft.command === 'RUN_APPLY', estimate)}
          </Action>
          <Button variant="subtle" color="gray" fullWidth onClick={() => setDraft(freshAt(address, models))}>
            Start over
          </Button>
        </Card>
      </aside>
    </form>
  );
}

/** The paths of the fields that show what the server says of them. */
const FIELDS = new RegExp(`^(targets\\.\\d+\\.(database|schemas|exclude)|${OPTION_PATHS})\\b`);

const nameOf = (profiles: Profile[], { dbProfileId }: Target) =>
  profiles.find(({ id }) => id === dbProfileId)?.name ?? '';

/** Why nothing can be started yet. */
function whyNot(targets: Target[], profiles: Profile[], model: Model | undefined): string | undefined {
  if (targets.length === 0) {
    return 'Choose a database first.';
  }
  const open = targets.find(({ database }) => database === null);
  if (open) {
    return `No database of ${nameOf(profiles, open)} is chosen yet.`;
  }
  return model ? undefined : 'Choose a model first.';
}

/** What the button does. What no review holds back, it says: the database is written to. */
function label(runs: number, writes: boolean, { data, pending }: Estimate): string {
  const what = writes
    ? `Start ${plural(runs, 'run')} and write to the database${runs > 1 ? 's' : ''}`
    : runs > 1
      ? `Start ${count(runs)} runs`
      : 'Start run';
  if (!data || pending) {
    return what;
  }
  return data.costUsd === null
    ? `${what} · price not known`
    : data.costUsd === 0
      ? `${what} · no cost`
      : `${what} · about ${dollars(data.costUsd)}`;
}

/** What the estimate means, where its figures alone do not say it. */
function sentence({ data }: Estimate, { command, options }: Draft): string {
  if (data?.assets === 0) {
    return options.missingOnly
      ? 'Every asset in scope has a comment: the run would end at once.'
      : 'The scope holds no table: the run would end at once.';
  }
  if (!data) {
    return '';
  }
  return command === 'RUN_APPLY'
    ? `Up to ${plural(data.assets, 'comment')} to be written.`
    : `${plural(data.assets, 'suggestion')} to review.`;
}

/** Says where the login may not write. */
function Rights({ profile }: { profile: string }) {
  const [{ data }] = useQuery({ query: NewRunRightsDocument, variables: { profile } });
  const found = data?.dbProfile;
  return found?.canWriteComments === false && !reachesSeveral(found) ? (
    <p className={classes.warning} role="status">
      The login of {found.name} may not write comments: applying there would fail.
    </p>
  ) : null;
}
