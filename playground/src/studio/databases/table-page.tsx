// A table's page: its comment, its columns with types, keys and comments, drafts and edits of comments, and what runs
// suggested. The open column and the draft under way stand in the URL.

import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useQuery } from 'urql';

import { type DatabaseRowFragment, TableStructureDocument } from '../api/operations';
import { useReconnected } from '../api/connection';
import { compact, plural } from '../ui/figures';
import { useKept } from '../ui/kept';
import { Card, Page } from '../ui/page';
import { Empty, Failure, Loading } from '../ui/states';
import { Copyable } from '../ui/text';
import { Asset } from './asset';
import { Columns } from './columns';
import database from './database.module.css';
import { Describe } from './describe';
import { NoProfile, useProfile } from './database-page';
import { KIND_NAMES, KindIcon } from './kinds';
import { useRunsEnded } from '../run/ended';
import { assetAddress, profileAddress, runAddress, usePlaceNames } from './places';
import classes from './table.module.css';
import { ReadOnlyNote } from './writable';

export function TablePage() {
  const [, schema = '', table = ''] = usePlaceNames();
  const { wanted, profile, error, isKnown, refetch } = useProfile();
  if (profile) {
    return <Table key={`${profile.id}/${schema}/${table}`} profile={profile} schema={schema} table={table} />;
  }
  if (isKnown) {
    return <NoProfile wanted={wanted} />;
  }
  return <Page title={table}>{error ? <Failure error={error} retry={refetch} /> : <Loading />}</Page>;
}

function Table({ profile, schema, table }: { profile: DatabaseRowFragment; schema: string; table: string }) {
  const [parameters, setParameters] = useSearchParams();
  const wanted = parameters.get('database');
  const [{ data, error, fetching }, again] = useQuery({
    query: TableStructureDocument,
    variables: { id: profile.id, database: wanted, schema, table },
  });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  const [version, setVersion] = useState(0);
  useRunsEnded({ profileId: profile.id }, () => {
    refetch();
    setVersion((before) => before + 1);
  });

  const databases = useKept(data?.dbProfile?.databases, JSON.stringify([profile.id, wanted, schema, table]));
  const found = (databases ?? []).flatMap((it) =>
    (it.schemas ?? []).flatMap((one) => (one.tables?.nodes ?? []).map((node) => ({ database: it.name, node }))),
  );
  const [only] = found;
  const isSingle = found.length === 1 && only !== undefined;
  const place = { database: only?.database ?? wanted, schema, table };
  const column = parameters.get('column') ?? undefined;

  /** Opens a column, or with none the table itself; with a mode, its draft. */
  const open = (which: string | undefined, mode?: 'draft' | 'edit') =>
    setParameters(
      (current) => {
        const next = new URLSearchParams(current);
        for (const name of ['column', 'mode', 'draft']) {
          next.delete(name);
        }
        if (which !== undefined) {
          next.set('column', which);
        }
        if (mode) {
          next.set('mode', mode);
        }
        return next;
      },
      { replace: true },
    );

  return (
    <Page
      tab={`${schema}.${table}`}
      title={
        <span className={database.crumbs}>
          <Link to="/databases">Databases</Link>
          <span aria-hidden>/</span>
          <Link to={profileAddress(profile)}>{profile.name}</Link>
          <span aria-hidden>/</span>
          <Link to={assetAddress(profile, { database: place.database, schema, table: null })}>{schema}</Link>
          <span aria-hidden>/</span>
          <span>{table}</span>
        </span>
      }
      aside={
        isSingle && (
          <span className={classes.kind}>
            <KindIcon kind={only.node.kind} /> {KIND_NAMES[only.node.kind][0]}
            {only.node.rowEstimate !== null && (
              <span title={plural(only.node.rowEstimate, 'row')}>
                {' '}
                · about {compact(only.node.rowEstimate)} {only.node.rowEstimate === 1 ? 'row' : 'rows'}
              </span>
            )}
          </span>
        )
      }
      actions={
        isSingle && <Describe to={runAddress(profile, place)}>Describe with all columns</Describe>
      }
    >
      {!databases &&
        (error && !fetching ? <Failure error={error} retry={refetch} /> : fetching ? <Loading rows={10} /> : null)}
      {databases && error && !fetching && (
        <div className={database.stale}>
          <Failure error={error} retry={refetch} />
        </div>
      )}
      {databases && found.length === 0 && (
        <Empty
          title={`There is no table “${table}” in ${schema}.`}
          action={
            <Link to={assetAddress(profile, { database: wanted, schema, table: null })}>
              Show the tables of {schema}
            </Link>
          }
        >
          It was dropped or renamed, or the login of {profile.name} may not see it.
        </Empty>
      )}
      {found.length > 1 && (
        <Empty title={`Several databases have a table ${schema}.${table}.`}>
          <ul>
            {found.map((it) => (
              <li key={it.database}>
                <Link to={assetAddress(profile, { database: it.database, schema, table })}>{it.database}</Link>
              </li>
            ))}
          </ul>
        </Empty>
      )}
      {isSingle && (
        <>
          <ReadOnlyNote profile={profile} />
          <Card
            title="Comment"
            actions={
              <Copyable text={`${schema}.${table}`} label="the table's path">
                <span className={classes.path}>
                  {schema}.{table}
                </span>
              </Copyable>
            }
          >
            <Asset
              profile={profile}
              place={place}
              name={table}
              comment={only.node.comment}
              isOpen={column === undefined}
              onOpen={(mode) => open(undefined, mode)}
              onWritten={refetch}
              version={version}
            />
          </Card>
          <Columns
            profile={profile}
            place={place}
            columns={only.node.columns}
            opened={column}
            onOpen={open}
            onWritten={refetch}
            version={version}
          />
        </>
      )}
    </Page>
  );
}
