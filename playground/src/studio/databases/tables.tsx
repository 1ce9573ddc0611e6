// The tables of a schema: 50 a page, searched by the database itself.

import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { useQuery } from 'urql';

import { CatalogTablesDocument, type DatabaseRowFragment } from '../api/operations';
import { useReconnected } from '../api/connection';
import { compact, count, plural } from '../ui/figures';
import { useKept } from '../ui/kept';
import { cursorOf, pageOf, Pager } from '../ui/pager';
import { SearchBox } from '../ui/search-box';
import { Empty, Failure, Loading } from '../ui/states';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { Unknown } from '../ui/time';
import classes from './database.module.css';
import { Describe } from './describe';
import { KindIcon } from './kinds';
import { assetAddress, runAddress } from './places';

const PAGE_SIZE = 50;

interface TablesProps {
  profile: DatabaseRowFragment;
  database: string;
  schema: string;
  comment: string | null;
  parameters: URLSearchParams;
  set: (changes: Record<string, string | null>, replace?: boolean) => void;
}

export function Tables({ profile, database, schema, comment, parameters, set }: TablesProps) {
  const find = parameters.get('find') ?? '';
  const cursor = cursorOf(parameters);
  const [{ data, error, fetching, stale }, again] = useQuery({
    query: CatalogTablesDocument,
    variables: {
      id: profile.id,
      database,
      schema,
      search: find === '' ? null : find,
      ...pageOf(cursor, PAGE_SIZE),
    },
  });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useReconnected(refetch);
  const schemas = data?.dbProfile?.databases?.[0]?.schemas;
  const page = useKept(schemas?.[0]?.tables, JSON.stringify([find, cursor]));
  const isBusy = fetching || stale;
  return (
    <section className={classes.tables} aria-label={`Tables of ${schema}`} aria-busy={isBusy}>
      <div className={classes.schemaHead}>
        <h2>
          <Clipped text={schema} />
        </h2>
        {page && (
          <span className="muted">
            {find === ''
              ? plural(page.totalCount, 'table or view', 'tables and views')
              : plural(page.totalCount, 'match', 'matches')}
          </span>
        )}
        {(find !== '' || (page?.totalCount ?? 0) > 10) && (
          <SearchBox
            className={classes.filter}
            value={find}
            onChange={(text) => set({ find: text, after: null, before: null }, true)}
            label={`Filter the tables of ${schema}`}
            placeholder="Filter by name or comment"
          />
        )}
        <Describe to={runAddress(profile, { database, schema, table: null })} variant="subtle">
          Describe this schema
        </Describe>
      </div>
      {comment && <p className={`${classes.comment} prose`}>{comment}</p>}
      {!page &&
        (error && !isBusy ? (
          <Failure error={error} retry={refetch} />
        ) : !isBusy && schemas ? (
          <Empty title={`There is no schema “${schema}”.`}>
            It was dropped or renamed, or the login may not see it.
          </Empty>
        ) : (
          <Loading rows={10} />
        ))}
      {page && error && !isBusy && (
        <div className={classes.stale}>
          <Failure error={error} retry={refetch} />
        </div>
      )}
      {page?.nodes.length === 0 && (
        <Empty
          title={find === '' ? 'No tables in this schema.' : 'No table matches.'}
          action={
            find === '' ? undefined : (
              <Button variant="default" onClick={() => set({ find: null })}>
                Clear the filter
              </Button>
            )
          }
        >
          {find === '' ? 'The login sees no table or view here.' : `No name or comment contains “${find}”.`}
        </Empty>
      )}
      {page && page.nodes.length > 0 && (
        <>
          <table className={`${table.table} ${classes.list}`}>
            <thead>
              <tr>
                <th>Name</th>
                <th className={classes.commentColumn}>Comment</th>
                <th className={`${table.right} ${classes.rowsColumn}`}>Rows</th>
              </tr>
            </thead>
            <tbody>
              {page.nodes.map(({ name, kind, comment: text, rowEstimate }) => (
                <tr key={name} className={classes.row}>
                  <td>
                    <Link to={assetAddress(profile, { database, schema, table: name })} className={classes.tableLink}>
                      <KindIcon kind={kind} />
                      <Clipped text={name} keepsEnd />
                    </Link>
                    {/* A phone has no column for it. */}
                    <Clipped text={text ?? 'No comment'} className={classes.below} />
                  </td>
                  <td className={classes.commentColumn}>
                    {text === null ? <span className="muted">No comment</span> : <Clipped text={text} />}
                  </td>
                  <td className={`${table.right} ${classes.rowsColumn}`}>
                    {rowEstimate === null ? (
                      <Unknown why="The database keeps no estimate for it." />
                    ) : (
                      <span title={`about ${count(rowEstimate)} rows`}>{compact(rowEstimate)}</span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {page.totalCount > PAGE_SIZE && (
            <Pager
              label="tables"
              shown={page.nodes.length}
              total={page.totalCount}
              info={page.pageInfo}
              cursor={cursor}
              go={(next) => set({ after: next.after ?? null, before: next.before ?? null })}
            />
          )}
        </>
      )}
    </section>
  );
}
