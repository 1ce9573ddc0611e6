// What forms share.

import { useState } from 'react';
import type { CombinedError } from 'urql';

import { problemOf } from '../api/errors';
import { capital } from './capital';

/** The first message of an error as a sentence. */
export function sentenceOf(error: CombinedError | undefined): string | undefined {
  return error?.graphQLErrors.length ? capital(problemOf(error).message) : undefined;
}

/**
 * Errors that stand until what they are about is changed: `mark` what is sent, and `since` holds back what was said of
 * something else.
 */
export function useSaid(content: unknown) {
  const text = JSON.stringify(content);
  const [marked, setMarked] = useState<string>();
  return {
    mark: () => setMarked(text),
    since: (error: CombinedError | undefined) => (marked === text ? error : undefined),
  };
}

/** The input field that the API refuses: `name` of the argument `input.name`, or where that name is taken. */
export function refusedField(error: CombinedError | undefined): string | undefined {
  if (error === undefined) {
    return undefined;
  }
  const { argument, code, message } = problemOf(error);
  if (argument !== undefined) {
    return argument.split('.').pop();
  }
  return code === 'CONFLICT' && /\bis named\b/.test(message) ? 'name' : undefined;
}

/**
 * What the API says of the fields of a form: `at` gives the message for the field at a path below `input`, and
 * `isAtField` tells whether it stands at one of `fields`, so that the form need not show it once more.
 */
export function refusals(error: CombinedError | undefined, fields: RegExp) {
  const path = error && problemOf(error).argument?.replace(/^input\./, '');
  return {
    at: (field: string) => (path === field || path?.startsWith(`${field}.`) ? sentenceOf(error) : undefined),
    isAtField: path !== undefined && fields.test(path),
  };
}
