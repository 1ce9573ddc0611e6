// One suggestion unfolded: what stands in the database, what is suggested and why, what was decided, and the decisions
// that can be made. `SuggestionCard` stands by itself on any page; the list of results unfolds `SuggestionBody`.

import { Check, PencilLine, RotateCcw } from 'lucide-react';
import { useId, useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';

import { useEvents } from '../api/events';
import {
  ReviewChangedDocument,
  ReviewOneDocument,
  type ReviewOneQuery,
  type ReviewSuggestionFragment,
} from '../api/operations';
import { useViewer } from '../api/viewer';
import { Action } from '../ui/action';
import { BANDS, Confidence } from '../ui/confidence';
import { Empty, Failure, Loading } from '../ui/states';
import { Coded, Copyable } from '../ui/text';
import { Moment } from '../ui/time';
import { presentOf, useChangedSince } from './changed-since';
import { acceptanceOf, type Choice, type Decisions, isSettled, useDecisions } from './decisions';
import { Against } from './diff';
import { draft, useDraft } from './drafts';
import { Editor } from './editor';
import classes from './review.module.css';
import { ASSET_KINDS, authorOf, StatePill, STATES, SUBSTANCES } from './states';
import { StatusLine } from './status-line';

/** Why nothing can be decided while the run is at this work. */
export const blockedBy = (status: string | undefined) =>
  status === 'APPLYING' ? 'This run is writing comments. Review after it has ended.' : undefined;

const HIGH = 0.75;
const MEDIUM = 0.5;
const bandOf = (confidence: number) => (confidence >= HIGH ? 'HIGH' : confidence >= MEDIUM ? 'MEDIUM' : 'LOW');

interface BodyProps {
  suggestion: ReviewSuggestionFragment;
  blocked: string | undefined;
  onChoose: (choice: Choice) => Promise<boolean>;
  /** Focus goes back to the suggestion's line. */
  onLeave?: () => void;
  /** An edit was accepted by the keyboard. */
  onNext?: () => void;
  /** Whether the decision that stands was made on this page. */
  isOwn: boolean;
  /** The comment that is there now, where somebody has changed it since it was written. */
  present: string | null | undefined;
}

export function SuggestionBody(props: BodyProps) {
  const { suggestion, blocked, onChoose, onLeave = () => {}, onNext = () => {}, isOwn, present } = props;
  const { id, asset, review, applied, finalText, alternatives } = suggestion;
  const comment = presentOf(suggestion, present);
  const edit = useDraft(suggestion);
  const heading = useId();
  const others = suggestion.versions.filter((version) => version.id !== id);
  const isDecided = review.state !== 'UNREVIEWED';
  const isReplacing = comment !== null && comment.trim() !== '' && comment !== finalText;
  const { name: viewer } = useViewer();
  const isEdited = review.state === 'EDITED';
  const author = isEdited ? authorOf(suggestion, viewer) : 'Suggested text';
  const begin = () => draft(id, { text: finalText, of: suggestion.description, since: review.at });
  const { choice, fault } = acceptanceOf(suggestion);
  const accept = () => onChoose(choice);
  const isAccepted = review.state === 'ACCEPTED' || review.state === 'EDITED';
  return (
    <div className={classes.body} role="group" aria-labelledby={heading}>
      <div className={classes.main}>
        <div className={classes.path} id={heading}>
          <Copyable text={asset.display} label="the path">
            <span className="mono">{asset.display}</span>
          </Copyable>
          <span className="muted">{ASSET_KINDS[asset.kind].one}</span>
        </div>

        <section>
          <h2>Present comment</h2>
          {comment !== null && <p className={classes.text}>{comment}</p>}
          {present !== undefined ? (
            <p className="muted">
              {comment === null ? 'None: it was removed' : 'Changed'} after Gloss wrote its text.
            </p>
          ) : applied ? (
            <p className="muted">
              {comment === null ? 'None: removed' : 'Written'} by Gloss, <Moment at={applied.at} />
            </p>
          ) : (
            comment === null && <p className="muted">None when the run read the database.</p>
          )}
        </section>

        <section>
          <h2>
            {edit ? 'Your text' : isReplacing ? `${author}, compared with the present comment` : author}
          </h2>
          {edit ? (
            <Editor
              suggestion={suggestion}
              edit={edit}
              blocked={blocked}
              onAccept={accept}
              onNext={onNext}
              onLeave={onLeave}
              isForeign={!isOwn}
            />
          ) : (
            <p className={classes.text} data-strong>
              <Against before={comment} after={finalText} />
            </p>
          )}
        </section>

        <section>
          <h2 id={`${heading}-wordings`}>Wordings</h2>
          <ol className={classes.wordings} aria-labelledby={`${heading}-wordings`}>
            {review.state === 'EDITED' && (
              <li className={classes.wording} data-chosen>
                <PencilLine size={14} strokeWidth={1.75} aria-hidden />
                <span>{review.text ?? finalText}</span>
                <span className="muted">edited by {review.reviewer}</span>
              </li>
            )}
            {alternatives.map((wording) => (
              <li key={wording.index}>
                <Wording
                  wording={wording}
                  isChosen={review.state === 'ACCEPTED' && wording.text === finalText}
                  blocked={blocked}
                  onChoose={() => onChoose({ decision: 'ACCEPT', alternative: wording.index })}
                />
              </li>
            ))}
          </ol>
        </section>

        <div className={classes.actions}>
          <Action
            size="compact-sm"
            variant={isAccepted && !edit ? 'default' : 'filled'}
            why={
              blocked ??
              fault ??
              (isSettled(suggestion) ? 'A text is accepted already. Choose a wording to change it.' : undefined)
            }
            leftSection={<Check size={14} strokeWidth={1.75} aria-hidden />}
            rightSection={<kbd className={classes.key}>a</kbd>}
            onClick={accept}
          >
            Accept
          </Action>
          <Action
            size="compact-sm"
            variant="default"
            why={blocked ?? (edit ? 'The text is being edited.' : undefined)}
            leftSection={<PencilLine size={14} strokeWidth={1.75} aria-hidden />}
            rightSection={<kbd className={classes.key}>e</kbd>}
            onClick={begin}
          >
            Edit
          </Action>
          <Action
            size="compact-sm"
            variant="default"
            why={blocked ?? (review.state === 'SKIPPED' ? 'It is skipped already.' : undefined)}
            rightSection={<kbd className={classes.key}>s</kbd>}
            onClick={() => onChoose({ decision: 'SKIP' })}
          >
            Skip
          </Action>
          <Action
            size="compact-sm"
            variant="subtle"
            color="gray"
            why={blocked ?? (isDecided ? undefined : 'No decision yet.')}
            leftSection={<RotateCcw size={14} strokeWidth={1.75} aria-hidden />}
            onClick={() => onChoose({ decision: 'RESTORE' })}
          >
            Restore
          </Action>
        </div>
      </div>

      <dl className={classes.facts}>
        <div>
          <dt>Decision</dt>
          <dd>
            <StatePill state={review.state} />{' '}
            {review.at !== null && (
              <span className="muted">
                by {review.reviewer}, <Moment at={review.at} />
              </span>
            )}
          </dd>
        </div>
        {applied && (
          <div>
            <dt>Applied text</dt>
            <dd>
              {applied.after ?? <span className="muted">The comment was removed.</span>}
              <div className="muted">
                written by {applied.actor}, <Moment at={applied.at} />
              </div>
              {present !== undefined && (
                <div className={classes.notice}>
                  Changed since. {present === null ? 'The comment is removed now.' : `The comment is now: “${present}”`}
                </div>
              )}
            </dd>
          </div>
        )}
        {!isEdited && (
          <div>
            <dt>Confidence and substance</dt>
            <dd>
              <Confidence value={suggestion.confidence} band={suggestion.band} />
              <span className="muted"> · {SUBSTANCES[suggestion.substance].meaning}</span>
            </dd>
          </div>
        )}
        {suggestion.evidence.length > 0 && (
          <div>
            <dt>Evidence</dt>
            <dd>
              <ul className={classes.evidence}>
                {suggestion.evidence.map(({ source, detail }, index) => (
                  <li key={index}>
                    <span className={classes.source}>{source}</span>{' '}
                    <span>
                      <Coded text={detail} />
                    </span>
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        )}
        {suggestion.reasoning && (
          <div>
            <dt>Reasoning</dt>
            <dd>
              <Coded text={suggestion.reasoning} />
            </dd>
          </div>
        )}
        {others.length > 0 && (
          <div>
            <dt>Other versions</dt>
            <dd>
              <ul className={classes.versions}>
                {others.map((version) => (
                  <li key={version.id}>
                    <Link to={`/runs/${version.run.number}?tab=results&open=${encodeURIComponent(version.id)}`}>
                      Version {version.version} in #{version.run.number}
                    </Link>{' '}
                    <span className="muted">{STATES[version.review.state].label}</span>
                    <div>{version.finalText}</div>
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}

interface WordingProps {
  wording: ReviewSuggestionFragment['alternatives'][number];
  isChosen: boolean;
  blocked: string | undefined;
  onChoose: () => void;
}

function Wording({ wording, isChosen, blocked, onChoose }: WordingProps) {
  const number = wording.index + 1;
  return (
    <Action
      variant="subtle"
      color="gray"
      fullWidth
      why={blocked}
      onClick={onChoose}
      classNames={{
        root: classes.wording as string,
        inner: classes.wordingInner as string,
        label: classes.wordingLabel as string,
      }}
      {...(isChosen ? { 'data-chosen': true } : {})}
      aria-pressed={isChosen}
    >
      <span className="visually-hidden">Accept wording</span>
      <kbd className={classes.key}>{number}</kbd>
      <span className={classes.wordingText}>{wording.text}</span>
      <span className={classes.wordingConfidence} style={{ color: `var(--${BANDS[bandOf(wording.confidence)].tone})` }}>
        {isChosen && <Check size={14} strokeWidth={1.75} aria-hidden />} {wording.confidence.toFixed(2)}
      </span>
    </Action>
  );
}

type Found = Extract<ReviewOneQuery['node'], { id: string }>;

const foundIn = (data: ReviewOneQuery | undefined): Found | undefined =>
  data?.node && 'asset' in data.node ? (data.node as Found) : undefined;

/** One suggestion by its id, with its decisions and their undo; it follows what others decide. */
export function SuggestionCard({ id }: { id: string }) {
  const [{ data, error, fetching }, again] = useQuery({ query: ReviewOneDocument, variables: { id } });
  const decisions = useDecisions(() => {});
  const found = foundIn(data);
  const [isForeign, setForeign] = useState(false);
  useEvents(
    { query: ReviewChangedDocument, variables: { runId: found?.run.id ?? '' }, pause: found === undefined },
    async ({ suggestionsChanged: { suggestions, all } }) => {
      await decisions.answered();
      if (all) {
        again({ requestPolicy: 'network-only' });
      }
      const change = suggestions.find((it) => it.id === id);
      setForeign((before) => (change ? !decisions.isOwn(change) : before));
    },
  );
  if (!found) {
    if (error) {
      return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
    }
    return fetching || data === undefined ? (
      <Loading rows={4} />
    ) : (
      <Empty title="This suggestion was deleted.">It was deleted with its run.</Empty>
    );
  }
  return <Single found={found} decisions={decisions} isForeign={isForeign} />;
}

interface SingleProps {
  found: Found;
  decisions: Decisions;
  isForeign: boolean;
}

function Single({ found, decisions, isForeign }: SingleProps) {
  const changedSince = useChangedSince(blockedBy(found.run.status) ? undefined : found.run.id, [found]);
  const look = decisions.pending.get(found.id);
  const suggestion = look ? { ...found, ...look } : found;
  return (
    <div className={classes.alone}>
      <SuggestionBody
        suggestion={suggestion}
        blocked={blockedBy(found.run.status)}
        onChoose={(choice) => decisions.decide([suggestion], choice)}
        isOwn={!isForeign}
        present={changedSince.get(found.id)}
      />
      <StatusLine decisions={decisions} />
    </div>
  );
}
