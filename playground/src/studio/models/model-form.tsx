// The form that makes an LLM profile or changes one. One button tests the settings and saves them. A key that is kept
// already goes nowhere but to its provider, so a change that keeps it is saved first and tested then.

import { Button, Checkbox, Input, Modal, PasswordInput, Select, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useMutation } from 'urql';

import {
  type CreateLlmProfileInput,
  ModelCreateDocument,
  type ModelRowFragment,
  ModelTestDocument,
  ModelUpdateDocument,
} from '../api/operations';
import { Action, Lacking } from '../ui/action';
import { refusedField, sentenceOf, useSaid } from '../ui/form';
import form from '../ui/form.module.css';
import { More } from '../ui/more';
import { isMarked, NumberField } from '../ui/number-field';
import { Failure } from '../ui/states';
import { type Tested, TestResult } from '../ui/test-result';
import classes from './models.module.css';
import { OFFERS, type Offer, offerOf } from './providers';

interface ModelFormProps {
  /** The profile to change; a new one when left out. */
  profile?: ModelRowFragment;
  onClose: () => void;
}

/** A test without a key cannot fail for a wrong one. */
const withoutKey = (result: Tested): Tested =>
  !result.ok && /\(status 401\)/.test(result.message)
    ? { ...result, message: `${/^\S+/.exec(result.message)?.[0] ?? 'The endpoint'}: the endpoint wants an API key` }
    : result;

export function ModelForm({ profile, onClose }: ModelFormProps) {
  const [{ error: testError, fetching: isTesting }, test] = useMutation(ModelTestDocument);
  const [{ error: createError, fetching: isCreating }, create] = useMutation(ModelCreateDocument);
  const [{ error: updateError, fetching: isUpdating }, update] = useMutation(ModelUpdateDocument);

  const [offer, setOffer] = useState<Offer>(() => (profile && offerOf(profile)) ?? (OFFERS[0] as Offer));
  const [name, setName] = useState(profile?.name ?? '');
  const [model, setModel] = useState(profile?.model ?? '');
  const [baseUrl, setBaseUrl] = useState(profile?.baseUrl ?? '');
  const [apiKey, setApiKey] = useState('');
  const [keyChange, setKeyChange] = useState<'keep' | 'set' | 'remove'>(profile?.hasApiKey ? 'keep' : 'set');
  const [isDefault, setIsDefault] = useState(profile?.isDefault ?? false);
  const [concurrency, setConcurrency] = useState(profile?.concurrency ?? null);
  const [perMinute, setPerMinute] = useState(profile?.requestsPerMinute ?? null);
  const [input, setInput] = useState(profile?.inputCostPerMillionTokens ?? null);
  const [cached, setCached] = useState(profile?.cachedInputCostPerMillionTokens ?? null);
  const [output, setOutput] = useState(profile?.outputCostPerMillionTokens ?? null);
  const [isMore, setIsMore] = useState(profile !== undefined);
  const [isChecked, setIsChecked] = useState(false);
  const [result, setResult] = useState<Tested>();

  const isBuiltin = offer.provider === 'BUILTIN';
  const asksBaseUrl = offer.asksBaseUrl || (profile !== undefined && profile.baseUrl !== null);
  const address = (asksBaseUrl ? baseUrl.trim() : (offer.baseUrl ?? '')) || null;
  const isMoved = profile !== undefined && address !== profile.baseUrl;
  const suggested = isBuiltin ? 'builtin' : (model.trim().split('/').pop() ?? '');
  const named = name.trim() || (profile ? '' : suggested);
  const settings: CreateLlmProfileInput = {
    name: named,
    provider: offer.provider,
    model: model.trim() || (isBuiltin ? 'builtin' : ''),
    baseUrl: address,
    apiKey: apiKey.trim() === '' ? null : apiKey.trim(),
    isDefault,
    concurrency,
    requestsPerMinute: perMinute,
    inputCostPerMillionTokens: input,
    cachedInputCostPerMillionTokens: cached,
    outputCostPerMillionTokens: output,
  };
  const lacks = {
    name: named === '' ? 'Enter a name' : undefined,
    model: settings.model === '' ? 'Enter the model as the provider spells it' : undefined,
    baseUrl: asksBaseUrl && address === null && offer.baseUrl === undefined ? 'Enter the endpoint’s URL, such as http://127.0.0.1:8080/v1' : undefined,
    apiKey:
      offer.apiKey === 'needed' && keyChange === 'set' && settings.apiKey === null
        ? 'Enter a key, or the variable that holds it'
        : isMoved && profile?.hasApiKey && keyChange === 'keep'
          ? 'A key is used only with the address it was entered for: enter it again'
          : undefined,
  };
  const hasMarked = isMarked(concurrency, perMinute, input, cached, output);
  if (hasMarked && !isMore) {
    // The fields stay when the mistake is mended.
    setIsMore(true);
  }
  const isReady = Object.values(lacks).every((it) => it === undefined) && !hasMarked;
  const sent = useSaid([settings, keyChange]);
  const error = sent.since(testError ?? createError ?? updateError);
  const refused = refusedField(error);
  const said = (field: keyof typeof lacks) =>
    refused === field ? sentenceOf(error) : isChecked ? lacks[field] : undefined;
  const isShownAtField = refused !== undefined && refused in lacks;
  const keepsKey = profile !== undefined && keyChange === 'keep' && profile.hasApiKey;
  const sendsKey = keyChange === 'set' ? settings.apiKey !== null : keepsKey;
  const touch =
    <T,>(set: (value: T) => void) =>
    (value: T) => {
      set(value);
      setResult(undefined);
    };

  const choose = (key: string | null) => {
    const next = OFFERS.find((it) => it.key === key);
    if (next) {
      setOffer(next);
      setBaseUrl(next.baseUrl ?? '');
      setResult(undefined);
    }
  };

  const tested = async (question: { id: string } | { settings: CreateLlmProfileInput }) => {
    setResult(undefined);
    sent.mark();
    const { data } = await test({ input: question });
    setResult(data?.testLlmProfile);
    return data?.testLlmProfile.ok ?? false;
  };

  const save = async (): Promise<boolean> => {
    sent.mark();
    if (profile === undefined) {
      const { data } = await create({ input: settings });
      return data !== undefined;
    }
    const { provider: _, apiKey: key, concurrency: atOnce, ...changed } = settings;
    const { data } = await update({
      input: {
        ...changed,
        id: profile.id,
        ...(atOnce === null ? {} : { concurrency: atOnce ?? 1 }),
        ...(keyChange === 'remove' ? { apiKey: null } : keyChange === 'set' && key ? { apiKey: key } : {}),
      },
    });
    return data !== undefined;
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsChecked(true);
    if (!isReady) {
      return;
    }
    if (keepsKey && profile) {
      if ((await save()) && (await tested({ id: profile.id }))) {
        onClose();
      }
    } else if ((await tested({ settings })) && (await save())) {
      onClose();
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      title={profile ? `Edit ${profile.name}` : 'Add a model'}
      size={720}
      centered={false}
    >
      <form className={form.form} onSubmit={submit} noValidate autoComplete="off">
        <div className={form.halves}>
          <Select
            label="Provider"
            value={offer.key}
            onChange={choose}
            data={OFFERS.map(({ key, label }) => ({ value: key, label }))}
            allowDeselect={false}
            disabled={profile !== undefined}
            description={profile ? 'To use another provider, add another profile' : undefined}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
          />
          <TextInput
            label="Model"
            value={model}
            onChange={(event) => touch(setModel)(event.currentTarget.value)}
            placeholder={offer.modelExample}
            error={said('model')}
            spellCheck={false}
            data-autofocus
          />
        </div>
        <p className={form.note}>{offer.note}</p>
        {asksBaseUrl && (
          <TextInput
            label="Base URL"
            description="URL of the endpoint, including the version: …/v1"
            value={baseUrl}
            onChange={(event) => touch(setBaseUrl)(event.currentTarget.value)}
            placeholder="http://127.0.0.1:8080/v1"
            error={said('baseUrl')}
            spellCheck={false}
          />
        )}
        {offer.apiKey !== 'none' &&
          (keyChange === 'set' ? (
            <PasswordInput
              label={offer.apiKey === 'optional' ? 'API key, if it needs one' : 'API key'}
              description={
                (offer.keyHelp ? `The key itself (${offer.keyHelp})` : 'The key itself') +
                `, or env:${offer.variable ?? 'MY_API_KEY'} ` +
                "to read it from the server's environment each time. It is stored encrypted and never shown again."
              }
              value={apiKey}
              onChange={(event) => touch(setApiKey)(event.currentTarget.value)}
              error={said('apiKey')}
              autoComplete="new-password"
              visibilityToggleButtonProps={{ 'aria-label': 'Show the key' }}
            />
          ) : (
            <div>
              <div className={classes.label} id="key-label">
                API key
              </div>
              <div className={form.current} role="group" aria-labelledby="key-label">
                <span>{keyChange === 'keep' ? 'A key is set.' : 'The key is removed when you save.'}</span>
                <span className={classes.buttons}>
                  <Button variant="default" onClick={() => setKeyChange('set')}>
                    Replace
                  </Button>
                  {offer.apiKey === 'optional' && (
                    <Button variant="default" onClick={() => setKeyChange(keyChange === 'keep' ? 'remove' : 'keep')}>
                      {keyChange === 'keep' ? 'Remove' : 'Keep'}
                    </Button>
                  )}
                </span>
              </div>
              {said('apiKey') && (
                <p className={classes.error} role="alert">
                  {said('apiKey')}
                </p>
              )}
            </div>
          ))}
        <TextInput
          label="Name"
          description="What people choose when they start a run"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          placeholder={suggested || 'fast and cheap'}
          maxLength={100}
          error={said('name')}
        />
        <Checkbox
          label="The default model"
          description={
            profile?.isDefault
              ? 'To change it, make another profile the default.'
              : 'Used by runs, drafts and questions that name no model. It replaces the present default.'
          }
          checked={isDefault}
          disabled={profile?.isDefault === true}
          onChange={(event) => setIsDefault(event.currentTarget.checked)}
        />
        <More label="Prices and limits" isOpen={isMore || hasMarked} onToggle={() => setIsMore(hasMarked || !isMore)}>
          <Stack gap="md">
            {!isBuiltin && (
              <div role="group" aria-label="Prices of a million tokens">
                <Input.Label labelElement="div">Prices of a million tokens</Input.Label>
                <Input.Description mb={4}>US dollars. Empty: the provider’s own, if Gloss knows it</Input.Description>
                <div className={form.thirds}>
                  <NumberField
                    label="Sent"
                    value={input}
                    onChange={setInput}
                    isDollars
                    min={0}
                    error={refused === 'inputCostPerMillionTokens' && sentenceOf(error)}
                  />
                  <NumberField
                    label="Read from the cache"
                    value={cached}
                    onChange={setCached}
                    isDollars
                    min={0}
                    error={refused === 'cachedInputCostPerMillionTokens' && sentenceOf(error)}
                  />
                  <NumberField
                    label="Received"
                    value={output}
                    onChange={setOutput}
                    isDollars
                    min={0}
                    error={refused === 'outputCostPerMillionTokens' && sentenceOf(error)}
                  />
                </div>
              </div>
            )}
            <div className={form.halves}>
              <NumberField
                label="Requests at once"
                min={1}
                max={64}
                description={isBuiltin ? '1 to 64. Empty: the number of cores' : '1 to 64. Empty: 4'}
                value={concurrency}
                onChange={setConcurrency}
                isWhole
                error={refused === 'concurrency' && sentenceOf(error)}
              />
              {!isBuiltin && (
                <NumberField
                  label="Requests a minute"
                  isPositive
                  description="Maximum in any 60 seconds. Empty: no limit"
                  value={perMinute}
                  onChange={setPerMinute}
                  isWhole
                  error={refused === 'requestsPerMinute' && sentenceOf(error)}
                />
              )}
            </div>
          </Stack>
        </More>
        {error && !isShownAtField && <Failure error={error} />}
        <TestResult result={result && !sendsKey ? withoutKey(result) : result} busy={isTesting}>
          {result && !result.ok && (
            <p style={{ margin: '4px 0 0' }}>
              {keepsKey
                ? 'The change is saved. Correct it, or close the form and test it later.'
                : 'Nothing is saved yet. Correct the settings, or save them as they are.'}
            </p>
          )}
        </TestResult>
        <Lacking needs="ADMIN" />
        <div className={form.foot}>
          {!keepsKey && (
            <Action
              needs="ADMIN"
              variant="default"
              className={form.left}
              busy={isTesting}
              onClick={() => {
                setIsChecked(true);
                if (isReady) {
                  void tested({ settings });
                }
              }}
            >
              Only test
            </Action>
          )}
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {!keepsKey && result && !result.ok && (
            <Action
              needs="ADMIN"
              variant="outline"
              busy={isCreating || isUpdating}
              onClick={async () => {
                if (isReady && (await save())) {
                  onClose();
                }
              }}
            >
              Save anyway
            </Action>
          )}
          <Action needs="ADMIN" type="submit" busy={isTesting || isCreating || isUpdating}>
            {keepsKey ? 'Save and test' : 'Test and save'}
          </Action>
        </div>
      </form>
    </Modal>
  );
}
