// Signing in and out. The server answers a token with a cookie that no script can read; the page keeps the token nowhere.

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
    return 'The server does not answer. Try again.';
  }
  if (response.ok) {
    return undefined;
  }
  const answer: { errors?: { message: string }[] } = await response.json().catch(() => ({}));
  return answer.errors?.[0]?.message ?? 'The server refuses this token.';
}

/** Signs out and returns to the sign-in form. */
export async function signOut() {
  const response = await fetch('/session', { method: 'DELETE' });
  await response.text();
  window.location.reload();
}
