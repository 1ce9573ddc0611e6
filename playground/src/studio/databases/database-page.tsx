// A profile's page: how much of it is documented, its catalog to walk and to search, its runs and writes, its settings.
// The tab, the schema, the filter and the search stand in the URL.

import { Tooltip } from '@mantine/core';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { DatabaseProfilesDocument, type DatabaseRowFragment, type DbBackend } from '../api/operations';
import { count, plural } from '../ui/figures';
import { LinkTabs } from '../ui/link-tabs';
import { Action } from '../ui/action';
import { Card, Page } from '../ui/page';
import { useRetryOffline } from '../ui/retry';
import { Empty, Failure, Loading } from '../ui/states';
import { Copyable } from '../ui/text';
import { Moment } from '../ui/time';
import { Activity } from './activity';
import { Catalog } from './catalog';
import { ChooseDatabase } from './choose-database';
import { BACKENDS } from './connection';
import { CoverageBar, CoverageLegend, shareOf } from './coverage';
import classes from './database.module.css';
import { KIND_NAMES } from './kinds';
import { useRunsEnded } from '../run/ended';
import { profileAddress, reachesSeveral, usePlaceNames } from './places';
import { ProfileActions, useProfileTest } from './profile-actions';
import { ProfileForm } from './profile-form';
import { ReadCatalog } from './read-catalog';
import { Writable } from './writable';

const TABS = { catalog: 'Catalog', activity: 'Runs and writes', settings: 'Settings' };

/** The profile that the address names, by its name or its id. */
export function useProfile() {
  const [wanted] = usePlaceNames();
  const [{ data, error }, again] = useQuery({ query: DatabaseProfilesDocument });
  const profiles = data?.dbProfiles;
  const refetch = () => again({ requestPolicy: 'network-only' });
  useRetryOffline(profiles ? undefined : error, refetch);
  return {
    wanted,
    profile: profiles?.find(({ name }) => name === wanted) ?? profiles?.find(({ id }) => id === wanted),
    error: profiles ? undefined : error,
    isKnown: profiles !== undefined,
    refetch,
  };
}

/** For an address whose profile does not exist, or not any more. */
export function NoProfile({ wanted }: { wanted: string | undefined }) {
  return (
    <Page title="No such database">
      <Empty title={`There is no profile “${wanted}”.`} action={<Link to="/databases">Show all databases</Link>}>
        It was deleted or renamed, or the link is wrong. Its runs stay on the Runs page.
      </Empty>
    </Page>
  );
}

export function DatabasePage() {
  const { wanted, profile, error, isKnown, refetch } = useProfile();
  if (profile) {
    return <Profile key={profile.id} profile={profile} refetch={refetch} />;
  }
  if (isKnown) {
    return <NoProfile wanted={wanted} />;
  }
  return <Page title={wanted}>{error ? <Failure error={error} retry={refetch} /> : <Loading />}</Page>;
}

function Profile({ profile, refetch }: { profile: DatabaseRowFragment; refetch: () => void }) {
  const navigate = useNavigate();
  const [parameters, setParameters] = useSearchParams();
  const test = useProfileTest(profile.id);
  useRunsEnded({ profileId: profile.id }, refetch);
  const chosen = parameters.get('tab') ?? 'catalog';
  const tab = chosen in TABS ? chosen : 'catalog';
  const open = (which: string | undefined) =>
    setParameters((current) => {
      const next = new URLSearchParams(current);
      next.delete('form');
      if (which) {
        next.set('form', which);
      }
      return next;
    });
  return (
    <Page
      tab={profile.name}
      title={
        <span className={classes.crumbs}>
          <Link to="/databases">Databases</Link>
          <span aria-hidden>/</span>
          <span>{profile.name}</span>
        </span>
      }
      aside={<Writable profile={profile} />}
      actions={
        <ProfileActions
          profile={profile}
          onTest={test.test}
          isTesting={test.busy}
          onEdit={() => open('edit')}
          onDeleted={() => navigate('/databases')}
        />
      }
      toolbar={
        <>
          <div className={classes.address}>
            {BACKENDS[profile.backend].label}
            <Copyable text={profile.displayUrl} label="the address">
              <span className="mono">{profile.displayUrl}</span>
            </Copyable>
          </div>
          {test.isShown && <div className={classes.tested}>{test.place}</div>}
        </>
      }
    >
      {reachesSeveral(profile) ? (
        <ChooseDatabase
          profile={profile}
          shown={parameters.get('database')}
          onBound={() => {
            open(undefined);
            refetch();
          }}
        />
      ) : (
        <CoverageCard profile={profile} refetch={refetch} />
      )}
      <div className={classes.tabs}>
        <LinkTabs
          label="Parts of the database"
          tabs={Object.entries(TABS).map(([value, name]) => ({
            name,
            to: profileAddress(profile, { tab: value === 'catalog' ? null : value }),
            isCurrent: value === tab,
          }))}
        />
      </div>
      {tab === 'catalog' && <Catalog profile={profile} onRead={refetch} />}
      {tab === 'activity' && <Activity profile={profile} />}
      {tab === 'settings' && <Settings profile={profile} onEdit={() => open('edit')} />}
      {parameters.get('form') === 'edit' && (
        <ProfileForm
          profile={profile}
          onClose={() => open(undefined)}
          onSaved={(saved) => {
            refetch();
            navigate(profileAddress(saved), { replace: true });
          }}
        />
      )}
    </Page>
  );
}

function CoverageCard({ profile, refetch }: { profile: DatabaseRowFragment; refetch: () => void }) {
  const { coverage } = profile;
  if (!coverage) {
    return (
      <Card title="Coverage">
        <ReadCatalog profileId={profile.id} onRead={refetch} />
      </Card>
    );
  }
  return (
    <Card
      title={coverage.assets === 0 ? 'No tables yet' : `Documented: ${shareOf(coverage)}`}
      actions={
        <span className={classes.readAt}>
          <Tooltip label="Gloss read the whole catalog then. Runs, reviews and writes keep it current since.">
            <span>as of </span>
          </Tooltip>
          <Moment at={coverage.readAt} />
        </span>
      }
    >
      <div className={classes.coverage}>
        <CoverageBar counted={coverage} />
        <CoverageLegend counted={coverage} />
        <p className={classes.kinds}>
          {coverage.byKind
            .map(({ kind, assets, documented }) => `${count(documented)} of ${plural(assets, ...KIND_NAMES[kind])}`)
            .join(' · ')}
        </p>
      </div>
    </Card>
  );
}

/** Where sample values are read, by what the profile says of views. SQLite has no logins, MySQL no such superusers. */
const SAMPLED: Record<DbBackend, (sampleViews: boolean) => string> = {
  SQLITE: (yes) => (yes ? 'Read' : 'Not read'),
  MYSQL: (yes) => (yes ? "Read: their functions run with this login's rights" : 'Not read'),
  POSTGRES: (yes) =>
    yes
      ? "Read for all views: their functions run with this login's rights"
      : 'Only of views whose objects all belong to the login or a superuser',
};

function Settings({ profile, onEdit }: { profile: DatabaseRowFragment; onEdit: () => void }) {
  const rows: [string, React.ReactNode][] = [
    [
      'About',
      profile.about ?? (
        <span className="muted">None. A few sentences here improve every description by a language model.</span>
      ),
    ],
    [
      'Databases in scope',
      profile.pinnedDatabase ?? (profile.backend === 'SQLITE' ? 'The file' : 'All that the login may see'),
    ],
    [
      'Tables left out',
      profile.exclude.length === 0 ? (
        <span className="muted">None</span>
      ) : (
        profile.exclude.map((pattern) => (
          <code key={pattern} className={classes.pattern}>
            {pattern}
          </code>
        ))
      ),
    ],
    ['Sample values through views', SAMPLED[profile.backend](profile.sampleViews)],
    ['Added', <Moment key="at" at={profile.createdAt} />],
  ];
  return (
    <Card
      title="Settings"
      actions={
        <Action needs="ADMIN" variant="default" onClick={onEdit} aria-label={`Edit ${profile.name}`}>
          Edit
        </Action>
      }
    >
      <dl className={classes.settings}>
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
