// What went wrong, as a page shows it.

import type { CombinedError } from 'urql';

export interface Problem {
  /** A code of the API's closed set, or OFFLINE where the server did not answer. */
  code: string;
  message: string;
  hint?: string;
  /** The path of the argument at fault: `input.targets.0.schemas.1.name`. */
  argument?: string;
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
      hint: 'Check that `gloss serve` is running; the page tries again by itself.',
    };
  }
  const { hint, argument } = first.extensions ?? {};
  return {
    code: codeOf(error),
    message: first.message,
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof argument === 'string' ? { argument } : {}),
  };
}
