// The form for a token, where the server wants one or has revoked the one before.

import { Button, PasswordInput } from '@mantine/core';
import { BookOpenCheck } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';

import { signIn } from './session';
import classes from './sign-in.module.css';

export function SignIn() {
  const [refusal, setRefusal] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  useEffect(() => {
    document.title = 'Sign in · Gloss';
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
    }
  };
  return (
    <main className={classes.page}>
      <form className={classes.form} onSubmit={submit}>
        <h1>
          <BookOpenCheck size={20} strokeWidth={1.75} aria-hidden /> Sign in to Gloss
        </h1>
        <p>
          This server needs a token. An administrator creates one on the Settings page or with{' '}
          <code>gloss token create NAME</code>.
        </p>
        <PasswordInput
          name="token"
          label="Token"
          placeholder="gloss_…"
          size="sm"
          required
          autoComplete="off"
          data-autofocus
          error={refusal}
        />
        <Button type="submit" size="sm" loading={isBusy} fullWidth>
          Sign in
        </Button>
        <p>The browser keeps a session cookie for 30 days, not the token.</p>
      </form>
    </main>
  );
}
