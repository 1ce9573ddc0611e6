// The session of the page: a form to sign in if the server needs a token, and a button to sign out.
//
// The server answers a sign-in with a cookie that scripts cannot read. The page does not store the token.

import { type FormEvent, useEffect, useState } from 'react';

interface Viewer {
  name: string;
  role: string;
}

/** Who the server says this is: nobody where it wants a token. */
async function whoIsIt(): Promise<Viewer | undefined> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'query Who { viewer { name role } }' }),
  });
  const answer: { data?: { viewer?: Viewer } | null } = await response.json();
  return answer.data?.viewer;
}

async function signIn(token: string): Promise<string | undefined> {
  const response = await fetch('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const answer: { errors?: { message: string }[] } = await response.json();
  if (response.ok) {
    return undefined;
  }
  return answer.errors?.[0]?.message ?? 'The server refuses this token.';
}

export function Session() {
  const [viewer, setViewer] = useState<Viewer | 'unknown' | undefined>('unknown');
  const [refusal, setRefusal] = useState<string>();
  useEffect(() => {
    whoIsIt().then(setViewer, () => setViewer(undefined));
  }, []);
  if (viewer === 'unknown' || (viewer !== undefined && viewer.name === 'local')) {
    return null;
  }
  if (viewer !== undefined) {
    const leave = async () => {
      const response = await fetch('/session', { method: 'DELETE' });
      // Leaving the page before the response has ended would abort it.
      await response.text();
      window.location.reload();
    };
    return (
      <div className="gloss-session">
        <span>
          Signed in as {viewer.name} ({viewer.role})
        </span>
        <button type="button" onClick={leave}>
          Sign out
        </button>
      </div>
    );
  }
  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    const refused = await signIn(String(token));
    if (refused === undefined) {
      // After a reload the editor fetches the schema with the new session.
      window.location.reload();
    } else {
      setRefusal(refused);
    }
  };
  return (
    <form className="gloss-session" onSubmit={enter}>
      <label htmlFor="gloss-token">This server needs a token. `gloss token create` makes one.</label>
      <input id="gloss-token" name="token" type="password" autoComplete="off" placeholder="gloss_…" required />
      <button type="submit">Sign in</button>
      {refusal !== undefined && <span role="alert">{refusal}</span>}
    </form>
  );
}
