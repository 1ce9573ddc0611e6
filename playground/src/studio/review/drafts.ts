// Unsaved edits. They outlive a reload and the browser; an edit is forgotten when it is accepted or discarded.

import { useSyncExternalStore } from 'react';

import { count } from '../ui/figures';
import { recall, remember } from '../ui/storage';

export interface Draft {
  text: string;
  /** The description of the suggestion: another suggestion of the same id has none of this. */
  of: string;
  /** When the decision that the edit started from was made; null where there was none. */
  since: string | null;
}

/** Most characters of a text. */
export const MOST = 10_000;

const drafts = new Map<string, Draft | undefined>();
const listeners = new Set<() => void>();
const keyOf = (id: string) => `review.draft.${id}`;

function read(id: string): Draft | undefined {
  if (!drafts.has(id)) {
    drafts.set(id, recall<Draft | undefined>(keyOf(id), undefined));
  }
  return drafts.get(id);
}

export function draft(id: string, next: Draft | undefined) {
  drafts.set(id, next);
  remember(keyOf(id), next);
  for (const listener of listeners) {
    listener();
  }
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

interface Described {
  id: string;
  description: string;
}

const ofDescription = (found: Draft | undefined, { description }: Described) =>
  found?.of === description ? found : undefined;

export const draftOf = (suggestion: Described) => ofDescription(read(suggestion.id), suggestion);

export function useDraft(suggestion: Described): Draft | undefined {
  return ofDescription(
    useSyncExternalStore(subscribe, () => read(suggestion.id)),
    suggestion,
  );
}

/** Why an edited text cannot be accepted; undefined where it can. */
export function faultOf(text: string): string | undefined {
  const length = [...text].length;
  if (text.trim() === '') {
    return 'The text is empty. Skip the suggestion instead.';
  }
  return length > MOST ? `The text has ${count(length)} characters; ${count(MOST)} is the most.` : undefined;
}
