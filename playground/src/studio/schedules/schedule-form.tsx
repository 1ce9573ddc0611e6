// The form for a schedule, new or there already. The server reads the cron expression and looks the scope up when it is
// saved; what it refuses stands at the field.

import { Button, Checkbox, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useMutation, useQuery } from 'urql';

import {
  ScheduleCreateDocument,
  ScheduleDetailDocument,
  ScheduleProfilesDocument,
  ScheduleUpdateDocument,
} from '../api/operations';
import type { Profile } from '../new-run/draft';
import { EstimateFigures, useEstimate } from '../new-run/estimate';
import forms from '../new-run/new-run.module.css';
import {
  Afterwards,
  BudgetFields,
  ModelField,
  OPTION_PATHS,
  OptionFields,
  peoples,
  ScopeOfWork,
} from '../new-run/options-form';
import { budgetInput, CORRECT, hasFault, type Model, modelOf, type Options, optionsInput, rememberModel } from '../new-run/options';
import { everythingOf, type Target, targetInput } from '../scope/model';
import { ScopePicker } from '../scope/scope-picker';
import { Action, Lacking } from '../ui/action';
import { capital } from '../ui/capital';
import { Chip, Chips } from '../ui/chips';
import { dollars } from '../ui/figures';
import { refusals } from '../ui/form';
import { Card, Page } from '../ui/page';
import { Empty, Failure, Loading } from '../ui/states';
import { zone } from '../ui/time';
import { cronWords } from './cron';
import { createInput, type Draft, draftOf, fresh, keep, kept, updateInput } from './draft';
import { GoneSchedule, isSchedule, type Schedule } from './schedule-page';
import classes from './schedules.module.css';
import { inZone, momentAt, ZONES } from './zones';

const EXAMPLES: [label: string, cron: string][] = [
  ['Weekdays', '30 2 * * MON-FRI'],
  ['Every day', '30 2 * * *'],
  ['Mondays', '0 6 * * MON'],
  ['First of the month', '0 4 1 * *'],
  ['Every hour', '0 * * * *'],
];

const CHANGES = [
  'Each firing reads the catalog and starts a run for tables and columns that are new or whose type changed.',
  'The first run covers everything.',
].join(' ');

export function NewSchedulePage() {
  const [{ data, error }, again] = useQuery({ query: ScheduleProfilesDocument });
  return (
    <Page title="New schedule">
      {!data && error && <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading rows={6} />}
      {data?.dbProfiles.length === 0 && (
        <Empty title="There is no database to describe yet." action={<Link to="/databases">Add a database</Link>}>
          A schedule reads one database through its DB profile. Add the profile first.
        </Empty>
      )}
      {data && data.dbProfiles.length > 0 && <ScheduleForm profiles={data.dbProfiles} models={data.llmProfiles} />}
    </Page>
  );
}

export function EditSchedulePage() {
  const { id = '' } = useParams();
  const [{ data, error }, again] = useQuery({ query: ScheduleDetailDocument, variables: { id } });
  const [choices, againChoices] = useQuery({ query: ScheduleProfilesDocument });
  const schedule = isSchedule(data?.node) ? data.node : undefined;
  const failure = error ?? choices.error;
  const retry = () => {
    again({ requestPolicy: 'network-only' });
    againChoices({ requestPolicy: 'network-only' });
  };
  return (
    <Page title={schedule ? `Edit ${schedule.name}` : 'Edit schedule'}>
      {schedule && choices.data ? (
        <ScheduleForm
          key={id}
          schedule={schedule}
          profiles={choices.data.dbProfiles}
          models={choices.data.llmProfiles}
        />
      ) : failure ? (
        <Failure error={failure} retry={retry} />
      ) : data && !schedule ? (
        <GoneSchedule />
      ) : (
        <Loading rows={6} />
      )}
    </Page>
  );
}

interface ScheduleFormProps {
  schedule?: Schedule;
  profiles: Profile[];
  models: Model[];
}

function ScheduleForm({ schedule, profiles, models }: ScheduleFormProps) {
  const id = schedule?.id;
  const navigate = useNavigate();
  const [draft, setDraft] = useState<Draft>(() => kept(id) ?? (schedule ? draftOf(schedule, models) : fresh(models)));
  const change = (next: Partial<Draft>) => setDraft((before) => ({ ...before, ...next }));
  useEffect(() => keep(id, draft), [id, draft]);

  const first = profiles.length === 1 ? profiles[0] : undefined;
  const chosen = profiles.some((profile) => profile.id === draft.target?.dbProfileId) ? draft.target : null;
  const target: Target | null = chosen ?? (first ? everythingOf(first.id) : null);
  const model = modelOf(models, draft.options);
  const why = whyNot(draft, target, model) ?? (hasFault(draft.options) ? CORRECT : undefined);
  const budget = budgetInput(draft.options);
  const [estimate, estimateAgain] = useEstimate(
    target && target.database !== null && model
      ? {
          targets: [targetInput(target)],
          llmProfileId: draft.options.llmProfileId,
          options: optionsInput(draft.options),
          ...(budget ? { budget } : {}),
        }
      : undefined,
  );

  const [creation, create] = useMutation(ScheduleCreateDocument);
  const [update, save] = useMutation(ScheduleUpdateDocument);
  const [sent, setSent] = useState<string>();
  const text = JSON.stringify(draft);
  const refused = sent === text ? (creation.error ?? update.error) : undefined;
  const failure = refused ?? (estimate.pending ? undefined : estimate.error);
  const { at, isAtField } = refusals(failure, FIELDS);
  // The estimate's input has a list of targets, the schedule's has one.
  const errorAt = (path: string) => at(path) ?? at(path.replace(/^target\b/, 'targets.0'));
  const cronError = draft.repeats ? errorAt('cron') : undefined;
  const parts = {
    options: draft.options,
    onChange: (next: Partial<Options>) =>
      setDraft((before) => ({ ...before, options: { ...before.options, ...next } })),
    errorAt,
  };

  const submit = async () => {
    if (!target) {
      return;
    }
    setSent(text);
    const answer = schedule
      ? await save({ input: updateInput(draft, target, schedule) })
      : await create({ input: createInput(draft, target) });
    const saved =
      answer.data &&
      ('updateSchedule' in answer.data ? answer.data.updateSchedule : answer.data.createSchedule).schedule;
    if (saved && !answer.error) {
      rememberModel(model);
      keep(id, undefined);
      navigate(`/schedules/${encodeURIComponent(saved.id)}`);
    }
  };
  const leave = () => {
    keep(id, undefined);
    navigate(id === undefined ? '/schedules' : `/schedules/${encodeURIComponent(id)}`);
  };

  return (
    <form className={forms.form} noValidate onSubmit={(event) => event.preventDefault()}>
      <div className={forms.main}>
        <Card title="When">
          <div className={classes.when}>
            <TextInput
              label="Name"
              value={draft.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              maxLength={100}
              placeholder="Nightly, new tables"
              error={errorAt('name')}
            />
            <SegmentedControl
              aria-label="How often"
              w="fit-content"
              value={draft.repeats ? 'again' : 'once'}
              onChange={(value) => change({ repeats: value === 'again' })}
              data={[
                { value: 'again', label: 'Repeatedly' },
                { value: 'once', label: 'Once' },
              ]}
            />
            {draft.repeats && (
              <Chips label="Examples">
                {EXAMPLES.map(([label, cron]) => (
                  <Chip key={cron} on={draft.cron.trim() === cron} onClick={() => change({ cron })}>
                    {label}
                  </Chip>
                ))}
              </Chips>
            )}
            <div className={classes.line}>
              {draft.repeats ? (
                <TextInput
                  label="Cron expression"
                  description="Minute, hour, day of month, month, day of week"
                  classNames={{ input: 'mono' }}
                  value={draft.cron}
                  onChange={(event) => change({ cron: event.currentTarget.value })}
                  maxLength={200}
                  spellCheck={false}
                  error={cronError}
                />
              ) : (
                <TextInput
                  type="datetime-local"
                  label="Date and time"
                  description="On the clock of the time zone"
                  value={draft.wall}
                  onChange={(event) => change({ wall: event.currentTarget.value })}
                  error={errorAt('fireAt')}
                />
              )}
              <Select
                label="Time zone"
                description={draft.timeZone === zone ? 'Yours' : `Yours is ${zone}`}
                data={ZONES.includes(draft.timeZone) ? ZONES : [draft.timeZone, ...ZONES]}
                value={draft.timeZone}
                onChange={(timeZone) => timeZone && change({ timeZone })}
                searchable
                allowDeselect={false}
                limit={100}
                nothingFoundMessage="No such time zone"
                error={errorAt('timeZone')}
              />
            </div>
            {cronError === undefined && <Reading draft={draft} />}
            <Checkbox
              label="Only what is new or changed"
              description={CHANGES}
              checked={draft.onChange}
              onChange={(event) => change({ onChange: event.currentTarget.checked })}
            />
          </div>
        </Card>
        <Card title="Database">
          <Chips label="DB profile">
            {profiles.map((profile) => (
              <Chip
                key={profile.id}
                on={target?.dbProfileId === profile.id}
                hint={profile.displayUrl}
                onClick={() => target?.dbProfileId !== profile.id && change({ target: everythingOf(profile.id) })}
              >
                {profile.name}
              </Chip>
            ))}
          </Chips>
          {schedule && target && target.dbProfileId !== schedule.dbProfile.id && draft.onChange && (
            <p className={`${forms.hint} muted`}>
              After a change of the database, the next run covers everything.
            </p>
          )}
        </Card>
        {target && (
          <Card title="Scope">
            <ScopePicker
              key={target.dbProfileId}
              target={target}
              onChange={(next) => change({ target: next })}
              errorAt={(path) => errorAt(`target.${path}`)}
            />
          </Card>
        )}
        <Card title="Model and outcome">
          <div className={forms.stack}>
            <ModelField {...parts} models={models} />
            <Afterwards
              apply={draft.apply}
              onChange={(apply) => change({ apply })}
              review="The suggestions of each run wait until a person decides. Nothing is written before that."
              write={[
                'Each run writes its first suggestions into the database without review;',
                `${peoples(draft.options)}.`,
              ].join(' ')}
            />
            <ScopeOfWork {...parts} />
          </div>
        </Card>
        <Card>
          <OptionFields {...parts} model={model} />
        </Card>
        <Card title="Budget of each run">
          <BudgetFields {...parts} />
        </Card>
      </div>
      <aside className={forms.side} aria-label="Estimate">
        <Card title={draft.onChange ? 'Estimate of the first run' : 'Estimate of each run'}>
          <EstimateFigures estimate={estimate} />
          <div role="status" className={forms.note}>
            {why ?? (estimate.pending ? 'Estimating…' : '')}
          </div>
          {failure &&
            (isAtField ? (
              <p className={forms.wrong}>{CORRECT}</p>
            ) : (
              <Failure error={failure} {...(refused ? {} : { retry: estimateAgain })} />
            ))}
          <Lacking />
          <Action
            onClick={submit}
            fullWidth
            size="sm"
            why={why ?? (isAtField ? CORRECT : null)}
            busy={creation.fetching || update.fetching}
            className={forms.start as string}
          >
            {schedule ? 'Save' : `${creates(draft)}${costOf(estimate.pending ? undefined : estimate.data?.costUsd)}`}
          </Action>
          <Button variant="subtle" color="gray" fullWidth onClick={leave}>
            {schedule ? 'Discard changes' : 'Discard'}
          </Button>
        </Card>
      </aside>
    </form>
  );
}

/** The paths of the fields that show what the server says of them. */
const FIELDS = new RegExp(
  `^(name|cron|fireAt|timeZone|(target|targets\\.0)\\.(database|schemas|exclude)|${OPTION_PATHS})\\b`,
);

/** What the button does. What no review holds back, it says: each run writes to the database. */
const creates = ({ apply }: Draft) => (apply ? 'Create schedule that writes to the database' : 'Create schedule');

const costOf = (usd: number | null | undefined) => (usd ? ` · about ${dollars(usd)} a run` : '');

function whyNot(draft: Draft, target: Target | null, model: Model | undefined): string | undefined {
  if (draft.name.trim() === '') {
    return 'Enter a name first.';
  }
  if (!draft.repeats && momentAt(draft.wall, draft.timeZone) === undefined) {
    return 'Choose a date and time.';
  }
  if (!target) {
    return 'Choose a database first.';
  }
  if (target.database === null) {
    return 'No database is chosen yet.';
  }
  return model ? undefined : 'Choose a model first.';
}

/** The expression, or the moment, in words. */
function Reading({ draft }: { draft: Draft }) {
  if (!draft.repeats) {
    const moment = momentAt(draft.wall, draft.timeZone);
    return (
      <div className={classes.reading} role="status">
        {moment ? (
          <>
            Once, on {inZone(moment.toISOString(), draft.timeZone)} in {draft.timeZone}
            {draft.timeZone !== zone && <span className="muted"> · {inZone(moment.toISOString(), zone)} for you</span>}
          </>
        ) : (
          ''
        )}
      </div>
    );
  }
  const words = cronWords(draft.cron);
  const fields = draft.cron.trim().split(/\s+/).filter(Boolean).length;
  return (
    <div className={classes.reading} role="status">
      {words ? (
        <>
          <strong>{capital(words)}</strong>{' '}
          <span className="muted">in {draft.timeZone}. Its next firings show once it is saved.</span>
        </>
      ) : (
        <span className="muted">
          {fields !== 5 && !draft.cron.trim().startsWith('@')
            ? `A cron expression has five fields; this has ${fields}.`
            : 'The server checks this expression on saving and then shows the next firings.'}
        </span>
      )}
    </div>
  );
}
