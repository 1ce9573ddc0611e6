// The form for a token: where the server wants one, and where it has ended the session that the page had. After signing in
// the same page opens again. Somebody who signs in or out in another tab finds this one following.

import { PasswordInput } from '@mantine/core';
import { BookOpenCheck } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';

import { isSignedIn, signIn } from './session';
import classes from './sign-in.module.css';
import { BusyButton } from '../ui/busy-button';

interface SignInProps {
  /** The name of the caller before the server refused it. */
  before: string | undefined;
}

export function SignIn({ before }: SignInProps) {
  const [refusal, setRefusal] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Sign in · Gloss';
    const look = async () => {
      if (document.visibilityState === 'visible' && (await isSignedIn())) {
        window.location.reload();
      }
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token')).trim();
    setIsBusy(true);
    const why = await signIn(token);
    if (why === undefined) {
      window.location.reload();
    } else {
      setRefusal(why);
      setIsBusy(false);
      field.current?.select();
    }
  };
  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={submit}>
        <h1>
          <BookOpenCheck size={20} strokeWidth={1.75} aria-hidden /> Sign in to Gloss
        </h1>
        {before === undefined ? (
          <p>
            This server needs a token. An administrator creates one on the Settings page or with{' '}
            <code>gloss token create NAME --role ROLE</code>.
          </p>
        ) : (
          <p className={classes.ended} role="alert">
            {before === 'local'
              ? 'This server has its first token now, and every request needs one. '
              : `The session of ${before} has ended: its token was revoked or has expired, or the server was restarted. `}
            Sign in to go on with this page.
          </p>
        )}
        <PasswordInput
          ref={field}
          name="token"
          label="Token"
          placeholder="gloss_…"
          size="sm"
          required
          autoComplete="off"
          autoFocus
          error={refusal}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the token' }}
          onChange={() => setRefusal(undefined)}
        />
        <BusyButton type="submit" size="sm" busy={isBusy} fullWidth>
          Sign in
        </BusyButton>
        <p>
          The browser keeps a session cookie, not the token. You stay signed in until the server restarts, at most 30
          days.
        </p>
      </form>
    </main>
  );
}
