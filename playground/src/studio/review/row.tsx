// One line of the results, and the suggestion unfolded under it.

import { Checkbox } from '@mantine/core';
import { Check, Columns3, Database, Eye, Folder, type LucideIcon, PencilLine, Table2, X } from 'lucide-react';
import { memo } from 'react';
import { Link } from 'react-router';

import type { AssetKind, ReviewDecidedFragment, ReviewSuggestionFragment } from '../api/operations';
import { useViewer } from '../api/viewer';
import { BANDS } from '../ui/confidence';
import { Clipped } from '../ui/text';
import { isApplied, presentOf } from './changed-since';
import { acceptanceOf, type Choice, isSettled } from './decisions';
import { Against } from './diff';
import { useDraft } from './drafts';
import classes from './review.module.css';
import { ASSET_KINDS, authorOf, StatePill, STATES, SUBSTANCES } from './states';
import { SuggestionBody } from './suggestion-card';
import type { Grouping } from './view';

const ICONS: Record<AssetKind, LucideIcon> = {
  DATABASE: Database,
  SCHEMA: Folder,
  TABLE: Table2,
  VIEW: Eye,
  MATERIALIZED_VIEW: Eye,
  COLUMN: Columns3,
};

/** What rows ask of the list; the functions never change. */
export interface RowActions {
  choose(id: string, choice: Choice): Promise<boolean>;
  pick(id: string, isRange: boolean): void;
  toggle(id: string): void;
  focusLine(id: string): void;
  /** Goes on to the line after it. */
  next(id: string): void;
}

interface RowProps {
  suggestion: ReviewSuggestionFragment;
  /** What a decision under way makes of it. */
  look: Partial<ReviewDecidedFragment> | undefined;
  address: string;
  grouping: Grouping;
  isOpen: boolean;
  isPicked: boolean;
  isGone: boolean;
  isOwn: boolean;
  /** The comment that is there now, where somebody has changed it since it was written. */
  present: string | null | undefined;
  /** Somebody else decided on it just now. */
  isNoticed: boolean;
  blocked: string | undefined;
  lacks: string | undefined;
  actions: RowActions;
}

/** The name under the head of its group. */
function nameIn(grouping: Grouping, { kind, table, column, display }: ReviewSuggestionFragment['asset']): string {
  if (grouping === 'none' || kind === 'DATABASE' || kind === 'SCHEMA') {
    return display;
  }
  return grouping === 'table'
    ? (column ?? table ?? display)
    : [table, column].filter((part) => part !== null).join('.');
}

export const Row = memo(function Row(props: RowProps) {
  const { look, address, grouping, isOpen, isPicked, isGone, isOwn, isNoticed, present } = props;
  const { blocked, lacks, actions } = props;
  const suggestion = look ? { ...props.suggestion, ...look } : props.suggestion;
  const { id, asset, review, band, confidence, substance, finalText } = suggestion;
  const { name: viewer } = useViewer();
  const edit = useDraft(suggestion);
  const Icon = ICONS[asset.kind];
  const why = lacks ?? blocked;
  const isAccepted = review.state === 'ACCEPTED' || review.state === 'EDITED';
  const isChanged = present !== undefined && isApplied(suggestion);
  const isSkipped = review.state === 'SKIPPED';
  const act = (choice: Choice) => why === undefined && actions.choose(id, choice);
  const { choice: acceptance, fault } = acceptanceOf(suggestion);
  const whyNotAccept = why ?? fault;
  const restores = isSettled(suggestion);
  return (
    <li
      className={classes.row}
      data-suggestion={id}
      data-open={isOpen}
      data-picked={isPicked}
      data-gone={isGone}
      data-noticed={isNoticed}
      data-state={review.state}
    >
      <div className={classes.line}>
        <Checkbox
          className={classes.check as string}
          checked={isPicked}
          onChange={() => {}}
          onClick={(event) => actions.pick(id, event.shiftKey)}
          aria-label={`Select ${asset.display}`}
        />
        <span className={classes.asset} data-kind={asset.kind}>
          <Icon size={14} strokeWidth={1.75} aria-hidden />
          <Link
            to={address}
            replace
            preventScrollReset
            className={classes.open}
            aria-expanded={isOpen}
            aria-controls={isOpen ? `suggestion-${id}` : undefined}
            aria-label={`${asset.display}, ${ASSET_KINDS[asset.kind].one}`}
            onClick={(event) => {
              if (!event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
                event.preventDefault();
                actions.toggle(id);
              }
            }}
          >
            <Clipped text={nameIn(grouping, asset)} keepsEnd />
          </Link>
        </span>
        <span className={classes.sentence}>
          {edit && (
            <span className={classes.unsaved}>
              <PencilLine size={12} strokeWidth={1.75} aria-hidden /> Unsaved edit
            </span>
          )}
          <Against before={presentOf(suggestion, present)} after={finalText} line />
        </span>
        {review.state === 'EDITED' ? (
          <>
            <span className={classes.confidence} />
            <span className={classes.substance} data-substance="OWN" title={authorOf(suggestion, viewer)}>
              {authorOf(suggestion, viewer)}
            </span>
          </>
        ) : (
          <>
            <span
              className={classes.confidence}
              style={{ color: `var(--${BANDS[band].tone})` }}
              title={`${BANDS[band].label} confidence: ${BANDS[band].range}`}
            >
              {BANDS[band].label} {confidence.toFixed(2)}
            </span>
            <span className={classes.substance} data-substance={substance} title={SUBSTANCES[substance].meaning}>
              {SUBSTANCES[substance].label}
            </span>
          </>
        )}
        <span
          className={classes.state}
          title={[
            review.reviewer && `${STATES[review.state].label} by ${review.reviewer}`,
            isChanged && (present === null ? 'The comment is removed now.' : `The comment is now: “${present}”`),
          ]
            .filter(Boolean)
            .join('. ')}
        >
          {review.state === 'UNREVIEWED' ? (
            <span className={classes.undecided}>{STATES.UNREVIEWED.label}</span>
          ) : (
            <StatePill state={review.state} applied={isApplied(suggestion)} changedSince={isChanged} />
          )}
        </span>
        <span className={classes.buttons}>
          <button
            type="button"
            className={classes.button}
            data-act="accept"
            aria-pressed={isAccepted}
            aria-label={`Accept ${asset.display}`}
            aria-disabled={whyNotAccept !== undefined}
            {...(whyNotAccept === undefined ? {} : { 'aria-description': whyNotAccept })}
            title={
              whyNotAccept ??
              (restores ? 'Accepted; press to restore' : edit ? 'Accept your edited text (a)' : 'Accept (a)')
            }
            onClick={() => fault === undefined && act(restores ? { decision: 'RESTORE' } : acceptance)}
          >
            <Check size={16} strokeWidth={1.75} aria-hidden />
          </button>
          <button
            type="button"
            className={classes.button}
            data-act="skip"
            aria-pressed={isSkipped}
            aria-label={`Skip ${asset.display}`}
            aria-disabled={why !== undefined}
            {...(why === undefined ? {} : { 'aria-description': why })}
            title={why ?? (isSkipped ? 'Skipped; press to restore' : 'Skip (s)')}
            onClick={() => act({ decision: isSkipped ? 'RESTORE' : 'SKIP' })}
          >
            <X size={16} strokeWidth={1.75} aria-hidden />
          </button>
        </span>
      </div>
      {isOpen && (
        <div id={`suggestion-${id}`}>
          <SuggestionBody
            suggestion={suggestion}
            blocked={blocked}
            onChoose={(choice) => actions.choose(id, choice)}
            onLeave={() => actions.focusLine(id)}
            onNext={() => actions.next(id)}
            isOwn={isOwn}
            present={present}
          />
        </div>
      )}
    </li>
  );
});
