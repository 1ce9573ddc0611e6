// Whether the login may write comments: asked live for each profile, so that no database waits for another.

import { Tooltip } from '@mantine/core';
import { Database, Pencil, PencilOff, Unplug } from 'lucide-react';
import { Link } from 'react-router';
import { useQuery } from 'urql';

import { problemOf } from '../api/errors';
import { type DatabaseRowFragment, DatabaseWritableDocument, type DbBackend } from '../api/operations';
import classes from './databases.module.css';
import { profileAddress, reachesSeveral } from './places';

/** What gives a login the right, after the docs on least rights. */
const RIGHTS: Record<DbBackend, string> = {
  POSTGRES: 'It needs the role that owns the table: GRANT owner TO login.',
  MYSQL: 'It needs two rights: GRANT ALTER, LOCK TABLES ON database.* TO login.',
  SQLITE: 'The server needs write access to the file and its folder, and a URL without ?mode=ro.',
};

function useWritable(profile: DatabaseRowFragment) {
  const isSeveral = reachesSeveral(profile);
  const [{ data, error, fetching }] = useQuery({
    query: DatabaseWritableDocument,
    variables: { id: profile.id },
    pause: isSeveral,
  });
  return { isSeveral, may: isSeveral ? undefined : data?.dbProfile?.canWriteComments, error, fetching };
}

export function Writable({ profile }: { profile: DatabaseRowFragment }) {
  const { isSeveral, may, error, fetching } = useWritable(profile);
  const [label, why, Icon, tone] = isSeveral
    ? ([
        'No database chosen',
        'The right to write comments belongs to one database. Open the profile to choose it.',
        Database,
        'muted',
      ] as const)
    : may === undefined && fetching
      ? (['Connecting…', 'Gloss asks the database whether this login may write comments.', Database, 'muted'] as const)
      : may === true
        ? (['Can write comments', 'This login may write comments.', Pencil, 'success'] as const)
        : may === false
          ? ([
              'Read-only',
              `This login may not write comments: runs can be reviewed, not applied. ${RIGHTS[profile.backend]}`,
              PencilOff,
              'paused',
            ] as const)
          : ([
              'Unreachable',
              error ? problemOf(error).message : 'The database does not answer. Test it to see why.',
              Unplug,
              'failed',
            ] as const);
  return (
    <Tooltip label={why}>
      <span className={classes.writable} style={{ color: `var(--${tone})` }} aria-description={why}>
        <Icon size={14} strokeWidth={1.75} aria-hidden /> {label}
      </span>
    </Tooltip>
  );
}

/** Says before anything is drafted that it cannot be written. */
export function ReadOnlyNote({ profile }: { profile: DatabaseRowFragment }) {
  const { may } = useWritable(profile);
  return may === false ? (
    <p className={classes.readOnly} role="note">
      <PencilOff size={16} strokeWidth={1.75} aria-hidden />
      <span>
        Read-only: the login of <Link to={profileAddress(profile)}>{profile.name}</Link> may not write comments. You can
        draft and review here, but not write. {RIGHTS[profile.backend]}
      </span>
    </p>
  ) : null;
}
