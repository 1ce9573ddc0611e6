// The parts of a form that say which model describes, how, and what it may cost.

import { Checkbox, Radio, SegmentedControl, Select, Textarea, UnstyledButton } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useId } from 'react';
import { Link } from 'react-router';

import type { Verbosity } from '../api/operations';
import { isMarked, NumberField } from '../ui/number-field';
import { useRemembered } from '../ui/storage';
import classes from './new-run.module.css';
import { PROVIDERS } from '../models/providers';
import { changed, type Model, modelOf, type Options } from './options';

export interface PartProps {
  options: Options;
  onChange: (change: Partial<Options>) => void;
  /** What the server says of the argument at this path: `options.alternatives`. */
  errorAt: (path: string) => string | undefined;
}

/** The paths of the fields below, as a regular expression. */
export const OPTION_PATHS = [
  'llmProfileId',
  'options\\.(missingOnly|replaceComments|alternatives|temperature|maxOutputTokens|profileData|inherit|instructions)',
  'budget\\.(maxCostUsd|maxTokens|maxSeconds)',
].join('|');

const LENGTHS: Record<Verbosity, string> = {
  BRIEF: 'One short sentence for each asset.',
  DETAILED: 'One or two sentences for each asset.',
  COMPREHENSIVE: 'Everything known about each asset.',
};

function nameOf({ name, model, provider, isDefault }: Model): string {
  const spelled = name === model || provider === 'BUILTIN' ? name : `${name} · ${model}`;
  return isDefault ? `${spelled} (default)` : spelled;
}

export function ModelField({ options, onChange, errorAt, models }: PartProps & { models: Model[] }) {
  const model = modelOf(models, options);
  const fallback = models.find(({ isDefault }) => isDefault);
  return (
    <Select
      label="Model"
      placeholder={models.length === 0 ? 'There is no model yet' : 'Choose a model'}
      data={models.map((it) => ({
        value: it.id,
        label: nameOf(it),
      }))}
      value={model?.id ?? null}
      onChange={(id) => onChange({ llmProfileId: id === fallback?.id ? null : id, profileData: null })}
      allowDeselect={false}
      searchable={models.length > 8}
      description={
        model ? <Leaves model={model} options={options} /> : <Link to="/models">Add one on the Models page.</Link>
      }
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      error={errorAt('llmProfileId')}
    />
  );
}

/** Who receives what is sent: the provider, or the profile with its host. */
function placeOf({ name, provider, baseUrl }: Model): string {
  if (baseUrl === null) {
    return PROVIDERS[provider];
  }
  return `${name} (${URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl})`;
}

/** What of the database reaches the model, and where that is. */
function Leaves({ model, options }: { model: Model; options: Options }) {
  if (model.provider === 'BUILTIN') {
    return <>The builtin describer runs inside Gloss: nothing leaves this server, and it costs nothing.</>;
  }
  const priced = model.price !== null;
  return (
    <>
      {placeOf(model)} receives names, types, keys and comments
      {options.profileData === true ? ', statistics and sample values' : ', and no data of your tables'}.
      {!priced && ' Its prices are not known: set them on the Models page to see costs.'}
    </>
  );
}

interface AfterwardsProps {
  apply: boolean;
  onChange: (apply: boolean) => void;
  /** What each choice means. */
  review: string;
  write: string;
}

/** Whether suggestions wait for a review or are written at once. */
export function Afterwards({ apply, onChange, review, write }: AfterwardsProps) {
  return (
    <Radio.Group
      label="Afterwards"
      value={apply ? 'APPLY' : 'REVIEW'}
      onChange={(value) => onChange(value === 'APPLY')}
    >
      <div className={classes.outcomes}>
        {(
          [
            ['REVIEW', 'Leave for review', review],
            ['APPLY', 'Apply at once', write],
          ] as const
        ).map(([value, name, meaning]) => (
          <Radio.Card
            key={value}
            value={value}
            className={classes.outcome as string}
            aria-label={name}
            aria-description={meaning}
          >
            <Radio.Indicator size="xs" />
            <span>
              <span className={classes.strong}>{name}</span>
              <span className="muted">{meaning}</span>
            </span>
          </Radio.Card>
        ))}
      </div>
    </Radio.Group>
  );
}

/** What an apply does with comments that people wrote. */
export const peoples = ({ replaceComments }: Options) =>
  replaceComments ? 'it also replaces comments that people wrote' : 'comments that people wrote stay';

export function ScopeOfWork({ options, onChange, errorAt }: PartProps) {
  return (
    <div className={classes.stack}>
      <Checkbox
        label="Only assets without a comment"
        checked={options.missingOnly}
        onChange={(event) => onChange({ missingOnly: event.currentTarget.checked })}
        error={errorAt('options.missingOnly')}
      />
      <Checkbox
        label="Replace comments that people wrote"
        description="If this is off, bulk accepts and “Apply at once” leave these assets out."
        checked={options.replaceComments}
        onChange={(event) => onChange({ replaceComments: event.currentTarget.checked })}
        error={errorAt('options.replaceComments')}
      />
    </div>
  );
}

const IGNORED = 'Ignored by the builtin describer';

export function OptionFields({ options, onChange, errorAt, model }: PartProps & { model: Model | undefined }) {
  const [open, setOpen] = useRemembered('new-run.options-open', false);
  const id = useId();
  const fields = ['alternatives', 'temperature', 'maxOutputTokens', 'verbosity', 'profileData', 'inherit', 'instructions'];
  const { alternatives, temperature, maxOutputTokens } = options;
  const wrong =
    isMarked(alternatives, temperature, maxOutputTokens) ||
    fields.some((field) => errorAt(`options.${field}`) !== undefined);
  const isOpen = open || wrong;
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  const differs = changed(options);
  const isBuiltin = model?.provider === 'BUILTIN';
  return (
    <div>
      <UnstyledButton
        className={classes.unfold}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <Chevron size={16} strokeWidth={1.75} aria-hidden />
        Options
        <span className="muted">{differs.length === 0 ? 'all at their defaults' : differs.join(', ')}</span>
      </UnstyledButton>
      <div id={id} className={classes.options} hidden={!isOpen}>
        <NumberField
          label="Wordings of each description"
          min={1}
          max={5}
          description="1 to 5, the first included"
          value={options.alternatives}
          onChange={(alternatives) => onChange({ alternatives })}
          isWhole
          error={errorAt('options.alternatives')}
        />
        <NumberField
          label="Temperature"
          min={0}
          max={2}
          description={isBuiltin ? IGNORED : '0 to 2: freedom in wording'}
          value={options.temperature}
          onChange={(temperature) => onChange({ temperature })}
          disabled={isBuiltin}
          error={errorAt('options.temperature')}
        />
        <NumberField
          label="Tokens of one answer"
          min={64}
          max={32_768}
          description={isBuiltin ? IGNORED : '64 to 32,768'}
          value={options.maxOutputTokens}
          onChange={(maxOutputTokens) => onChange({ maxOutputTokens })}
          isWhole
          disabled={isBuiltin}
          error={errorAt('options.maxOutputTokens')}
        />
        <div className={classes.whole}>
          <div className={classes.label} id={`${id}-verbosity`}>
            Length of a description
          </div>
          <SegmentedControl
            aria-labelledby={`${id}-verbosity`}
            value={options.verbosity}
            onChange={(value) => onChange({ verbosity: value as Options['verbosity'] })}
            data={[
              { value: 'BRIEF', label: 'Brief' },
              { value: 'DETAILED', label: 'Detailed' },
              { value: 'COMPREHENSIVE', label: 'Comprehensive' },
            ]}
          />
          <div className={classes.meaning}>{LENGTHS[options.verbosity]}</div>
        </div>
        <Checkbox
          className={classes.whole as string}
          label="Read statistics and sample values"
          description={
            isBuiltin
              ? 'They stay on this server.'
              : model === undefined
                ? 'They are shown to the model.'
                : `Values from your tables are then sent to ${placeOf(model)}.`
          }
          checked={options.profileData ?? isBuiltin}
          onChange={(event) =>
            onChange({ profileData: event.currentTarget.checked === isBuiltin ? null : event.currentTarget.checked })
          }
          error={errorAt('options.profileData')}
        />
        <Checkbox
          className={classes.whole as string}
          label="Take over texts that are already known"
          description={
            isBuiltin
              ? 'The builtin describer always does.'
              : 'A column of a view or a partition has the comment of the column that it repeats, and a column has the ' +
                'text of a documented one with the same name, type and key. Their requests are saved. With ' +
                'instructions, the model is asked for every text.'
          }
          checked={options.inherit || isBuiltin}
          disabled={isBuiltin}
          onChange={(event) => onChange({ inherit: event.currentTarget.checked })}
          error={errorAt('options.inherit')}
        />
        <Textarea
          className={classes.whole as string}
          label="Instructions"
          description={
            isBuiltin
              ? 'Ignored: the builtin describer goes by rules. It reads neither these nor the profile’s “About”.'
              : 'For the model: terms to use, the audience, what the database is for'
          }
          disabled={isBuiltin}
          value={options.instructions}
          onChange={(event) => onChange({ instructions: event.currentTarget.value })}
          maxLength={4000}
          autosize
          minRows={2}
          maxRows={8}
          error={errorAt('options.instructions')}
        />
      </div>
    </div>
  );
}

export function BudgetFields({ options, onChange, errorAt }: PartProps) {
  return (
    <div className={classes.budget}>
      <NumberField
        label="Dollars"
        isPositive
        placeholder="No limit"
        isDollars
        value={options.maxCostUsd}
        onChange={(maxCostUsd) => onChange({ maxCostUsd })}
        error={errorAt('budget.maxCostUsd')}
      />
      <NumberField
        label="Tokens"
        isPositive
        placeholder="No limit"
        value={options.maxTokens}
        onChange={(maxTokens) => onChange({ maxTokens })}
        isWhole
        error={errorAt('budget.maxTokens')}
      />
      <NumberField
        label="Minutes of work"
        isPositive
        placeholder="No limit"
        value={options.maxMinutes}
        onChange={(maxMinutes) => onChange({ maxMinutes })}
        error={errorAt('budget.maxSeconds')}
      />
    </div>
  );
}
