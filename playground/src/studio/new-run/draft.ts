// What the form for a new run holds. It survives a reload, in this tab, until the runs are started or it is thrown
// away.

import type { DbBackend, StartCommand, StartRunInput } from '../api/operations';
import { everythingOf, type Target, targetInput } from '../scope/model';
import { budgetInput, freshOptions, lastModel, type Model, modelOf, type Options, optionsInput } from './options';

export interface Draft {
  targets: Target[];
  command: StartCommand;
  options: Options;
}

export interface Profile {
  id: string;
  name: string;
  backend: DbBackend;
  displayUrl: string;
}

/** What is kept of a draft: beside it the address that it was begun from, and the key of its last attempt to start. */
interface Kept {
  address: string;
  draft: Draft;
  attempt?: Attempt;
}

/** The same input is started under the same key, so that an answer that was lost does not start it twice. */
export interface Attempt {
  input: string;
  key: string;
}

const KEY = 'gloss.new-run';

function kept(): Kept | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

export function keep(next: Kept | undefined) {
  try {
    if (next) {
      sessionStorage.setItem(KEY, JSON.stringify(next));
    } else {
      sessionStorage.removeItem(KEY);
    }
  } catch {
    // It lasts until the page is left.
  }
}

/**
 * The draft that was begun from this address. While no database is chosen, the one that the address names is; a model
 * that was deleted meanwhile is replaced.
 */
export function draftAt(address: string, models: Model[]): Omit<Kept, 'address'> {
  const before = kept();
  const fresh = freshAt(address, models);
  if (before?.address !== address) {
    return { draft: fresh };
  }
  const { options } = before.draft;
  const draft = modelOf(models, options)
    ? before.draft
    : { ...before.draft, options: { ...options, llmProfileId: fresh.options.llmProfileId } };
  return draft.targets.length > 0 ? { ...before, draft } : { draft: { ...draft, targets: fresh.targets } };
}

/** A fresh draft with what the address names. */
export function freshAt(address: string, models: Model[]): Draft {
  const fresh: Draft = { targets: [], command: 'RUN', options: freshOptions(models, lastModel()) };
  const parameters = new URLSearchParams(address);
  const profile = parameters.get('profile');
  if (!profile) {
    return fresh;
  }
  const names = ['schema', 'table', 'column'].map((name) => parameters.get(name));
  const path = names.slice(0, names.includes(null) ? names.indexOf(null) : undefined) as string[];
  const picks = path.reduceRight<Target['picks']>((below, name) => [{ name, below }], []);
  return { ...fresh, targets: [{ ...everythingOf(profile), database: parameters.get('database'), picks }] };
}

export function inputOf({ targets, command, options }: Draft): StartRunInput {
  const budget = budgetInput(options);
  return {
    command,
    targets: targets.map(targetInput),
    ...(options.llmProfileId === null ? {} : { llmProfileId: options.llmProfileId }),
    options: optionsInput(options),
    ...(budget ? { budget } : {}),
  };
}

/** A key that no other attempt has. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
