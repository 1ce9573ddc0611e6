// What forms share.

import type { CombinedError } from 'urql';

/** The input field that the API refuses: `name` of the argument `input.name`. */
export function refusedField(error: CombinedError | undefined): string | undefined {
  const argument = error?.graphQLErrors[0]?.extensions?.argument;
  return typeof argument === 'string' ? argument.split('.').pop() : undefined;
}
