// The words for settings, metrics and agreement, and how their values are written.

import type { Agreement, AssetKind, CompareRunFragment, MetricName } from '../api/operations';
import { PROVIDERS } from '../models/providers';
import { count, dollars, ofAll } from '../ui/figures';
import { COMMANDS, KINDS, STATUSES } from '../ui/status';
import { duration } from '../ui/time';

export const AGREEMENTS: Record<Agreement, { label: string; tone: string; hint: string }> = {
  SAME: { label: 'Same', tone: 'success', hint: 'All texts are equal, apart from white space.' },
  SIMILAR: { label: 'Similar', tone: 'running', hint: 'The texts are alike: a similarity of 0.6 or more.' },
  DIFFERENT: { label: 'Different', tone: 'cancelling', hint: 'The similarity of the texts is below 0.6.' },
  MISSING: { label: 'Missing', tone: 'cancelled', hint: 'At least one run has no text for this asset.' },
};

export const ASSET_KINDS: Record<AssetKind, string> = {
  DATABASE: 'Databases',
  SCHEMA: 'Schemas',
  TABLE: 'Tables',
  VIEW: 'Views',
  MATERIALIZED_VIEW: 'Materialized views',
  COLUMN: 'Columns',
};

type Read = (run: CompareRunFragment) => string | number | boolean | null | undefined;

/** Every setting by its path in the API, with its label and how a run is asked for it. */
export const SETTINGS: Record<string, [label: string, read: Read]> = {
  title: ['Title', (run) => run.title],
  labels: ['Labels', (run) => run.labels.join(', ')],
  startedBy: ['Started by', (run) => run.startedBy],
  kind: ['Kind', (run) => run.kind],
  command: ['Command', (run) => run.command],
  status: ['Status', (run) => run.status],
  dbProfile: ['DB profile', (run) => run.dbProfileName],
  'scope.database': ['Database', (run) => run.scope.database],
  scope: ['Scope', (run) => run.scopeSummary],
  'scope.exclude': ['Left out', (run) => run.scope.exclude.join(', ')],
  'scope.partitions': ['Partitions', (run) => run.scope.partitions],
  llmProfile: ['LLM profile', (run) => run.llmProfileName],
  provider: ['Provider', (run) => run.llmProfile?.provider],
  model: ['Model', (run) => run.model],
  promptVersion: ['Prompts', (run) => run.promptVersion],
  'options.missingOnly': ['Only assets without a comment', (run) => run.options.missingOnly],
  'options.replaceComments': ["Replace people's comments", (run) => run.options.replaceComments],
  'options.alternatives': ['Wordings', (run) => run.options.alternatives],
  'options.temperature': ['Temperature', (run) => run.options.temperature],
  'options.maxOutputTokens': ['Max tokens per answer', (run) => run.options.maxOutputTokens],
  'options.verbosity': ['Length', (run) => run.options.verbosity],
  'options.profileData': ['Statistics and samples', (run) => run.options.profileData],
  'options.inherit': ['Known texts taken over', (run) => run.options.inherit],
  'options.instructions': ['Instructions', (run) => run.options.instructions],
  variations: ['Variations', () => null],
  'budget.maxCostUsd': ['Budget: cost', (run) => run.budget?.maxCostUsd],
  'budget.maxTokens': ['Budget: tokens', (run) => run.budget?.maxTokens],
  'budget.maxSeconds': ['Budget: seconds', (run) => run.budget?.maxSeconds],
  parent: ['Re-run of', (run) => run.parent && `#${run.parent.number}`],
};

const LOOKUPS: Record<string, Record<string, string>> = {
  kind: KINDS,
  command: COMMANDS,
  provider: PROVIDERS,
  status: Object.fromEntries(Object.entries(STATUSES).map(([name, { label }]) => [name, label])),
  'options.verbosity': { BRIEF: 'Brief', DETAILED: 'Detailed', COMPREHENSIVE: 'Comprehensive' },
  'scope.partitions': { PARENT: 'Once, through their parent', EACH: 'Each as a table' },
  variations: { LEXICAL: 'Same meaning, other words', SEMANTIC: 'Another meaning' },
};
const YES_NO: Record<string, string> = { true: 'Yes', false: 'No' };

/** A setting's value as a person reads it. */
export const settingText = (setting: string, value: string) => (LOOKUPS[setting] ?? YES_NO)[value] ?? value;

export type Unit = 'seconds' | 'count' | 'usd' | 'share' | 'score' | 'nats';

interface Metric {
  label: string;
  unit: Unit;
  about: string;
}

export const METRICS: Record<MetricName, Metric> = {
  WALL_SECONDS: { label: 'Duration', unit: 'seconds', about: 'Seconds that the run was running.' },
  MODEL_SECONDS: {
    label: 'Model time',
    unit: 'seconds',
    about: 'Time spent waiting for the model, added up over parallel requests.',
  },
  INPUT_TOKENS: { label: 'Tokens sent', unit: 'count', about: 'Tokens sent to the model.' },
  OUTPUT_TOKENS: { label: 'Tokens received', unit: 'count', about: 'Tokens received from the model.' },
  TOTAL_TOKENS: { label: 'Total tokens', unit: 'count', about: 'Tokens in both directions.' },
  COST_USD: { label: 'Cost', unit: 'usd', about: 'United States dollars, by the prices in the LLM profile.' },
  AVERAGE_LOGPROB: {
    label: 'Log-probability',
    unit: 'nats',
    about: 'Mean log-probability of a token, in nats, averaged over the suggestions.',
  },
  AVERAGE_CONFIDENCE: {
    label: 'Mean confidence',
    unit: 'score',
    about: 'Mean confidence of the suggestions, from 0 to 1.',
  },
  HIGH_CONFIDENCE_SHARE: {
    label: 'High confidence',
    unit: 'share',
    about: 'Share of suggestions with a confidence of 0.75 or more.',
  },
  MEDIUM_CONFIDENCE_SHARE: {
    label: 'Medium confidence',
    unit: 'share',
    about: 'Share of suggestions with a confidence from 0.50 to 0.75.',
  },
  LOW_CONFIDENCE_SHARE: {
    label: 'Low confidence',
    unit: 'share',
    about: 'Share of suggestions with a confidence below 0.50.',
  },
  APPROVAL_RATE: {
    label: 'Approved',
    unit: 'share',
    about: 'Accepted or edited suggestions among those that were decided on.',
  },
  SUGGESTIONS: { label: 'Suggestions', unit: 'count', about: 'Suggestions that the run made.' },
  FAILED_ASSETS: { label: 'Failed assets', unit: 'count', about: 'Assets that the run could not describe.' },
  TYPE_TOKEN_RATIO: {
    label: 'Variety of words',
    unit: 'score',
    about: 'Distinct words divided by all words. It falls as the text grows: compare runs of similar size.',
  },
  SCHEMA_GROUNDING: {
    label: 'Schema grounding',
    unit: 'score',
    about: "Mean share of the words in an asset's name and type that its text mentions.",
  },
  INFORMATIVE_SHARE: {
    label: 'Informative',
    unit: 'share',
    about: 'Share of suggestions that say more than the name, the type and the present comment.',
  },
  AGREEMENT: {
    label: 'Agreement with the others',
    unit: 'score',
    about: 'Mean chrF to the texts of the other runs, over the assets that both have.',
  },
  CHRF: { label: 'chrF', unit: 'score', about: 'Character n-gram F-score against the reference, from 0 to 1.' },
  ROUGE_L: {
    label: 'ROUGE-L',
    unit: 'score',
    about: 'F1 of the longest common subsequence of words against the reference, from 0 to 1.',
  },
  EDIT_SIMILARITY: {
    label: 'Edit similarity',
    unit: 'score',
    about: '1 minus the Levenshtein distance to the reference by the length of the longer text.',
  },
  WIN_RATE: {
    label: 'Preferred by the judge',
    unit: 'score',
    about: 'Share of the verdicts of a judge that the texts won against the other runs; a tie counts half.',
  },
};

const whole = (value: number) => count(Math.round(value));

export const WRITE: Record<Unit, (value: number) => string> = {
  seconds: (value) => (value < 60 ? `${value.toFixed(1)}s` : duration(value)),
  count: whole,
  usd: dollars,
  share: (value) => `${(value * 100).toFixed(1)}%`,
  score: (value) => value.toFixed(3),
  nats: (value) => `${value.toFixed(3)} nats`,
};

/** What a share is a share of: the decided suggestions, or all that the run made. */
function wholeOf(metric: MetricName, { reviewCounts }: CompareRunFragment, suggestions: number | null): number | null {
  const { accepted, edited, skipped } = reviewCounts;
  return metric === 'APPROVAL_RATE' ? accepted + edited + skipped : suggestions;
}

/** A value; a share with the count that it stands for: `42.5 % · 51 of 120`. */
export function valueText(metric: MetricName, value: number, run: CompareRunFragment, suggestions: number | null) {
  const { unit } = METRICS[metric];
  const all = unit === 'share' ? wholeOf(metric, run, suggestions) : null;
  return all === null ? WRITE[unit](value) : `${WRITE[unit](value)} · ${ofAll(Math.round(value * all), all)}`;
}

/** The difference to the baseline's value, with its sign; undefined where none would show. */
export function deltaText(unit: Unit, delta: number): string | undefined {
  const size = unit === 'share' ? `${(Math.abs(delta) * 100).toFixed(1)} points` : WRITE[unit](Math.abs(delta));
  const nothing = unit === 'share' ? '0.0 points' : WRITE[unit](0);
  return size === nothing ? undefined : `${delta < 0 ? '−' : '+'}${size}`;
}

const REFERENCE = new Set<MetricName>(['CHRF', 'ROUGE_L', 'EDIT_SIMILARITY']);
const OF_MODEL = new Set<MetricName>(['MODEL_SECONDS', 'INPUT_TOKENS', 'OUTPUT_TOKENS', 'TOTAL_TOKENS']);

/** Why a metric was not measured for a run. */
export function whyUnmeasured(metric: MetricName, run: CompareRunFragment, baselineId: string | undefined): string {
  if (REFERENCE.has(metric)) {
    return run.id === baselineId
      ? 'Not measured: this run is the baseline, its texts are the reference.'
      : 'Not measured: none of its assets has a reference text.';
  }
  if (OF_MODEL.has(metric)) {
    return run.model === 'builtin' || run.llmProfile?.provider === 'BUILTIN'
      ? 'Not measured: the builtin describer sends nothing to a model.'
      : 'Not measured: no request was sent to the model.';
  }
  switch (metric) {
    case 'WALL_SECONDS':
      return 'Not measured: the run has not started.';
    case 'COST_USD':
      return "Not known: the model's profile has no prices, or no request was sent.";
    case 'AVERAGE_LOGPROB':
      return 'Not measured: the provider gives no log-probabilities.';
    case 'APPROVAL_RATE':
      return 'Not measured: nobody has decided on a suggestion of this run.';
    case 'FAILED_ASSETS':
      return 'Not measured: the scope is not resolved yet.';
    case 'WIN_RATE':
      return 'Not measured: no model has judged its texts. Press Judge.';
    case 'AGREEMENT':
      return 'Not measured: no other run has a text for one of its assets.';
    default:
      return 'Not measured: the run has no suggestions.';
  }
}
