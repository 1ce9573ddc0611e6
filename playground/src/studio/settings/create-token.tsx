// Makes a token, then shows its secret, this once. While the secret is shown the sign-in form waits: the first token
// ends the rights of the browser that made it.

import { Button, Group, Modal, Radio, Select, TextInput } from '@mantine/core';
import { Check, Copy, TriangleAlert } from 'lucide-react';
import { type FormEvent, useEffect, useState } from 'react';
import { useMutation } from 'urql';

import { problemOf } from '../api/errors';
import { type Role, SettingsCreateTokenDocument } from '../api/operations';
import { holdSignIn, useViewer } from '../api/viewer';
import { signIn } from '../shell/session';
import { BusyButton } from '../ui/busy-button';
import { sentenceOf, useSaid } from '../ui/form';
import { Failure, Trouble } from '../ui/states';
import { useClipboard } from '@mantine/hooks';
import { ROLES } from './roles';
import classes from './settings.module.css';

const DAYS: Record<string, string> = {
  '': 'Never',
  7: 'In 7 days',
  30: 'In 30 days',
  90: 'In 90 days',
  365: 'In a year',
  day: 'On a day…',
};

interface CreateTokenProps {
  /** Whether there is no token yet. */
  isFirst: boolean;
  onClose: () => void;
}

export function CreateToken({ isFirst, onClose }: CreateTokenProps) {
  const [created, setCreated] = useState<{ name: string; role: Role; secret: string }>();
  const { name: viewer } = useViewer();
  // A browser without a token loses its rights with the first one.
  const [locksOut] = useState(isFirst && viewer === 'local');
  useEffect(() => {
    holdSignIn(true);
    return () => holdSignIn(false);
  }, []);
  return created ? (
    <Modal
      opened
      onClose={onClose}
      title={`Token ${created.name}`}
      size={560}
      withCloseButton={false}
      closeOnClickOutside={false}
      closeOnEscape={false}
    >
      <Secret {...created} locksOut={locksOut} onClose={onClose} />
    </Modal>
  ) : (
    <Modal opened onClose={onClose} title="New token">
      <Form locksOut={locksOut} onCreated={setCreated} onClose={onClose} />
    </Modal>
  );
}

interface FormProps {
  locksOut: boolean;
  onCreated: (created: { name: string; role: Role; secret: string }) => void;
  onClose: () => void;
}

const tomorrow = () => {
  const day = new Date();
  day.setDate(day.getDate() + 1);
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, '0')}-${String(day.getDate()).padStart(2, '0')}`;
};

/** The end that was chosen, as a moment: null for none. */
function endOf(choice: string, day: string): string | null {
  if (choice === '') {
    return null;
  }
  return choice === 'day'
    ? new Date(`${day}T00:00:00`).toISOString()
    : new Date(Date.now() + Number(choice) * 86_400_000).toISOString();
}

function Form({ locksOut, onCreated, onClose }: FormProps) {
  const [{ error: failure, fetching }, create] = useMutation(SettingsCreateTokenDocument);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>(locksOut ? 'ADMIN' : 'VIEWER');
  const [choice, setChoice] = useState('');
  const [day, setDay] = useState('');
  const sent = useSaid([name, role, choice, day]);
  const error = sent.since(failure);
  const problem = error && problemOf(error);
  const isAboutName =
    problem?.code === 'CONFLICT' || (problem?.code === 'BAD_USER_INPUT' && /name/i.test(problem.message));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    sent.mark();
    const { data } = await create({ input: { name: name.trim(), role, expiresAt: endOf(choice, day) } });
    if (data) {
      const { secret, apiToken } = data.createApiToken;
      onCreated({ name: apiToken.name, role: apiToken.role, secret });
    }
  };
  return (
    <form onSubmit={submit} className={classes.form}>
      {locksOut && (
        <div className={classes.warning} role="note">
          <TriangleAlert size={16} strokeWidth={1.75} aria-hidden />
          <div>
            This is the first token. Once it exists, every request to this server needs one, including this page. You
            sign in with it in the next step.
          </div>
        </div>
      )}
      <TextInput
        label="Name"
        description="Gloss records the holder's actions under this name."
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        maxLength={100}
        autoComplete="off"
        data-autofocus
        error={isAboutName ? sentenceOf(error) : undefined}
      />
      <Radio.Group
        label="Role"
        description={locksOut && 'The first token is an Admin token: without one, nobody could create further tokens.'}
        value={role}
        onChange={(value) => setRole(value as Role)}
      >
        <div className={classes.roles}>
          {(Object.keys(ROLES) as Role[]).map((it) => (
            <Radio
              key={it}
              value={it}
              label={ROLES[it].label}
              description={ROLES[it].may}
              disabled={locksOut && it !== 'ADMIN'}
            />
          ))}
        </div>
      </Radio.Group>
      <Group gap="sm" align="flex-end">
        <Select
          label="Expires"
          data={Object.entries(DAYS).map(([value, label]) => ({ value, label }))}
          value={choice}
          onChange={(value) => setChoice(value ?? '')}
          allowDeselect={false}
          w={160}
        />
        {choice === 'day' && (
          <TextInput
            type="date"
            aria-label="The day on which it expires"
            value={day}
            min={tomorrow()}
            onChange={(event) => setDay(event.currentTarget.value)}
            required
          />
        )}
      </Group>
      {error && !isAboutName && <Failure error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <BusyButton type="submit" busy={fetching} disabled={name.trim() === ''}>
          Create token
        </BusyButton>
      </Group>
    </form>
  );
}

interface SecretProps {
  name: string;
  role: Role;
  secret: string;
  locksOut: boolean;
  onClose: () => void;
}

function Secret({ name, role, secret, locksOut, onClose }: SecretProps) {
  const clipboard = useClipboard({ timeout: 60_000 });
  const [refusal, setRefusal] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const begin = async () => {
    setIsBusy(true);
    const why = await signIn(secret);
    if (why === undefined) {
      window.location.reload();
    } else {
      setRefusal(why);
      setIsBusy(false);
    }
  };
  return (
    <div className={classes.form}>
      <p className={classes.text}>
        Copy the secret now and keep it safe: Gloss keeps only its hash and cannot show it again. Its holder sends it as{' '}
        <code>Authorization: Bearer …</code>, or signs in to these pages with it.
      </p>
      <div className={classes.secret}>
        <code aria-label={`Secret of ${name}`} tabIndex={0}>
          {secret}
        </code>
        <Button
          variant="default"
          data-autofocus
          leftSection={
            clipboard.copied ? (
              <Check size={16} strokeWidth={1.75} aria-hidden />
            ) : (
              <Copy size={16} strokeWidth={1.75} aria-hidden />
            )
          }
          onClick={() => clipboard.copy(secret)}
        >
          {clipboard.copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      {locksOut && (
        <p className={classes.text}>
          This server now wants a token from everybody. Sign in as <b>{name}</b> ({ROLES[role].label}) to go on in this
          browser.
        </p>
      )}
      {refusal && <Trouble code="UNAUTHENTICATED" message={refusal} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {locksOut ? 'I have copied it; sign in later' : 'I have copied it'}
        </Button>
        {locksOut && (
          <BusyButton onClick={begin} busy={isBusy}>
            Sign in with it
          </BusyButton>
        )}
      </Group>
    </div>
  );
}
