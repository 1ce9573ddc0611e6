// Decisions on suggestions: shown at once, sent one after another, taken back with the reason where the server refuses.
//
// The rule of accept: it takes the unsaved edit of a suggestion where there is one, else the first wording. A
// suggestion that is accepted and has no unsaved edit keeps its text. An edit is forgotten once its text is accepted.
//
// Decisions that failed are kept, in order, until they are sent again or a later decision takes their place.
//
// The rule of undo: a decision on named suggestions is undone by their ids, which puts back what stood before. A bulk
// answer names only its first 200 suggestions; undoing a larger one goes by the filter and asks first. Restoring an
// accepted suggestion gives the versions that its acceptance skipped their reviews back.

import { useCallback, useMemo, useRef, useState } from 'react';
import { type CombinedError, useMutation } from 'urql';

import { type Problem, problemOf } from '../api/errors';
import {
  type ReviewDecidedFragment,
  ReviewDecideDocument,
  type ReviewSuggestionFragment,
  type ReviewSuggestionsInput,
  type SuggestionFilter,
} from '../api/operations';
import { useViewer } from '../api/viewer';
import { plural } from '../ui/figures';
import { draft, draftOf, faultOf } from './drafts';

/** A decision as a person takes it. */
export type Choice =
  | { decision: 'ACCEPT'; alternative: number }
  | { decision: 'ACCEPT'; text: string }
  | { decision: 'SKIP' }
  | { decision: 'RESTORE' };

export interface Bulk {
  runId: string;
  filter: SuggestionFilter;
  decision: 'ACCEPT' | 'SKIP' | 'RESTORE';
  replaceComments?: boolean;
}

/** What the status line says. */
export interface Report {
  text: string;
  problem?: Problem;
  /** A bulk accept that left out assets with people's comments. */
  leftOut?: { bulk: Bulk; count: number };
}

/** A decision that was not recorded. */
export interface Failed {
  suggestions: ReviewSuggestionFragment[];
  choice: Choice;
  /** The decision in words, as in “Could not accept orders”. */
  words: string;
  problem: Problem;
}

/** A decision that can be undone. */
interface Done {
  label: string;
  decision: Choice['decision'];
  before: ReviewSuggestionFragment[];
  ids: string[];
  /** For a bulk decision that changed more than the answer names. */
  large?: { bulk: Bulk; count: number };
}

type Pending = ReadonlyMap<string, Partial<ReviewDecidedFragment>>;

const VERBS = { ACCEPT: 'Accepted', SKIP: 'Skipped', RESTORE: 'Restored' } as const;
const INFINITIVES = { ACCEPT: 'accept', SKIP: 'skip', RESTORE: 'restore' } as const;
const NAMED = 200;

const nameOf = (suggestions: ReviewSuggestionFragment[]) =>
  suggestions.length === 1
    ? (suggestions[0] as ReviewSuggestionFragment).asset.display
    : plural(suggestions.length, 'suggestion');

const wordsOf = (suggestions: ReviewSuggestionFragment[], { decision }: Choice) =>
  `${INFINITIVES[decision]} ${nameOf(suggestions)}`;

/**
 * Whether a text is accepted and no other is unsaved: another accept adds nothing. An edit whose accept is under way is
 * the accepted text already.
 */
export function isSettled(suggestion: ReviewSuggestionFragment): boolean {
  const { review, finalText } = suggestion;
  const edit = draftOf(suggestion);
  return (review.state === 'ACCEPTED' || review.state === 'EDITED') && (!edit || edit.text === finalText);
}

/** What an accept takes; the fault of an unsaved edit that cannot be accepted. */
export function acceptanceOf(suggestion: ReviewSuggestionFragment): { choice: Choice; fault?: string | undefined } {
  const edit = draftOf(suggestion);
  if (!edit) {
    return { choice: { decision: 'ACCEPT', alternative: 0 } };
  }
  const same = suggestion.alternatives.find(({ text }) => text === edit.text);
  return same
    ? { choice: { decision: 'ACCEPT', alternative: same.index } }
    : { choice: { decision: 'ACCEPT', text: edit.text }, fault: faultOf(edit.text) };
}

/** Forgets the unsaved edits whose text was accepted. */
function forgetEdits(suggestions: ReviewSuggestionFragment[], choice: Choice) {
  for (const suggestion of suggestions) {
    if (choice.decision === 'ACCEPT' && draftOf(suggestion)?.text === textOf(suggestion, choice)) {
      draft(suggestion.id, undefined);
    }
  }
}

/** What went wrong with a decision. Unlike a list, it is not sent again by itself. */
const problemWith = (error: CombinedError): Problem => {
  const problem = problemOf(error);
  return problem.code === 'OFFLINE'
    ? { ...problem, hint: 'Start Gloss if it is not running, then try again.' }
    : problem;
};

/** The decision that a suggestion stands under, as one that can be sent. */
function standing({ review, alternatives }: ReviewSuggestionFragment): Choice {
  switch (review.state) {
    case 'UNREVIEWED':
      return { decision: 'RESTORE' };
    case 'SKIPPED':
      return { decision: 'SKIP' };
    case 'EDITED':
      return { decision: 'ACCEPT', text: review.text ?? '' };
    case 'ACCEPTED':
      return {
        decision: 'ACCEPT',
        alternative: review.text === null ? 0 : (alternatives.find(({ text }) => text === review.text)?.index ?? 0),
      };
  }
}

/** What an accept does to other versions that were accepted or edited, in words; empty where there are none. */
function displacedBy(suggestions: ReviewSuggestionFragment[]): string {
  const versions = suggestions.flatMap(({ id, versions }) =>
    versions.filter((it) => it.id !== id && (it.review.state === 'ACCEPTED' || it.review.state === 'EDITED')),
  );
  const [first] = versions;
  if (first && versions.length === 1) {
    const was = first.review.state === 'EDITED' ? 'edited' : 'accepted';
    return ` Version ${first.version} in #${first.run.number}, which was ${was}, is skipped now.`;
  }
  return first ? ` ${versions.length} other versions that were accepted or edited are skipped now.` : '';
}

/** The text that an accept takes. */
const textOf = (
  { description, alternatives }: ReviewSuggestionFragment,
  choice: Extract<Choice, { decision: 'ACCEPT' }>,
): string => ('text' in choice ? choice.text : (alternatives[choice.alternative]?.text ?? description));

/** How a suggestion looks once the decision is recorded. */
function foreseen(
  suggestion: ReviewSuggestionFragment,
  choice: Choice,
  reviewer: string,
): Partial<ReviewDecidedFragment> {
  const { description } = suggestion;
  const at = new Date().toISOString();
  switch (choice.decision) {
    case 'RESTORE':
      return { finalText: description, review: { state: 'UNREVIEWED', reviewer: null, at: null, text: null } };
    case 'SKIP':
      return { finalText: description, review: { state: 'SKIPPED', reviewer, at, text: null } };
    case 'ACCEPT': {
      const text = textOf(suggestion, choice);
      const state = 'text' in choice ? 'EDITED' : 'ACCEPTED';
      return { finalText: text, review: { state, reviewer, at, text: text === description ? null : text } };
    }
  }
}

const markOf = ({ id, review }: ReviewDecidedFragment) => `${id} ${review.at}`;

/** Remembers that this page made these decisions. */
function claim(own: Set<string>, decided: readonly ReviewDecidedFragment[]) {
  decided.forEach((it) => own.add(markOf(it)));
}

export interface Decisions {
  pending: Pending;
  report: Report | undefined;
  /** Decisions that were not recorded, in the order in which they were taken. */
  failed: readonly Failed[];
  /** Sends them again. */
  retry(): void;
  /** What undo would undo; undefined where there is nothing. */
  undoable: string | undefined;
  /** The bulk decision whose undo waits for an answer. */
  asking: Done['large'];
  /** A bulk decision is under way. */
  busy: boolean;
  decide(suggestions: ReviewSuggestionFragment[], choice: Choice): Promise<boolean>;
  decideAll(bulk: Bulk): Promise<CombinedError | undefined>;
  undo(): void;
  undoLarge(isWanted: boolean): void;
  say(report: Report | undefined): void;
  /** Settles once all that was sent is answered. */
  answered(): Promise<unknown>;
  /** Whether this page sent the decision that stands in `review`. */
  isOwn(change: ReviewDecidedFragment): boolean;
}

export function useDecisions(onChanged: (changes: readonly ReviewDecidedFragment[], all: boolean) => void): Decisions {
  const { name: reviewer } = useViewer();
  const [, send] = useMutation(ReviewDecideDocument);
  const [pending, setPending] = useState<Pending>(new Map());
  const [report, say] = useState<Report>();
  const [failed, setFailed] = useState<readonly Failed[]>([]);
  const [asking, setAsking] = useState<Done['large']>();
  const [busy, setBusy] = useState(false);
  const [undoable, setUndoable] = useState<string>();
  const done = useRef<Done[]>([]);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const own = useRef(new Set<string>());
  const changed = useRef(onChanged);
  changed.current = onChanged;

  const push = useCallback((entry: Done) => {
    done.current = [...done.current.slice(-99), entry];
    setUndoable(entry.label);
  }, []);
  const drop = useCallback((entry: Done) => {
    done.current = done.current.filter((it) => it !== entry);
    setUndoable(done.current.at(-1)?.label);
  }, []);

  /** Forgets failed decisions on these suggestions; a later one stands, or takes their place. */
  const supersede = useCallback((ids: string[], by: Failed[] = []) => {
    const superseded = new Set(ids);
    setFailed((before) => [
      ...before.flatMap((it) => {
        const suggestions = it.suggestions.filter(({ id }) => !superseded.has(id));
        return suggestions.length === it.suggestions.length
          ? [it]
          : suggestions.length === 0
            ? []
            : [{ ...it, suggestions, words: wordsOf(suggestions, it.choice) }];
      }),
      ...by,
    ]);
  }, []);

  /** Sends after all that was sent before, so that a later decision on the same suggestion holds. */
  const inOrder = useCallback(
    (input: ReviewSuggestionsInput) => {
      const answer = queue.current.then(() => send({ input }));
      queue.current = answer.catch(() => undefined);
      return answer;
    },
    [send],
  );

  const transmit = useCallback(
    async (suggestions: ReviewSuggestionFragment[], choice: Choice): Promise<CombinedError | undefined> => {
      const looks = new Map(suggestions.map((it) => [it.id, foreseen(it, choice, reviewer)]));
      setPending((before) => new Map([...before, ...looks]));
      const ids = suggestions.map(({ id }) => id);
      const { data, error } = await inOrder({ ...choice, ids });
      claim(own.current, data?.reviewSuggestions.suggestions ?? []);
      if (!error) {
        supersede(ids);
      }
      changed.current(data?.reviewSuggestions.suggestions ?? [], ids.length > NAMED);
      setPending((before) => new Map([...before].filter(([id, look]) => looks.get(id) !== look)));
      return error;
    },
    [inOrder, reviewer, supersede],
  );

  const decide = useCallback(
    async (suggestions: ReviewSuggestionFragment[], choice: Choice): Promise<boolean> => {
      if (suggestions.length === 0) {
        return false;
      }
      const label = `${'text' in choice ? 'Edited' : VERBS[choice.decision]} ${nameOf(suggestions)}`;
      const entry: Done = {
        label,
        decision: choice.decision,
        before: suggestions,
        ids: suggestions.map(({ id }) => id),
      };
      const text = `${label}.${choice.decision === 'ACCEPT' ? displacedBy(suggestions) : ''}`;
      push(entry);
      say({ text });
      const error = await transmit(suggestions, choice);
      if (error) {
        drop(entry);
        say((before) => (before?.text === text ? undefined : before));
        const words = wordsOf(suggestions, choice);
        supersede(entry.ids, [{ suggestions, choice, words, problem: problemWith(error) }]);
      } else {
        forgetEdits(suggestions, choice);
      }
      return !error;
    },
    [drop, push, supersede, transmit],
  );

  const isRetrying = useRef(false);
  const retry = useCallback(async () => {
    if (!isRetrying.current) {
      isRetrying.current = true;
      await Promise.all(failed.map(({ suggestions, choice }) => decide(suggestions, choice)));
      isRetrying.current = false;
    }
  }, [decide, failed]);

  const decideAll = useCallback(
    async (bulk: Bulk): Promise<CombinedError | undefined> => {
      setBusy(true);
      const { data, error } = await inOrder({
        runId: bulk.runId,
        filter: bulk.filter,
        decision: bulk.decision,
        ...(bulk.decision === 'ACCEPT' ? { replaceComments: bulk.replaceComments ?? false } : {}),
      });
      setBusy(false);
      if (!data) {
        return error;
      }
      const { changed: count, leftOut, suggestions } = data.reviewSuggestions;
      claim(own.current, suggestions);
      supersede(suggestions.map(({ id }) => id));
      const label = `${VERBS[bulk.decision]} ${plural(count, 'suggestion')}`;
      if (count > 0 && bulk.decision !== 'RESTORE') {
        const ids = suggestions.map(({ id }) => id);
        push({ label, decision: bulk.decision, before: [], ids, ...(count > ids.length ? { large: { bulk, count } } : {}) });
      }
      say({ text: `${label}.`, ...(leftOut > 0 ? { leftOut: { bulk, count: leftOut } } : {}) });
      changed.current(suggestions, true);
      return undefined;
    },
    [inOrder, push, supersede],
  );

  const undo = useCallback(async () => {
    const entry = done.current.at(-1);
    if (!entry) {
      say({ text: 'Nothing to undo.' });
      return;
    }
    if (entry.large) {
      setAsking(entry.large);
      return;
    }
    drop(entry);
    say({ text: `Undone: ${entry.label}.` });
    const groups = new Map<string, [Choice, ReviewSuggestionFragment[]]>();
    for (const suggestion of entry.before) {
      const choice = standing(suggestion);
      const key = choice.decision === 'ACCEPT' ? suggestion.id : choice.decision;
      groups.set(key, [choice, [...(groups.get(key)?.[1] ?? []), suggestion]]);
    }
    const skipped = groups.get('SKIP');
    if (entry.decision === 'ACCEPT' && skipped) {
      // Only restoring returns the reviews of other versions.
      groups.delete('SKIP');
      groups.set('RESTORE', [{ decision: 'RESTORE' }, [...(groups.get('RESTORE')?.[1] ?? []), ...skipped[1]]]);
      groups.set('SKIP', skipped);
    }
    const sent = [...groups.values()].map(([choice, suggestions]) => transmit(suggestions, choice));
    if (entry.before.length === 0) {
      sent.push(
        inOrder({ ids: entry.ids, decision: 'RESTORE' }).then(({ data, error }) => {
          claim(own.current, data?.reviewSuggestions.suggestions ?? []);
          changed.current(data?.reviewSuggestions.suggestions ?? [], true);
          return error;
        }),
      );
    }
    const error = (await Promise.all(sent)).find((it) => it !== undefined);
    if (error) {
      push(entry);
      say({ text: `Could not undo: ${entry.label}.`, problem: problemWith(error) });
    }
  }, [drop, inOrder, push, transmit]);

  const undoLarge = useCallback(
    async (isWanted: boolean) => {
      const entry = done.current.at(-1);
      setAsking(undefined);
      if (!isWanted || !entry?.large) {
        return;
      }
      drop(entry);
      const error = await decideAll(undoingOf(entry.large.bulk));
      if (error) {
        push(entry);
        say({ text: `Could not undo: ${entry.label}.`, problem: problemWith(error) });
      }
    },
    [decideAll, drop, push],
  );

  const answered = useCallback(() => queue.current, []);
  const isOwn = useCallback((change: ReviewDecidedFragment) => own.current.has(markOf(change)), []);

  return useMemo(
    () => ({
      pending,
      report,
      failed,
      retry,
      undoable,
      asking,
      busy,
      decide,
      decideAll,
      undo,
      undoLarge,
      say,
      answered,
      isOwn,
    }),
    [pending, report, failed, retry, undoable, asking, busy, decide, decideAll, undo, undoLarge, answered, isOwn],
  );
}

/** What undoes a bulk decision: all that match and stand under such a decision now are undecided again. */
export const undoingOf = ({ runId, filter, decision }: Bulk): Bulk => ({
  runId,
  filter: { ...filter, states: decision === 'SKIP' ? ['SKIPPED'] : ['ACCEPTED'] },
  decision: 'RESTORE',
});
