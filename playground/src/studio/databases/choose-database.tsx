// A profile that reaches several databases: coverage and search read one. A person chooses which one to look at, and an
// administrator may bind the profile to it.

import { Select } from '@mantine/core';
import { useState } from 'react';
import { useMutation, useQuery } from 'urql';

import { CatalogDatabasesDocument, DatabaseBindDocument, type DatabaseRowFragment } from '../api/operations';
import { Action } from '../ui/action';
import { Card } from '../ui/page';
import { Failure } from '../ui/states';
import classes from './database.module.css';

interface ChooseDatabaseProps {
  profile: DatabaseRowFragment;
  /** The database that the page shows. */
  shown: string | null;
  onBound: () => void;
}

export function ChooseDatabase({ profile, shown, onBound }: ChooseDatabaseProps) {
  const [{ data, error }] = useQuery({ query: CatalogDatabasesDocument, variables: { id: profile.id } });
  const [{ error: refused, fetching }, bind] = useMutation(DatabaseBindDocument);
  const [choice, setChoice] = useState<string | null>(null);
  const chosen = choice ?? shown;
  const names = data?.dbProfile?.databases?.map(({ name }) => name) ?? [];
  const use = async () => {
    const { error: failed } = await bind({ id: profile.id, database: chosen });
    if (!failed) {
      onBound();
    }
  };
  return (
    <Card title="Choose a database first">
      <p className="prose" style={{ margin: '0 0 12px' }}>
        The connection of {profile.name} names no database. Gloss counts and searches the tables of one database, and
        the right to write comments belongs to one. Choose it here for this profile. For another database, add another
        profile.
      </p>
      <div className={classes.choose}>
        <Select
          label="Database of this profile"
          placeholder="Choose one"
          data={names}
          value={chosen}
          onChange={setChoice}
          searchable
          allowDeselect={false}
          error={error ? 'The database does not answer. Test the profile to see why.' : undefined}
        />
        <Action needs="ADMIN" busy={fetching} why={chosen ? null : 'Choose a database first.'} onClick={use}>
          Use this database
        </Action>
      </div>
      {refused && <Failure error={refused} />}
    </Card>
  );
}
