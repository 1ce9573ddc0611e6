// How a run describes and what it may cost, as a form holds it: what is null keeps the server's default.

import { isMarked } from '../ui/number-field';
import { recall, remember } from '../ui/storage';
import type { LlmProvider, RunBudgetInput, RunOptionsInput, Verbosity } from '../api/operations';

export interface Options {
  /** Null for the default model. */
  llmProfileId: string | null;
  missingOnly: boolean;
  replaceComments: boolean;
  alternatives: number | null;
  temperature: number | null;
  maxOutputTokens: number | null;
  verbosity: Verbosity;
  /** Null for the model's default: BUILTIN reads samples, no other model is shown any. */
  profileData: boolean | null;
  /** Whether texts that are certain by inheritance are taken over instead of requested from the model. */
  inherit: boolean;
  instructions: string;
  maxCostUsd: number | null;
  maxTokens: number | null;
  maxMinutes: number | null;
}

export const DEFAULTS: Options = {
  llmProfileId: null,
  missingOnly: false,
  replaceComments: false,
  alternatives: 3,
  temperature: 0.2,
  maxOutputTokens: 1024,
  verbosity: 'DETAILED',
  profileData: null,
  inherit: true,
  instructions: '',
  maxCostUsd: null,
  maxTokens: null,
  maxMinutes: null,
};

export interface Model {
  id: string;
  name: string;
  provider: LlmProvider;
  model: string;
  baseUrl: string | null;
  isDefault: boolean;
  price: object | null;
}

export function optionsInput(options: Options): RunOptionsInput {
  const { missingOnly, replaceComments, alternatives, temperature, maxOutputTokens, verbosity, profileData, inherit } = options;
  const instructions = options.instructions.trim();
  return {
    missingOnly,
    replaceComments,
    verbosity,
    ...(alternatives === null ? {} : { alternatives }),
    ...(temperature === null ? {} : { temperature }),
    ...(maxOutputTokens === null ? {} : { maxOutputTokens }),
    ...(profileData === null ? {} : { profileData }),
    ...(inherit ? {} : { inherit }),
    ...(instructions === '' ? {} : { instructions }),
  };
}

/** Whether a number field is marked: nothing can be sent. */
export const hasFault = ({ alternatives, temperature, maxOutputTokens, maxCostUsd, maxTokens, maxMinutes }: Options) =>
  isMarked(alternatives, temperature, maxOutputTokens, maxCostUsd, maxTokens, maxMinutes);

/** What a form says where a field is marked. */
export const CORRECT = 'Correct the marked field.';

/** The limits; null where there are none. */
export function budgetInput({ maxCostUsd, maxTokens, maxMinutes }: Options): RunBudgetInput | null {
  return maxCostUsd === null && maxTokens === null && maxMinutes === null
    ? null
    : {
        ...(maxCostUsd === null ? {} : { maxCostUsd }),
        ...(maxTokens === null ? {} : { maxTokens }),
        ...(maxMinutes === null ? {} : { maxSeconds: Math.round(maxMinutes * 60) }),
      };
}

/** The model that a run takes: the chosen one, else the default. */
export const modelOf = (models: Model[], { llmProfileId }: Pick<Options, 'llmProfileId'>) =>
  models.find(({ id, isDefault }) => (llmProfileId === null ? isDefault : id === llmProfileId));

const LAST_MODEL = 'model.last';

/** Remembers the model that a form was sent with: the next form begins with it. */
export const rememberModel = (model: Model | undefined) => remember(LAST_MODEL, model?.id);

/** The model that the last form was sent with. */
export const lastModel = () => recall<string | null>(LAST_MODEL, null);

/** The defaults with the model that a form begins with: the last used one, the default, the only one, the builtin. */
export function freshOptions(models: Model[], last: string | null): Options {
  const model =
    models.find(({ id }) => id === last) ??
    modelOf(models, DEFAULTS) ??
    (models.length === 1 ? models[0] : models.find(({ provider }) => provider === 'BUILTIN'));
  return { ...DEFAULTS, llmProfileId: model === undefined || model.isDefault ? null : model.id };
}

/** What differs from the defaults, for the head of the folded options. A marked field says so itself. */
export function changed(options: Options): string[] {
  const differs = (name: 'alternatives' | 'temperature' | 'maxOutputTokens') =>
    options[name] !== DEFAULTS[name] && !isMarked(options[name]);
  return [
    ...(differs('alternatives') ? [`${options.alternatives ?? 3} wordings`] : []),
    ...(options.verbosity === DEFAULTS.verbosity ? [] : [options.verbosity.toLowerCase()]),
    ...(differs('temperature') ? [`temperature ${options.temperature ?? 0.2}`] : []),
    ...(differs('maxOutputTokens') ? [`${options.maxOutputTokens ?? 1024} tokens an answer`] : []),
    ...(options.profileData === null ? [] : [options.profileData ? 'with samples' : 'without samples']),
    ...(options.inherit ? [] : ['every text from the model']),
    ...(options.instructions.trim() === '' ? [] : ['instructions']),
  ];
}
