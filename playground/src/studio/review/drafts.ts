// Unsaved edits. They outlive a reload and the browser; an edit is forgotten when it is accepted or discarded.

import { useSyncExternalStore } from 'react';

import { recall, remember } from '../ui/storage';

export interface Draft {
  text: string;
  /** The description of the suggestion: another suggestion of the same id has none of this. */
  of: string;
  /** When the decision that the edit started from was made; null where there was none. */
  since: string | null;
}

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

export function useDraft({ id, description }: { id: string; description: string }): Draft | undefined {
  const found = useSyncExternalStore(subscribe, () => read(id));
  return found?.of === description ? found : undefined;
}
