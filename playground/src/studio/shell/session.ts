// Signing in and out. The server answers a token with a cookie that no script can read; the page keeps the token
// nowhere.

import { inWords } from '../api/errors';
import { forgetVisits } from '../palette/visits';
import { capital } from '../ui/capital';
import { recall, remember } from '../ui/storage';

const VIEWER = 'viewer';

/** Remembers who is signed in: the sign-in form then tells a session that has ended from a first visit. */
export const rememberViewer = (name: string | undefined) => remember(VIEWER, name === 'local' ? undefined : name);

export const rememberedViewer = () => recall<string | undefined>(VIEWER, undefined);

const NO_ANSWER = 'The server does not answer. Try again.';

/** A message as a sentence. */
function sentence(message: string): string {
  const text = capital(inWords(message));
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Signs in; returns why the server refuses, or nothing. */
export async function signIn(token: string): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch('/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  } catch {
    return NO_ANSWER;
  }
  if (response.ok) {
    return undefined;
  }
  const answer: { errors?: { message: string }[] } = await response.json().catch(() => ({}));
  const message = answer.errors?.[0]?.message;
  if (message === undefined) {
    return response.status >= 500 ? NO_ANSWER : 'The server refuses this token.';
  }
  return `${sentence(message)}${token.startsWith('gloss_') ? '' : ' Tokens begin with gloss_.'}`;
}

/** Whether the server lets this browser in: another tab may have signed in. */
export async function isSignedIn(): Promise<boolean> {
  try {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query SignedIn { viewer { name } }' }),
    });
    return response.ok && !(await response.json()).errors;
  } catch {
    return false;
  }
}

/** Signs out and returns to the sign-in form; the next person does not see where this one was. */
export async function signOut() {
  forgetVisits();
  rememberViewer(undefined);
  const response = await fetch('/session', { method: 'DELETE' });
  await response.text();
  window.location.reload();
}
