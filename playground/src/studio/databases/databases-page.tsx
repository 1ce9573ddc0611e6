// The profiles of databases: what is documented of each, whether comments can be written, and what can be done.

import { Button, TextInput } from '@mantine/core';
import { Plus, Search } from 'lucide-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { DatabaseProfilesDocument, type DatabaseRowFragment } from '../api/operations';
import { Action } from '../ui/action';
import { count, plural } from '../ui/figures';
import { Page } from '../ui/page';
import { useRetryOffline } from '../ui/retry';
import { useScrollRestoration } from '../ui/scroll';
import { Empty, Failure, Loading } from '../ui/states';
import { Clipped } from '../ui/text';
import { BACKENDS } from './connection';
import { CoverageBar, shareOf } from './coverage';
import classes from './databases.module.css';
import { useRunsEnded } from '../run/ended';
import { profileAddress, reachesSeveral } from './places';
import { ProfileActions, useProfileTest } from './profile-actions';
import { ProfileForm } from './profile-form';
import { Writable } from './writable';

/** From so many profiles on, the page offers a search. */
const MANY = 8;

export function DatabasesPage() {
  const [{ data, error }, again] = useQuery({ query: DatabaseProfilesDocument });
  const [parameters, setParameters] = useSearchParams();
  const [search, setSearch] = useState('');
  const refetch = () => again({ requestPolicy: 'network-only' });
  useRunsEnded({}, refetch);
  useRetryOffline(data ? undefined : error, refetch);
  useScrollRestoration(data !== undefined);

  const form = parameters.get('form');
  const open = (which: string | undefined) => setParameters(which === undefined ? {} : { form: which });
  const profiles = data?.dbProfiles;
  const wanted = search.trim().toLowerCase();
  const shown = profiles?.filter(({ name, displayUrl }) => `${name} ${displayUrl}`.toLowerCase().includes(wanted));
  const edited = profiles?.find(({ id }) => id === form);
  return (
    <Page
      title="Databases"
      aside={
        profiles &&
        shown && (
          <span className="muted" role="status">
            {shown.length === profiles.length
              ? plural(profiles.length, 'profile')
              : `${count(shown.length)} of ${plural(profiles.length, 'profile')}`}
          </span>
        )
      }
      actions={
        <>
          {profiles && profiles.length >= MANY && (
            <TextInput
              type="search"
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
              onKeyDown={(event) => event.key === 'Escape' && setSearch('')}
              placeholder="Name or address"
              aria-label="Search profiles"
              leftSection={<Search size={14} strokeWidth={1.75} aria-hidden />}
            />
          )}
          <Action
            needs="ADMIN"
            leftSection={<Plus size={16} strokeWidth={1.75} aria-hidden />}
            onClick={() => open('new')}
          >
            Add database
          </Action>
        </>
      }
    >
      {error && !profiles && <Failure error={error} retry={refetch} />}
      {!error && !profiles && <Loading rows={4} height={72} />}
      {profiles?.length === 0 && (
        <Empty
          title="No database yet."
          action={
            <Action needs="ADMIN" size="sm" onClick={() => open('new')}>
              Add database
            </Action>
          }
        >
          A DB profile is a named connection: PostgreSQL, MySQL, MariaDB or a SQLite file. Gloss reads its catalog and
          writes only the comments that you apply.
        </Empty>
      )}
      {shown?.length === 0 && profiles && profiles.length > 0 && (
        <Empty
          title="No profile matches."
          action={
            <Button variant="default" onClick={() => setSearch('')}>
              Clear the search
            </Button>
          }
        >
          No name or address contains “{search.trim()}”.
        </Empty>
      )}
      {shown && shown.length > 0 && (
        <ul className={classes.profiles} aria-label="Profiles">
          {shown.map((profile) => (
            <Profile key={profile.id} profile={profile} onEdit={() => open(profile.id)} />
          ))}
        </ul>
      )}
      {form === 'new' && <ProfileForm onClose={() => open(undefined)} />}
      {edited && <ProfileForm profile={edited} onClose={() => open(undefined)} onSaved={refetch} />}
    </Page>
  );
}

function Profile({ profile, onEdit }: { profile: DatabaseRowFragment; onEdit: () => void }) {
  const test = useProfileTest(profile.id);
  const { coverage } = profile;
  return (
    <li className={classes.profile}>
      <div className={classes.line}>
        <div className={classes.identity}>
          <Link to={profileAddress(profile)} className={classes.name}>
            <Clipped text={profile.name} />
          </Link>
          <div className={classes.address}>
            <span>{BACKENDS[profile.backend].label}</span>
            <Clipped text={profile.displayUrl} className="mono" />
          </div>
        </div>
        <div className={classes.covered}>
          {reachesSeveral(profile) ? (
            <span className="muted">Every database of the login</span>
          ) : coverage ? (
            <>
              <CoverageBar counted={coverage} />
              <span className="muted">
                {coverage.assets === 0 ? 'No tables' : `${shareOf(coverage)} documented`}
                {coverage.accepted > 0 && ` · ${plural(coverage.accepted, 'accepted text')} to write`}
              </span>
            </>
          ) : (
            <span className="muted">Not read yet</span>
          )}
        </div>
        <Writable profile={profile} />
        <div className={classes.actions}>
          <ProfileActions profile={profile} onTest={test.test} isTesting={test.busy} onEdit={onEdit} />
        </div>
      </div>
      {test.isShown && <div className={classes.tested}>{test.place}</div>}
    </li>
  );
}
