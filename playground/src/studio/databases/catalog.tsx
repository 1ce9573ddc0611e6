// The catalog, live: database → schema → tables; and the search over all of it.
//
// Each level is asked for when it is opened, so that a server with many databases costs one connection. The database
// and the schema are chosen for the person where there is only one.

import { NativeSelect, Select } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useEffect } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import {
  CatalogCountsDocument,
  CatalogDatabasesDocument,
  CatalogSchemasDocument,
  type DatabaseRowFragment,
} from '../api/operations';
import { useReconnected } from '../api/connection';
import { useKept } from '../ui/kept';
import { SearchBox } from '../ui/search-box';
import { Empty, Failure, Loading } from '../ui/states';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { CoverageBar, shareOf } from './coverage';
import classes from './database.module.css';
import { KindIcon } from './kinds';
import { profileAddress, reachesSeveral } from './places';
import { SearchResults } from './search-results';
import { Tables } from './tables';

/** A part of the URL, and a way to change some. What stands below a changed part is dropped. */
function useParts() {
  const [parameters, setParameters] = useSearchParams();
  const set = (changes: Record<string, string | null>, replace = false) =>
    setParameters(
      (current) => {
        const next = new URLSearchParams(current);
        for (const [name, value] of Object.entries(changes)) {
          if (value) {
            next.set(name, value);
          } else {
            next.delete(name);
          }
        }
        return next;
      },
      { replace },
    );
  return [parameters, set] as const;
}

export function Catalog({ profile, onRead }: { profile: DatabaseRowFragment; onRead: () => void }) {
  const [parameters, set] = useParts();
  const q = parameters.get('q') ?? '';
  const isSeveral = reachesSeveral(profile);
  return (
    <>
      {!isSeveral && (
        <SearchBox
          className={classes.search}
          value={q}
          onChange={(text) => set({ q: text }, true)}
          label={`Search ${profile.name}`}
          placeholder="Search names, comments, descriptions"
        />
      )}
      {isSeveral || q.trim() === '' ? (
        <Walk profile={profile} parameters={parameters} set={set} />
      ) : (
        <SearchResults profile={profile} text={q.trim()} onRead={onRead} />
      )}
    </>
  );
}

interface DatabasesProps {
  profile: DatabaseRowFragment;
  databases: { name: string; comment: string | null }[];
}

interface WalkProps {
  profile: DatabaseRowFragment;
  parameters: URLSearchParams;
  set: (changes: Record<string, string | null>, replace?: boolean) => void;
}

function Walk({ profile, parameters, set }: WalkProps) {
  const [{ data, error, fetching }, again] = useQuery({
    query: CatalogDatabasesDocument,
    variables: { id: profile.id },
  });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  const databases = useKept(data?.dbProfile?.databases, profile.id);
  if (!databases) {
    return fetching || !error ? <Loading rows={8} /> : <Failure error={error} retry={refetch} />;
  }
  if (databases.length === 0) {
    return <Empty title="No database in reach.">The login of this profile sees no database.</Empty>;
  }
  const database = databases.length === 1 ? databases[0]?.name : (parameters.get('database') ?? undefined);
  return (
    <>
      {database === undefined && <Databases profile={profile} databases={databases} />}
      {databases.length > 1 && database !== undefined && (
        <Select
          label="Database"
          className={classes.databases as string}
          value={database}
          onChange={(value) => set({ database: value, schema: null, find: null, after: null, before: null })}
          data={databases.map(({ name }) => name)}
          searchable
          allowDeselect={false}
        />
      )}
      {database !== undefined && (
        <Schemas key={database} profile={profile} database={database} parameters={parameters} set={set} />
      )}
    </>
  );
}

/** The databases of a server, to choose from. */
function Databases({ profile, databases }: DatabasesProps) {
  return (
    <section aria-label="Databases" className={classes.tables}>
      <table className={`${table.table} ${classes.list}`}>
        <thead>
          <tr>
            <th>Database</th>
            <th className={classes.commentColumn}>Comment</th>
          </tr>
        </thead>
        <tbody>
          {databases.map(({ name, comment }) => (
            <tr key={name} className={classes.row}>
              <td>
                <Link to={profileAddress(profile, { database: name })} className={classes.tableLink}>
                  <KindIcon kind="DATABASE" />
                  <Clipped text={name} keepsEnd />
                </Link>
                {comment !== null && <Clipped text={comment} className={classes.below} />}
              </td>
              <td className={classes.commentColumn}>
                {comment === null ? <span className="muted">No comment</span> : <Clipped text={comment} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface Schema {
  name: string;
  comment: string | null;
}

/** The schema to open first: `public` if it has tables, else the first that has. Undefined while that is read. */
function useFirst(
  profile: DatabaseRowFragment,
  database: string,
  schemas: Schema[] | null | undefined,
  isChosen: boolean,
): string | undefined {
  const counted = profile.coverage?.schemas.filter((it) => it.database === null || it.database === database) ?? [];
  const isCounted = counted.some(({ assets }) => assets > 0);
  const [{ data, fetching }] = useQuery({
    query: CatalogCountsDocument,
    variables: { id: profile.id, database },
    pause: isChosen || isCounted || (schemas?.length ?? 0) < 2,
  });
  if (!schemas || fetching) {
    return undefined;
  }
  const holding = new Set(
    isCounted
      ? counted.filter(({ assets }) => assets > 0).map(({ schema }) => schema)
      : data?.dbProfile?.databases?.[0]?.schemas
          ?.filter(({ tables }) => (tables?.totalCount ?? 0) > 0)
          .map(({ name }) => name),
  );
  const isPublic = ({ name }: Schema) => name === 'public';
  const candidates = schemas.filter(({ name }) => holding.has(name));
  return (candidates.find(isPublic) ?? candidates[0] ?? schemas.find(isPublic) ?? schemas[0])?.name;
}

function Schemas({ profile, database, parameters, set }: WalkProps & { database: string }) {
  const isPhone = useMediaQuery('(max-width: 699px)') ?? false;
  const [{ data, error, fetching }, again] = useQuery({
    query: CatalogSchemasDocument,
    variables: { id: profile.id, database },
  });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  const schemas = useKept(data?.dbProfile?.databases?.[0]?.schemas, database);
  const wanted = parameters.get('schema');
  const first = useFirst(profile, database, schemas, wanted !== null);
  const schema = wanted ?? first;

  // The list's own row in sight, where the link led to a schema far down.
  useEffect(() => {
    document.querySelector(`.${classes.schemas} [aria-current]`)?.scrollIntoView({ block: 'nearest' });
  }, [schemas === undefined]);

  if (!schemas) {
    const isGone = !fetching && !error;
    return isGone ? (
      <Empty title={`There is no database “${database}”.`}>
        It was dropped or renamed, or the login may not see it.
      </Empty>
    ) : error && !fetching ? (
      <Failure error={error} retry={refetch} />
    ) : (
      <Loading rows={8} />
    );
  }
  if (schemas.length > 0 && schema === undefined) {
    return <Loading rows={8} />;
  }
  if (schema === undefined) {
    return <Empty title="No schemas.">The login sees no schema in this database.</Empty>;
  }
  const covered = new Map(
    profile.coverage?.schemas
      .filter((it) => it.database === null || it.database === database)
      .map((it) => [it.schema, it] as const),
  );
  const choose = (name: string) => ({ schema: name, find: null, after: null, before: null });
  const comment = schemas.find(({ name }) => name === schema)?.comment;
  return (
    <div className={classes.walk} data-single={schemas.length === 1}>
      {schemas.length > 1 &&
        (isPhone ? (
          <NativeSelect
            label="Schema"
            value={schema}
            onChange={(event) => set(choose(event.currentTarget.value))}
            data={schemas.map(({ name }) => name)}
          />
        ) : (
          <nav className={classes.schemas} aria-label="Schemas">
            {schemas.map(({ name }) => {
              const figures = covered.get(name);
              return (
                <Link
                  key={name}
                  to={profileAddress(profile, { database: parameters.get('database'), schema: name })}
                  {...(name === schema ? { 'aria-current': 'page' as const } : {})}
                >
                  <Clipped text={name} keepsEnd />
                  {figures && figures.assets > 0 && <CoverageBar counted={figures} />}
                  {figures && <span className={classes.share}>{shareOf(figures)}</span>}
                </Link>
              );
            })}
          </nav>
        ))}
      <Tables
        key={schema}
        profile={profile}
        database={database}
        schema={schema}
        comment={comment ?? null}
        parameters={parameters}
        set={set}
      />
    </div>
  );
}
