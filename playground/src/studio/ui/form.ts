// What forms share.

import { useState } from 'react';
import type { CombinedError } from 'urql';

/** The first message of an error as a sentence. */
export function sentenceOf(error: CombinedError | undefined): string | undefined {
  const message = error?.graphQLErrors[0]?.message;
  return message === undefined ? undefined : message.charAt(0).toUpperCase() + message.slice(1);
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
  const { argument, code } = error?.graphQLErrors[0]?.extensions ?? {};
  if (typeof argument === 'string') {
    return argument.split('.').pop();
  }
  return code === 'CONFLICT' && /\bis named\b/.test(error?.graphQLErrors[0]?.message ?? '') ? 'name' : undefined;
}
