// The connection in the form: as fields, or as the URL that they stand for. Changing between them keeps what was typed.

import { Alert, PasswordInput, SegmentedControl, Select, TextInput } from '@mantine/core';

import type { DbBackend } from '../api/operations';
import form from '../ui/form.module.css';
import { backendOf, BACKENDS, type Encryption, type Fields, fieldsOf, shownUrlOf, unmasked } from './connection';
import classes from './databases.module.css';

export interface Address {
  mode: 'fields' | 'url';
  fields: Fields;
  url: string;
}

interface ConnectionFieldsProps {
  address: Address;
  onChange: (next: Address) => void;
  /** What is missing or wrong, by field. */
  lacks: Partial<Record<keyof Fields | 'url', string>>;
  /** What the server says against the URL. */
  refused: string | undefined;
}

const ENCRYPTION: { value: Encryption; label: string }[] = [
  { value: 'default', label: 'If the server offers it' },
  { value: 'required', label: 'Required' },
  { value: 'verified', label: 'Required, certificate and name checked' },
  { value: 'off', label: 'Off' },
];

export function ConnectionFields({ address, onChange, lacks, refused }: ConnectionFieldsProps) {
  const { mode, fields } = address;
  const set = (change: Partial<Fields>) => onChange({ ...address, fields: { ...fields, ...change } });
  const text = (name: 'host' | 'port' | 'user' | 'database' | 'path') => ({
    value: fields[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => set({ [name]: event.currentTarget.value }),
    error: lacks[name],
    autoComplete: 'off',
    spellCheck: false,
  });
  const changeMode = (next: string) => {
    if (next === 'url') {
      const isBlank = fields.host === '' && fields.user === '' && fields.path === '';
      onChange({ ...address, mode: 'url', url: isBlank ? address.url : shownUrlOf(fields) });
    } else {
      onChange({ ...address, mode: 'fields', fields: fieldsOf(unmasked(address.url, fields)) ?? fields });
    }
  };
  const backend = BACKENDS[fields.backend];
  return (
    <>
      <div className={classes.beside}>
        <SegmentedControl
          aria-label="Kind of database"
          value={mode === 'url' ? (backendOf(address.url) ?? '') : fields.backend}
          onChange={(value) =>
            onChange({ ...address, mode: 'fields', fields: { ...fields, backend: value as DbBackend } })
          }
          data={(Object.keys(BACKENDS) as DbBackend[]).map((value) => ({ value, label: BACKENDS[value].label }))}
        />
        <SegmentedControl
          aria-label="How to give the connection"
          value={mode}
          onChange={changeMode}
          data={[
            { value: 'fields', label: 'Fields' },
            { value: 'url', label: 'URL' },
          ]}
        />
      </div>
      {mode === 'url' && (
        <TextInput
          label="URL"
          description={
            <>
              ••• stands for the password of the fields. Special characters in a password are percent-encoded: @ is
              %40, / is %2F, : is %3A, # is %23, ? is %3F
            </>
          }
          value={address.url}
          onChange={(event) => onChange({ ...address, url: event.currentTarget.value })}
          placeholder={backend.urlExample}
          error={refused ?? lacks.url}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      {mode === 'fields' && fields.backend === 'SQLITE' && (
        <TextInput
          label="File"
          description="Full path on the machine that runs the Gloss server"
          placeholder="/data/shop.db"
          {...text('path')}
          error={refused ?? lacks.path}
        />
      )}
      {mode === 'fields' && fields.backend !== 'SQLITE' && (
        <>
          <div className={classes.pair}>
            <TextInput label="Host" placeholder="localhost" {...text('host')} />
            <TextInput label="Port" placeholder={backend.port} inputMode="numeric" {...text('port')} />
          </div>
          <div className={form.halves}>
            <TextInput label="User" {...text('user')} />
            <PasswordInput
              label="Password"
              value={fields.password}
              onChange={(event) => set({ password: event.currentTarget.value })}
              description="Or env:NAME, to read it from the server's environment"
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            />
          </div>
          <div className={form.halves}>
            <TextInput
              label="Database"
              description={backend.databaseHelp}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...text('database')}
            />
            <Select
              label="Encryption"
              value={fields.encryption}
              onChange={(value) => set({ encryption: (value ?? 'default') as Encryption })}
              data={ENCRYPTION}
              allowDeselect={false}
            />
          </div>
          {refused && (
            <Alert color="red" variant="light">
              {refused}
            </Alert>
          )}
        </>
      )}
    </>
  );
}
