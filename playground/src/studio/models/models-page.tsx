// The profiles of language models: which one a run takes when it names none, what it costs, and whether it answers.

import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { Ellipsis, KeyRound, Pencil, Plus, Star, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useMutation, useQuery } from 'urql';

import { codeOf } from '../api/errors';
import {
  ModelDeleteDocument,
  ModelProfilesDocument,
  type ModelRowFragment,
  ModelTestDocument,
  ModelUpdateDocument,
} from '../api/operations';
import { useReconnected } from '../api/connection';
import { Action } from '../ui/action';
import { Confirm } from '../ui/confirm';
import { dollars, plural } from '../ui/figures';
import { MenuAction } from '../ui/menu-action';
import { Page } from '../ui/page';
import { useRetryOffline } from '../ui/retry';
import { Empty, Failure, Loading } from '../ui/states';
import { TestResult } from '../ui/test-result';
import { Clipped } from '../ui/text';
import { Unknown } from '../ui/time';
import { ModelForm } from './model-form';
import classes from './models.module.css';
import { providerName } from './providers';

export function ModelsPage() {
  const [{ data, error }, again] = useQuery({ query: ModelProfilesDocument });
  const [parameters, setParameters] = useSearchParams();
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  useRetryOffline(data ? undefined : error, refetch);
  const open = (which: string | undefined) => setParameters(which === undefined ? {} : { form: which });
  const profiles = data?.llmProfiles;
  const form = parameters.get('form');
  const edited = profiles?.find(({ id }) => id === form);
  const add = (
    <Action needs="ADMIN" leftSection={<Plus size={16} strokeWidth={1.75} aria-hidden />} onClick={() => open('new')}>
      Add model
    </Action>
  );
  return (
    <Page
      title="Models"
      aside={profiles && <span className="muted">{plural(profiles.length, 'profile')}</span>}
      actions={add}
    >
      {error && !profiles && <Failure error={error} retry={refetch} />}
      {!error && !profiles && <Loading rows={4} height={64} />}
      {profiles?.length === 0 && (
        <Empty title="No model yet." action={add}>
          An LLM profile names a provider, a model, a key and limits. The builtin describer needs no key and no network.
        </Empty>
      )}
      {profiles && profiles.length > 0 && !profiles.some(({ isDefault }) => isDefault) && (
        <p className={classes.warning} role="status">
          No profile is the default, so runs, drafts and questions must name one. Make one of them the default.
        </p>
      )}
      {profiles && profiles.length > 0 && (
        <ul className={classes.models} aria-label="Models">
          {profiles.map((profile) => (
            <Model key={profile.id} profile={profile} onEdit={() => open(profile.id)} onChanged={refetch} />
          ))}
        </ul>
      )}
      {form === 'new' && <ModelForm onClose={() => open(undefined)} />}
      {edited && <ModelForm key={edited.id} profile={edited} onClose={() => open(undefined)} />}
    </Page>
  );
}

interface ModelProps {
  profile: ModelRowFragment;
  onEdit: () => void;
  onChanged: () => void;
}

function Model({ profile, onEdit, onChanged }: ModelProps) {
  const [test, runTest] = useMutation(ModelTestDocument);
  const [change, update] = useMutation(ModelUpdateDocument);
  const [isDeleting, setIsDeleting] = useState(false);
  const { name, provider, model, baseUrl, isDefault, concurrency, requestsPerMinute } = profile;
  const isTested = test.fetching || test.data !== undefined || test.error !== undefined;
  return (
    <li className={classes.model}>
      <div className={classes.line}>
        <div className={classes.identity}>
          <div className={classes.head}>
            <h2 className={classes.name}>
              <Clipped text={name} focusable />
            </h2>
            {isDefault && (
              <Tooltip label="Used by runs, drafts and questions that name no model.">
                <span className={classes.default}>Default</span>
              </Tooltip>
            )}
          </div>
          <div className={classes.provider}>
            <span>{providerName(profile)}</span>
            <Clipped text={model} className="mono" />
          </div>
          {baseUrl !== null && (
            <div className={classes.provider}>
              <Clipped text={baseUrl} className="mono" />
            </div>
          )}
        </div>
        <dl className={classes.facts}>
          <div>
            <dt>Price of 1M tokens</dt>
            <dd>
              <Price profile={profile} />
            </dd>
          </div>
          <div>
            <dt>Requests at once</dt>
            <dd>
              {concurrency}
              {requestsPerMinute !== null && `, ${requestsPerMinute} a minute`}
            </dd>
          </div>
          <div>
            <dt>Key</dt>
            <dd>{provider === 'BUILTIN' ? 'not needed' : profile.hasApiKey ? <KeySet /> : 'none'}</dd>
          </div>
        </dl>
        <div className={classes.actions}>
          <Action
            variant="default"
            busy={test.fetching}
            onClick={() => runTest({ input: { id: profile.id } })}
            aria-label={`Test ${name}`}
          >
            Test
          </Action>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" size={30} aria-label={`More actions for ${name}`}>
                <Ellipsis size={16} strokeWidth={1.75} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <MenuAction
                icon={Star}
                needs="ADMIN"
                why={isDefault ? 'It is the default already.' : undefined}
                onClick={async () => {
                  await update({ input: { id: profile.id, isDefault: true } });
                  onChanged();
                }}
              >
                Make it the default
              </MenuAction>
              <MenuAction icon={Pencil} needs="ADMIN" onClick={onEdit}>
                Edit…
              </MenuAction>
              <MenuAction icon={Trash2} needs="ADMIN" onClick={() => setIsDeleting(true)}>
                Delete…
              </MenuAction>
            </Menu.Dropdown>
          </Menu>
        </div>
      </div>
      {isTested && (
        <div className={classes.tested}>
          {test.error ? (
            <Failure error={test.error} />
          ) : (
            <TestResult result={test.data?.testLlmProfile} busy={test.fetching} />
          )}
        </div>
      )}
      {change.error && (
        <div className={classes.tested}>
          <Failure error={change.error} />
        </div>
      )}
      {isDeleting && <DeleteModel profile={profile} onClose={() => setIsDeleting(false)} />}
    </li>
  );
}

const KeySet = () => (
  <Tooltip label="The key is stored encrypted and never shown again.">
    <span className={classes.key}>
      <KeyRound size={14} strokeWidth={1.75} aria-hidden /> set
    </span>
  </Tooltip>
);

function Price({ profile }: { profile: ModelRowFragment }) {
  const { price } = profile;
  if (price === null) {
    return <Unknown why="No price is set: the cost of its runs is not known, and dollar budgets are not possible." />;
  }
  const { inputCostPerMillionTokens: input, outputCostPerMillionTokens: output, source, readOn } = price;
  if (input === 0 && output === 0) {
    return 'free';
  }
  const text = `${dollars(input)} in, ${dollars(output)} out`;
  if (source === null) {
    return text;
  }
  return (
    <Tooltip label={`As on ${new URL(source).host}, read on ${readOn}. Set the profile’s own prices to change it.`}>
      <span>{text}</span>
    </Tooltip>
  );
}

function DeleteModel({ profile, onClose }: { profile: ModelRowFragment; onClose: () => void }) {
  const [{ error, fetching }, remove] = useMutation(ModelDeleteDocument);
  return (
    <Confirm
      title={`Delete ${profile.name}`}
      yes="Delete the profile"
      busy={fetching}
      error={error}
      onClose={onClose}
      onYes={async () => {
        const { error: failed } = await remove({ id: profile.id });
        if (!failed) {
          onClose();
        }
      }}
    >
      <p style={{ marginTop: 0 }}>
        This deletes the profile{profile.hasApiKey ? ' and its key' : ''}. Runs keep its name, suggestions and costs.
        To resume one of them, choose another model.
        {profile.isDefault ? ' It is the default: until another profile is, runs have to name a model.' : ''}
      </p>
      {error && codeOf(error) === 'CONFLICT' && (
        <p>
          Open its <Link to={`/runs?kind=all&search=${encodeURIComponent(profile.name)}`}>runs</Link> or the{' '}
          <Link to="/schedules">schedules</Link>.
        </p>
      )}
    </Confirm>
  );
}
