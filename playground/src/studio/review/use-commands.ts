// What the keys of the review do. Keys and buttons decide by the same function. If the role or the run does not allow a
// decision, the status line says why.

import type { ReviewSuggestionFragment } from '../api/operations';
import { plural } from '../ui/figures';
import { useKeys } from '../ui/keys';
import { acceptanceOf, type Choice, type Decisions, isSettled } from './decisions';
import { draft, draftOf } from './drafts';
import type { usePicked } from './use-picked';
import type { usePlace } from './use-place';

interface CommandsOptions {
  rows: ReviewSuggestionFragment[] | undefined;
  /** The row as the reviewer sees it, decisions under way included. */
  seen: (row: ReviewSuggestionFragment) => ReviewSuggestionFragment;
  opened: string | undefined;
  place: ReturnType<typeof usePlace>;
  selection: ReturnType<typeof usePicked>;
  decisions: Decisions;
  /** Why the viewer may not decide, by role; why nobody may now. */
  lacks: string | undefined;
  blocked: string | undefined;
  /** Asks how to do these suggestions again. */
  onRerun: (ids: string[]) => void;
}

export function useCommands(options: CommandsOptions): (key: string) => boolean {
  const { rows, seen, opened, place, selection, decisions, lacks, blocked, onRerun } = options;
  const { picked, pick, clear } = selection;
  const why = lacks ?? blocked;

  const currentRow = () => {
    const row = rows?.[place.at(place.current())];
    return row && seen(row);
  };
  const targets = (): ReviewSuggestionFragment[] => {
    if (picked.size > 0) {
      return [...picked.values()].map((it) => seen(rows?.find(({ id }) => id === it.id) ?? it));
    }
    const row = currentRow();
    return row ? [row] : [];
  };
  /** Returns whether the decision was sent. */
  const decide = (choice: Choice, chosen: ReviewSuggestionFragment[]): boolean => {
    if (chosen.length === 0) {
      return false;
    }
    if (why !== undefined) {
      decisions.say({ text: why });
      return false;
    }
    decisions.decide(chosen, choice);
    return true;
  };

  /**
   * Accepts them: those with an unsaved edit one by one, as each has a text of its own. What is accepted already stays
   * as it is. Returns whether there is nothing left to do for them.
   */
  const accept = (targeted: ReviewSuggestionFragment[]): boolean => {
    const chosen = targeted.filter((it) => !isSettled(it));
    const [settled] = targeted;
    if (settled && chosen.length === 0 && why === undefined) {
      const what = targeted.length === 1 ? `${settled.asset.display} is` : 'The selected suggestions are';
      decisions.say({ text: `${what} accepted already.` });
      return true;
    }
    const edited = chosen.filter((it) => draftOf(it));
    const fault = edited.map((it) => acceptanceOf(it).fault).find((it) => it !== undefined);
    if (fault !== undefined) {
      decisions.say({ text: fault });
      return false;
    }
    const others = chosen.filter((it) => !edited.includes(it));
    const sent = edited.map((it) => decide(acceptanceOf(it).choice, [it]));
    return decide({ decision: 'ACCEPT', alternative: 0 }, others) || sent.includes(true);
  };

  const acceptWording = (alternative: number) => {
    const row = currentRow();
    if (!row) {
      return;
    }
    if (alternative >= row.alternatives.length) {
      decisions.say({ text: `${row.asset.display} has ${plural(row.alternatives.length, 'wording')}.` });
    } else if (decide({ decision: 'ACCEPT', alternative }, [row])) {
      place.step(1);
    }
  };
  const edit = () => {
    const row = picked.size > 0 ? undefined : currentRow();
    if (row && why !== undefined) {
      decisions.say({ text: why });
    } else if (row) {
      if (!draftOf(row)) {
        draft(row.id, { text: row.finalText, of: row.description, since: row.review.at });
      }
      place.focusEditor(row.id);
      if (opened !== row.id) {
        place.open(row.id, true);
      }
    }
  };
  const rerun = () => {
    const ids = targets().map(({ id }) => id);
    if (lacks !== undefined) {
      decisions.say({ text: lacks });
    } else if (ids.length > 0) {
      onRerun(ids);
    }
  };
  const leave = (): boolean => {
    if (opened !== undefined) {
      place.open(undefined);
      place.focusLine(opened);
      return true;
    }
    clear();
    return picked.size > 0;
  };

  const handle = (key: string): boolean => {
    switch (key) {
      case 'j':
        return place.step(1);
      case 'k':
        return place.step(-1);
      case 'a':
      case 's': {
        const isSent = key === 'a' ? accept(targets()) : decide({ decision: 'SKIP' }, targets());
        if (picked.size > 0) {
          clear();
        } else if (isSent) {
          place.step(1);
        }
        return true;
      }
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
        acceptWording(Number(key) - 1);
        return true;
      case 'e':
        edit();
        return true;
      case 'r':
        rerun();
        return true;
      case 'x': {
        const id = place.current();
        if (id !== undefined) {
          pick(id, false);
        }
        return true;
      }
      case 'u':
        if (lacks === undefined) {
          decisions.undo();
        }
        return true;
      case 'Escape':
        return leave();
      default:
        return false;
    }
  };
  useKeys(handle);
  return handle;
}
