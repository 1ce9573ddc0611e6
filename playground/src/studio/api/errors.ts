// What went wrong, as a page shows it.
//
// Messages of the API speak to people who call it: they name its fields and operations in backticks. A page has labels
// and pages instead, and `inWords` puts these in their place. Every message that a page shows passes through it.

import type { CombinedError } from 'urql';

import { capital } from '../ui/capital';

export interface Problem {
  /** A code of the API's closed set, or OFFLINE where the server did not answer. */
  code: string;
  message: string;
  hint?: string;
  /** The path of the argument at fault: `input.targets.0.schemas.1.name`. */
  argument?: string;
}

/** What a person reads for a field of the API. */
const FIELDS: Record<string, string> = {
  about: 'the text about the database',
  alternatives: 'the number of wordings',
  apiKey: 'the API key',
  baseUrl: 'the base URL',
  budget: 'the budget',
  cachedInputCostPerMillionTokens: 'the price of a million tokens from the cache',
  concurrency: 'the number of requests at once',
  cron: 'a cron expression',
  dbProfileIds: 'the databases',
  exclude: 'the patterns to leave out',
  expiresAt: 'the end of the token',
  fireAt: 'the date and time',
  inputCostPerMillionTokens: 'the price of a million tokens sent',
  instructions: 'the instructions',
  llmProfileId: 'a model',
  maxCostUsd: 'the limit in dollars',
  maxOutputTokens: 'the limit on the tokens of one answer',
  maxSeconds: 'the limit in seconds',
  maxTokens: 'the limit in tokens',
  outputCostPerMillionTokens: 'the price of a million tokens received',
  pinnedDatabase: 'the only database',
  requestsPerMinute: 'the number of requests a minute',
  temperature: 'the temperature',
};

/** Where a person does what an operation of the API does. */
const PLACES: Record<string, string> = {
  askSessions: 'on the Ask page',
  createDbProfile: 'on the Databases page',
  dbProfiles: 'on the Databases page',
  llmProfiles: 'on the Models page',
  removeBudget: 'with “Remove the budget”',
  runScheduleNow: 'with “Run now”',
  searchAssets: 'on the database’s page',
  updateDbProfile: 'on the Databases page',
  updateLlmProfile: 'on the Models page',
  updateSchedule: 'on the Schedules page',
};

/** A text with the place of the pages instead of an operation of the API; what else stands in backticks stays. */
export const placesInWords = (text: string) =>
  text
    .replace(/\b(list|find|see) them with `searchAssets`/g, 'search the database’s page for them')
    .replace(/\bwith `(\w+)`/g, (whole, name: string) => PLACES[name] ?? whole);

/** A message of the API without the names of its fields and operations, and without backticks. */
export function inWords(message: string): string {
  const text = placesInWords(message)
    .replace(/`(?:input\.)?(?:\w+\.)*(\w+)`/g, (whole, name: string) => FIELDS[name] ?? whole)
    .replace(/`([^`]+)`/g, '$1');
  return text === message ? text : capital(text);
}

/** How the API refuses a variable that does not fit its type: ``variable `$input` … at `options.temperature`: why``. */
const MISFIT = /^variable `\$(\w+)` of type `[^`]+`(?: at `([^`]+)`)?: (.*)$/s;

function misfit(message: string): { argument: string; message: string } | undefined {
  const [, variable, path, why] = MISFIT.exec(message) ?? [];
  return variable === undefined
    ? undefined
    : {
        argument: path === undefined ? variable : `${variable}.${path}`,
        message: /integer/.test(why ?? '') ? 'Enter a whole number that is not as large.' : 'Enter another value.',
      };
}

/** The code of the first error of the API; OFFLINE where there was no answer. */
export function codeOf(error: CombinedError): string {
  const code = error.graphQLErrors[0]?.extensions?.code;
  if (typeof code === 'string') {
    return code;
  }
  return error.networkError ? 'OFFLINE' : 'INTERNAL';
}

export function problemOf(error: CombinedError): Problem {
  const first = error.graphQLErrors[0];
  if (first === undefined) {
    return {
      code: 'OFFLINE',
      message: 'The server does not answer.',
      hint: 'Start Gloss if it is not running. The page tries again by itself.',
    };
  }
  const { hint, argument } = first.extensions ?? {};
  return {
    code: codeOf(error),
    message: inWords(first.message),
    ...(typeof hint === 'string' ? { hint: inWords(hint) } : {}),
    ...(typeof argument === 'string' ? { argument } : {}),
    ...misfit(first.message),
  };
}
