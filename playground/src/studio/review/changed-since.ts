// Which of the applied comments were changed in the database since: the plan of a roll-back reads the comments that are
// there now. While the database cannot be reached, nothing is said.

import { useMemo } from 'react';
import { useQuery } from 'urql';

import { ReviewPresentDocument, type ReviewSuggestionFragment } from '../api/operations';

/** The present comments that are no longer the applied text, by suggestion; null where the comment was removed. */
export type ChangedSince = ReadonlyMap<string, string | null>;

/** Whether the text that an apply would write is in the database as far as Gloss knows. */
export const isApplied = ({ applied, finalText, review }: ReviewSuggestionFragment) =>
  applied !== null && applied.after === finalText && (review.state === 'ACCEPTED' || review.state === 'EDITED');

/** The comment that is in the database as far as Gloss knows; `changed` where somebody has changed it since. */
export const presentOf = ({ applied, existingComment }: ReviewSuggestionFragment, changed: string | null | undefined) =>
  changed !== undefined ? changed : applied ? applied.after : existingComment;

export function useChangedSince(
  runId: string | undefined,
  suggestions: readonly ReviewSuggestionFragment[],
): ChangedSince {
  const applied = suggestions.flatMap((it) => (it.applied ? [[it.id, it.applied.after] as const] : []));
  const key = JSON.stringify(applied);
  const [{ data }] = useQuery({
    query: ReviewPresentDocument,
    variables: { runId: runId ?? '', suggestionIds: applied.map(([id]) => id) },
    pause: runId === undefined || applied.length === 0,
    requestPolicy: 'network-only',
  });
  const present = data?.applyPlan?.nodes;
  return useMemo(() => {
    const changed = new Map<string, string | null>();
    const written = new Map(JSON.parse(key) as [string, string | null][]);
    // Of a suggestion that was written more than once, the newest write comes first.
    for (const { suggestion, status, before } of present?.toReversed() ?? []) {
      if (status !== 'FAILED' && written.has(suggestion.id)) {
        if (before === written.get(suggestion.id)) {
          changed.delete(suggestion.id);
        } else {
          changed.set(suggestion.id, before);
        }
      }
    }
    return changed;
  }, [present, key]);
}
