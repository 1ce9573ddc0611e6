// One asset unfolded: its comment in full, a draft or an edit under way, and what runs suggested for it.

import { PencilLine, Sparkles } from 'lucide-react';

import type { DatabaseRowFragment } from '../api/operations';
import { Action } from '../ui/action';
import { Draft, useDraftAddress } from './draft';
import { History } from './history';
import type { TablePlace } from './places';
import classes from './table.module.css';

interface AssetProps {
  profile: DatabaseRowFragment;
  place: TablePlace;
  name: string;
  comment: string | null;
  /** Whether a draft in the URL is this asset's. */
  isOpen: boolean;
  /** Opens this asset, so that the URL names it. */
  onOpen: (mode: 'draft' | 'edit') => void;
  onWritten: () => void;
  /** Changes when runs have ended: there may be more suggestions. */
  version: number;
}

export function Asset({ profile, place, name, comment, isOpen, onOpen, onWritten, version }: AssetProps) {
  const { mode } = useDraftAddress();
  return (
    <div className={classes.asset}>
      {comment === null ? <p className="muted">No comment</p> : <p className={`${classes.full} prose`}>{comment}</p>}
      {!(isOpen && mode) && (
        <div className={classes.buttons}>
          <Action
            variant="default"
            onClick={() => onOpen('draft')}
            leftSection={<Sparkles size={16} strokeWidth={1.75} aria-hidden />}
            aria-label={`Generate a draft for ${name}`}
          >
            Generate a draft
          </Action>
          <Action
            variant="default"
            onClick={() => onOpen('edit')}
            leftSection={<PencilLine size={16} strokeWidth={1.75} aria-hidden />}
            aria-label={`${comment === null ? 'Write a' : 'Edit the'} comment on ${name}`}
          >
            {comment === null ? 'Write a comment' : 'Edit the comment'}
          </Action>
        </div>
      )}
      {isOpen && <Draft profile={profile} place={place} name={name} comment={comment} onWritten={onWritten} />}
      <History profile={profile} place={place} name={name} comment={comment} version={version} />
    </div>
  );
}
