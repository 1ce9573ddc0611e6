// The form that makes a profile or changes one. One button tests the connection and saves it; what does not answer
// is saved only when the person says so. A password goes to the server and never comes back: it stands in no
// address, in no storage, and a changed connection asks for it again.

import { Button, Modal, Radio, TagsInput, Textarea, TextInput, Checkbox } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { useMutation } from 'urql';

import {
  type CreateDbProfileInput,
  DatabaseCreateDocument,
  type DatabaseRowFragment,
  DatabaseTestDocument,
  DatabaseUpdateDocument,
  type UpdateDbProfileInput,
} from '../api/operations';
import { Action, Lacking } from '../ui/action';
import { refusedField, sentenceOf, useSaid } from '../ui/form';
import form from '../ui/form.module.css';
import { More } from '../ui/more';
import { Failure } from '../ui/states';
import { type Tested, TestResult } from '../ui/test-result';
import { backendOf, BACKENDS, fieldsOf, lacks, NO_FIELDS, unmasked, urlOf } from './connection';
import { type Address, ConnectionFields } from './connection-fields';
import { profileAddress } from './places';

interface ProfileFormProps {
  /** The profile to change; a new one when left out. */
  profile?: DatabaseRowFragment;
  onClose: () => void;
  onSaved?: (profile: DatabaseRowFragment) => void;
}

export function ProfileForm({ profile, onClose, onSaved }: ProfileFormProps) {
  const navigate = useNavigate();
  const [{ error: testFailure, fetching: isTesting }, test] = useMutation(DatabaseTestDocument);
  const [{ error: createError, fetching: isCreating }, create] = useMutation(DatabaseCreateDocument);
  const [{ error: updateError, fetching: isUpdating }, update] = useMutation(DatabaseUpdateDocument);

  const [name, setName] = useState(profile?.name ?? '');
  const [address, setAddress] = useState<Address>(() => ({
    mode: 'fields',
    fields: (profile && fieldsOf(profile.displayUrl)) ?? NO_FIELDS,
    url: profile?.displayUrl ?? '',
  }));
  const [isMoved, setIsMoved] = useState(profile === undefined);
  const [sameDatabase, setSameDatabase] = useState<'yes' | 'no'>();
  const [about, setAbout] = useState(profile?.about ?? '');
  const [exclude, setExclude] = useState(profile?.exclude ?? []);
  // The one that the URL names anyway is not shown as a choice of its own.
  const isPinnedByUrl = profile && fieldsOf(profile.displayUrl)?.database === profile.pinnedDatabase;
  const pinnedBefore = isPinnedByUrl ? '' : (profile?.pinnedDatabase ?? '');
  const [pinned, setPinned] = useState(pinnedBefore);
  const [sampleViews, setSampleViews] = useState(profile?.sampleViews ?? false);
  const [isMore, setIsMore] = useState(profile !== undefined);
  const [isChecked, setIsChecked] = useState(false);
  const [result, setResult] = useState<Tested>();

  const url = address.mode === 'url' ? unmasked(address.url.trim(), address.fields) : urlOf(address.fields);
  const backend = address.mode === 'url' ? backendOf(url) : address.fields.backend;
  const addressLacks =
    address.mode === 'url'
      ? { ...(backend === undefined ? { url: 'Begin with postgres://, mysql:// or sqlite://' } : {}) }
      : lacks(address.fields);
  const isAddressWrong = isMoved && Object.keys(addressLacks).length > 0;
  const tests = useSaid([isMoved, url]);
  const saves = useSaid([name, url, about, exclude, pinned, sampleViews, sameDatabase]);
  const testError = tests.since(testFailure);
  const saveError = saves.since(createError ?? updateError);
  const refused = refusedField(saveError) ?? refusedField(testError);
  const suggested = suggestedName(address);
  const named = name.trim() || (profile === undefined ? suggested : '');

  const changeAddress = (next: Address) => {
    setAddress(next);
    setResult(undefined);
  };

  /** Tests what stands in the form; undefined where the question itself is refused. */
  const tested = async (): Promise<Tested | undefined> => {
    setResult(undefined);
    tests.mark();
    const input = isMoved || profile === undefined ? { url } : { id: profile.id };
    const { data } = await test({ input });
    setResult(data?.testDbProfile);
    return data?.testDbProfile;
  };

  const save = async () => {
    saves.mark();
    const settings = {
      name: named,
      about: about.trim() === '' ? null : about,
      exclude,
      sampleViews,
    };
    if (profile === undefined) {
      const input: CreateDbProfileInput = { ...settings, url, pinnedDatabase: pinned === '' ? null : pinned };
      const { data } = await create({ input });
      if (data) {
        navigate(profileAddress(data.createDbProfile.dbProfile));
      }
      return;
    }
    const input: UpdateDbProfileInput = {
      ...settings,
      id: profile.id,
      ...(isMoved ? { url, sameDatabase: sameDatabase === 'yes' } : {}),
      ...(pinned !== pinnedBefore ? { pinnedDatabase: pinned === '' ? null : pinned } : {}),
    };
    const { data } = await update({ input });
    if (data) {
      onClose();
      onSaved?.(data.updateDbProfile.dbProfile);
    }
  };

  const isReady = !isAddressWrong && named !== '' && (!isMoved || profile === undefined || sameDatabase !== undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsChecked(true);
    if (!isReady) {
      return;
    }
    if (!isMoved || (await tested())?.ok) {
      await save();
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      title={profile ? `Edit ${profile.name}` : 'Add a database'}
      size={720}
      centered={false}
    >
      <form className={form.form} onSubmit={submit} noValidate autoComplete="off">
        <TextInput
          label="Name"
          description="What people call it in lists and in forms"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          placeholder={suggested || 'shop'}
          maxLength={100}
          error={
            refused === 'name'
              ? sentenceOf(saveError)
              : isChecked && named === '' && 'Enter a name'
          }
          data-autofocus
        />
        <fieldset>
          <legend>Connection</legend>
          {isMoved ? (
            <ConnectionFields
              address={address}
              onChange={changeAddress}
              lacks={isChecked ? addressLacks : {}}
              refused={refused === 'url' ? sentenceOf(saveError ?? testError) : undefined}
            />
          ) : (
            <div className={form.current}>
              <span className="mono">{profile?.displayUrl}</span>
              <Button variant="default" onClick={() => setIsMoved(true)}>
                Change…
              </Button>
            </div>
          )}
          {profile && isMoved && (
            <>
              <p className={form.note}>
                Gloss never shows the password again. Enter it again, even if you change another part.
              </p>
              <Radio.Group
                label="Does the new connection lead to the same database?"
                description={
                  <>
                    Gloss writes and rolls back comments of earlier runs only in the database that
                    they described. If it finds another one, it refuses unless you confirm that
                    it is the same.
                  </>
                }
                value={sameDatabase ?? null}
                onChange={(value) => setSameDatabase(value as 'yes' | 'no')}
                error={isChecked && sameDatabase === undefined && 'Choose one'}
              >
                <div className={form.form} style={{ gap: 8, marginTop: 8 }}>
                  <Radio
                    value="yes"
                    label="Yes, the same database"
                    description={
                      <>
                        It moved, was restored elsewhere, or only the login changes. It must be
                        reachable now. Gloss records your name.
                      </>
                    }
                  />
                  <Radio
                    value="no"
                    label="No, or not sure"
                    description={
                      <>
                        If it is another database, earlier runs of this profile can no longer be
                        applied or rolled back.
                      </>
                    }
                  />
                </div>
              </Radio.Group>
            </>
          )}
        </fieldset>
        <Textarea
          label="About this database"
          description={
            <>
              Its purpose and terms. Gloss sends this with every request to a language model; the builtin describer
              ignores it.
            </>
          }
          value={about}
          onChange={(event) => setAbout(event.currentTarget.value)}
          placeholder="Orders and stock of the web shop. SKU is our article number."
          maxLength={4000}
          autosize
          minRows={2}
          maxRows={8}
        />
        <More label="What Gloss reads" isOpen={isMore} onToggle={() => setIsMore(!isMore)}>
          <div className={form.form}>
            <TagsInput
              label="Tables to leave out"
              description={
                <>
                  Patterns: table or schema.table, * for any characters, ? for one. Enter adds one. A
                  run that names such a table still describes it.
                </>
              }
              value={exclude}
              onChange={setExclude}
              placeholder={exclude.length === 0 ? '*_bak, staging.*' : ''}
              splitChars={[',', ' ']}
              error={refused === 'exclude' && sentenceOf(saveError)}
            />
            {backend !== 'SQLITE' && (
              <TextInput
                label="Only this database"
                description={
                  backend === 'MYSQL'
                    ? 'Gloss uses only this database. Empty: every database that the login may see.'
                    : 'Gloss uses only this database. Empty: the database in the connection, or all if it names none.'
                }
                value={pinned}
                onChange={(event) => setPinned(event.currentTarget.value)}
                error={refused === 'pinnedDatabase' && sentenceOf(saveError)}
              />
            )}
            <Checkbox
              label="Read sample values through views as well"
              description={
                {
                  SQLITE: 'Reading a view runs what is in it. Leave it off unless you trust the file.',
                  MYSQL:
                    "Reading a view runs the functions in it with this login's rights. The view's owner wrote them. " +
                    'The same holds for tables whose storage engine keeps the rows elsewhere. ' +
                    'Leave it off unless you trust every owner of objects in this database.',
                  POSTGRES:
                    "Reading a view runs the functions in it with this login's rights. The view's owner wrote them. " +
                    'The same holds for foreign tables and row-level security policies. ' +
                    'Leave it off unless you trust every owner of objects in this database.',
                }[backend ?? 'POSTGRES']
              }
              checked={sampleViews}
              onChange={(event) => setSampleViews(event.currentTarget.checked)}
            />
          </div>
        </More>
        {testError && !isTesting && refused !== 'url' && <Failure error={testError} />}
        {saveError && !['name', 'url', 'exclude', 'pinnedDatabase'].includes(refused ?? '') && (
          <Failure error={saveError} />
        )}
        <TestResult result={result} busy={isTesting}>
          {result && !result.ok && (
            <p style={{ margin: '4px 0 0' }}>
              Nothing is saved yet. Correct the connection, or save it as it is and test it later.
            </p>
          )}
        </TestResult>
        <Lacking needs="ADMIN" />
        <div className={form.foot}>
          {isMoved && (
            <Action
              needs="ADMIN"
              variant="default"
              className={form.left}
              busy={isTesting}
              onClick={() => {
                setIsChecked(true);
                if (!isAddressWrong) {
                  void tested();
                }
              }}
            >
              Only test
            </Action>
          )}
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {isMoved && result && !result.ok && (
            <Action
              needs="ADMIN"
              variant="outline"
              busy={isCreating || isUpdating}
              onClick={() => isReady && void save()}
            >
              Save anyway
            </Action>
          )}
          <Action needs="ADMIN" type="submit" busy={isTesting || isCreating || isUpdating}>
            {isMoved ? 'Test and save' : 'Save'}
          </Action>
        </div>
      </form>
    </Modal>
  );
}

/** A name to begin with: the database's, or the host's. */
function suggestedName({ mode, fields, url }: Address): string {
  const known = mode === 'url' ? fieldsOf(url) : fields;
  if (known === undefined) {
    return '';
  }
  if (known.backend === 'SQLITE') {
    return (
      known.path
        .split('/')
        .pop()
        ?.replace(/\.[^.]*$/, '') ?? ''
    );
  }
  return (known.database || (known.host.startsWith('/') ? BACKENDS[known.backend].label : known.host)).trim();
}
