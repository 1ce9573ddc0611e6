// Deciding on many suggestions: the dialogs say how many before anything happens.

import { Button, Checkbox, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { type CombinedError, useQuery } from 'urql';

import { ReviewCountDocument, type Substance, type SuggestionFilter } from '../api/operations';
import { Action } from '../ui/action';
import { plural } from '../ui/figures';
import { Failure, Loading } from '../ui/states';
import { type Bulk, type Decisions, undoingOf } from './decisions';

const useCount = (runId: string, filter: SuggestionFilter, pause = false) => {
  const [{ data, error, fetching }] = useQuery({
    query: ReviewCountDocument,
    variables: { runId, filter },
    requestPolicy: 'network-only',
    pause,
  });
  const { kind, suggestions } = data?.run ?? {};
  return { matching: suggestions?.totalCount, isRerun: kind === 'RERUN', error, isReading: fetching };
};

interface BulkProps {
  bulk: Bulk;
  /** The filter in words. */
  words: string[];
  /** The filter names no state: only unreviewed suggestions are decided on. */
  undecided: boolean;
  /** How many of the suggestions on the page have an unsaved edit. */
  unsaved: number;
  /** Suggestions that a decision before left out because of people's comments; the dialog is about them alone. */
  leftOut?: number | undefined;
  decisions: Decisions;
  onClose: () => void;
}

/** Texts that add nothing to the name or the present comment. */
const EMPTY_WORDS: Substance[] = ['RESTATES_NAME', 'RESTATES_COMMENT'];

const MANY = { ACCEPT: 'Accept', SKIP: 'Skip', RESTORE: 'Restore' } as const;

export function BulkDialog({ bulk, words, undecided, unsaved, leftOut, decisions, onClose }: BulkProps) {
  const [replaces, setReplaces] = useState(leftOut !== undefined || (bulk.replaceComments ?? false));
  const [onlyInformative, setOnlyInformative] = useState(false);
  const [failure, setFailure] = useState<CombinedError>();
  const isAccept = bulk.decision === 'ACCEPT';
  const { substances } = bulk.filter;
  const restating = EMPTY_WORDS.filter((it) => !substances || substances.includes(it));
  const wanted: SuggestionFilter = onlyInformative ? { ...bulk.filter, substances: ['INFORMATIVE'] } : bulk.filter;
  // An accept takes the newest versions alone.
  const filter: SuggestionFilter = isAccept ? { ...wanted, hasNewerVersion: false } : wanted;
  const { matching, isRerun, error, isReading } = useCount(bulk.runId, filter);
  const newer = useCount(bulk.runId, { ...wanted, hasNewerVersion: true }, !isAccept || leftOut !== undefined);
  const outdated = isAccept && leftOut === undefined ? newer.matching : 0;
  const hasCommented = isAccept && filter.hasComment !== false;
  const commented = useCount(bulk.runId, { ...filter, hasComment: true }, !hasCommented);
  const withComment = hasCommented ? commented.matching : 0;
  // A filter that asks for such texts alone has chosen them.
  const offersInformative = isAccept && leftOut === undefined && (!substances || substances.includes('INFORMATIVE'));
  const hasRestating = offersInformative && restating.length > 0;
  const empty = useCount(bulk.runId, { ...bulk.filter, hasNewerVersion: false, substances: restating }, !hasRestating);
  const withoutNews = hasRestating ? empty.matching : 0;
  const counted = [matching, outdated, withComment, withoutNews];
  const isReady = matching !== undefined && counted.every((it) => it !== undefined);
  const verb = MANY[bulk.decision];
  const which = undecided ? 'unreviewed suggestion' : 'suggestion';
  const filtered = words.length > 0 ? `: ${words.join(', ')}` : '';
  const mayBeEdited = isAccept && leftOut === undefined && (isRerun || (outdated ?? 0) > 0);
  const isPartial = isAccept && !replaces && ((withComment ?? 0) > 0 || mayBeEdited);
  // How many of the comments a person wrote is known only once the suggestions are decided on.
  const amount =
    leftOut !== undefined
      ? plural(leftOut, 'suggestion')
      : isPartial
        ? 'all that match'
        : `all ${plural(matching ?? 0, 'suggestion')}`;
  const decide = async () => {
    const failed = await decisions.decideAll(isAccept ? { ...bulk, filter, replaceComments: replaces } : bulk);
    if (failed) {
      setFailure(failed);
    } else {
      onClose();
    }
  };
  const problem = failure ?? error ?? newer.error ?? commented.error ?? empty.error;
  return (
    <Modal
      opened
      onClose={onClose}
      title={leftOut === undefined ? `${verb} all matching suggestions` : 'Accept in place of what people wrote'}
    >
      {problem && <Failure error={problem} />}
      {!problem && !isReady && <Loading rows={2} />}
      {isReady && (
        <>
          <p style={{ marginTop: 0 }}>
            {leftOut === undefined
              ? `${plural(matching, `${which} matches`, `${which}s match`)}${filtered}.`
              : `${plural(leftOut, 'suggestion was', 'suggestions were')} left out because a person wrote the comment or edited another version.`}
            {isAccept && leftOut === undefined && matching > 0 && ' Each is accepted with its first wording.'}
            {!isAccept && ' Nothing is written for skipped suggestions.'}
          </p>
          {outdated !== undefined && outdated > 0 && (
            <p>
              {plural(outdated, 'suggestion has', 'suggestions have')} a newer version from a re-run and{' '}
              {outdated === 1 ? 'stays as it is' : 'stay as they are'}. To accept{' '}
              {outdated === 1 ? 'it' : 'them'} all the same, cancel, select {outdated === 1 ? 'it' : 'them'} in the list
              and press Accept.
            </p>
          )}
          {isAccept && unsaved > 0 && (
            <p>
              {plural(unsaved, 'suggestion', 'suggestions')} on this page {unsaved === 1 ? 'has' : 'have'} an unsaved
              edit. This accepts the first wording and not the edit. To take the edit, cancel and accept{' '}
              {unsaved === 1 ? 'it' : 'each'} on its line.
            </p>
          )}
          {withoutNews !== undefined && withoutNews > 0 && (
            <>
              <p>
                {onlyInformative
                  ? `${plural(withoutNews, 'suggestion that restates', 'suggestions that restate')} the name or the ` +
                    `present comment ${withoutNews === 1 ? 'is' : 'are'} left out.`
                  : `${plural(withoutNews, 'of them only restates', 'of them only restate')} the name or the present ` +
                    'comment.'}
              </p>
              <Checkbox
                label="Accept informative texts only"
                checked={onlyInformative}
                onChange={(event) => setOnlyInformative(event.currentTarget.checked)}
              />
            </>
          )}
          {isAccept && withComment !== undefined && withComment > 0 && leftOut === undefined && (
            <>
              <p>
                {plural(withComment, 'of them has', 'of them have')} a comment in the database. Where a person wrote it,
                the suggestion is left out unless you choose otherwise.
              </p>
              <Checkbox
                label="Accept these too, so that Apply replaces comments that people wrote"
                checked={replaces}
                onChange={(event) => setReplaces(event.currentTarget.checked)}
              />
            </>
          )}
          {mayBeEdited && !replaces && (
            <p>Where a person edited another version of the text, the suggestion is left out.</p>
          )}
          {leftOut !== undefined && (
            <p>
              Accepting {leftOut === 1 ? 'it' : 'them'} skips the edited versions, and Apply replaces the comments. Undo
              returns the edits; a roll-back, the comments.
            </p>
          )}
        </>
      )}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Action
          busy={decisions.busy || (isReady && (isReading || commented.isReading))}
          why={isReady && matching === 0 ? 'No suggestion matches.' : undefined}
          onClick={decide}
        >
          {verb} {amount}
        </Action>
      </Group>
    </Modal>
  );
}

/** Asks before a bulk decision is undone that is too large to be undone by ids. */
export function UndoDialog({ decisions }: { decisions: Decisions }) {
  const { asking, undoLarge } = decisions;
  const undoing = asking && undoingOf(asking.bulk);
  const { matching, error } = useCount(undoing?.runId ?? '', undoing?.filter ?? {}, undoing === undefined);
  if (!asking) {
    return null;
  }
  const state = asking.bulk.decision === 'SKIP' ? 'skipped' : 'accepted';
  const others = matching === undefined ? 0 : Math.max(matching - asking.count, 0);
  return (
    <Modal opened onClose={() => undoLarge(false)} title={`Undo for ${plural(asking.count, 'suggestion')}`}>
      {error && <Failure error={error} />}
      {!error && matching === undefined && <Loading rows={1} />}
      {matching !== undefined && (
        <p style={{ marginTop: 0 }}>
          All {plural(matching, `${state} suggestion`)} under that filter become unreviewed again.
          {others > 0 && ` ${plural(others, 'of them was', 'of them were')} ${state} before or by somebody else.`}
        </p>
      )}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => undoLarge(false)}>
          Keep them
        </Button>
        <Button disabled={!matching} onClick={() => undoLarge(true)}>
          Restore {plural(matching ?? 0, 'suggestion')}
        </Button>
      </Group>
    </Modal>
  );
}
