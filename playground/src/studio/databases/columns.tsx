// The columns of a table: name, type, keys, comment. A row unfolds to the column's comment, drafts and history.

import { UnstyledButton } from '@mantine/core';
import { ChevronDown, ChevronRight, KeyRound } from 'lucide-react';
import { Fragment, useEffect, useRef } from 'react';
import { Link } from 'react-router';

import type { DatabaseRowFragment, TableStructureQuery } from '../api/operations';
import { plural } from '../ui/figures';
import { Empty } from '../ui/states';
import table from '../ui/table.module.css';
import { Clipped } from '../ui/text';
import { Asset } from './asset';
import { assetAddress, readReference, type TablePlace } from './places';
import classes from './table.module.css';

type Databases = NonNullable<NonNullable<TableStructureQuery['dbProfile']>['databases']>;
type Schemas = NonNullable<Databases[number]['schemas']>;
type Column = NonNullable<NonNullable<Schemas[number]['tables']>['nodes'][number]['columns']>[number];

interface ColumnsProps {
  profile: DatabaseRowFragment;
  place: TablePlace;
  columns: Column[] | null;
  opened: string | undefined;
  onOpen: (column: string | undefined, mode?: 'draft' | 'edit') => void;
  onWritten: () => void;
  version: number;
}

export function Columns({ profile, place, columns, opened, onOpen, onWritten, version }: ColumnsProps) {
  // A link to a column shows it.
  const linked = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    linked.current?.scrollIntoView({ block: 'start' });
  }, []);
  if (columns === null) {
    return (
      <Empty title="The columns cannot be read.">The table was dropped just now, or the login may not see it.</Empty>
    );
  }
  if (columns.length === 0) {
    return <Empty title="No columns.">The login sees no columns of this table.</Empty>;
  }
  const documented = columns.filter(({ comment }) => comment !== null).length;
  const isGone = opened !== undefined && !columns.some(({ name }) => name === opened);
  return (
    <section aria-label="Columns">
      <div className={classes.columnsHead}>
        <h2>{plural(columns.length, 'column')}</h2>
        <span className="muted">{documented} with a comment</span>
      </div>
      {isGone && (
        <p role="alert" className="muted">
          There is no column “{opened}” any more.
        </p>
      )}
      <table className={`${table.table} ${classes.columns}`}>
        <thead>
          <tr>
            <th className={classes.nameColumn}>Name</th>
            <th className={classes.typeColumn}>Type</th>
            <th className={classes.nullColumn}>Null</th>
            <th className={classes.referenceColumn}>Refers to</th>
            <th className={classes.commentColumn}>Comment</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => {
            const isOpen = column.name === opened;
            const Chevron = isOpen ? ChevronDown : ChevronRight;
            return (
              <Fragment key={column.name}>
                <tr data-open={isOpen} ref={isOpen ? linked : undefined}>
                  <td className={classes.nameColumn}>
                    <UnstyledButton
                      className={classes.toggle as string}
                      aria-expanded={isOpen}
                      onClick={() => onOpen(isOpen ? undefined : column.name)}
                    >
                      <Chevron size={14} strokeWidth={1.75} aria-hidden />
                      <Clipped text={column.name} keepsEnd />
                      {column.primaryKey && (
                        <span className={classes.key} title="Part of the primary key">
                          <KeyRound size={14} strokeWidth={1.75} role="img" aria-label="primary key" />
                        </span>
                      )}
                    </UnstyledButton>
                    <span className={classes.below}>
                      <Clipped text={column.type} className="mono" />
                      <Clipped text={column.comment ?? 'No comment'} />
                    </span>
                  </td>
                  <td className={`${classes.typeColumn} mono`}>
                    <Clipped text={column.type} />
                  </td>
                  <td className={classes.nullColumn}>
                    {column.nullable ? 'null' : <span className="muted">not null</span>}
                  </td>
                  <td className={classes.referenceColumn}>
                    {column.references !== null && (
                      <Reference profile={profile} place={place} text={column.references} />
                    )}
                  </td>
                  <td className={classes.commentColumn}>
                    {column.comment === null ? (
                      <span className="muted">No comment</span>
                    ) : (
                      <Clipped text={column.comment} />
                    )}
                  </td>
                </tr>
                {isOpen && (
                  <tr className={classes.unfolded}>
                    <td colSpan={5} className={table.wrap}>
                      {column.references !== null && (
                        <p className={classes.refers}>
                          Refers to <Reference profile={profile} place={place} text={column.references} />
                        </p>
                      )}
                      <Asset
                        profile={profile}
                        place={{ ...place, column: column.name }}
                        name={`${place.table}.${column.name}`}
                        comment={column.comment}
                        isOpen
                        onOpen={(mode) => onOpen(column.name, mode)}
                        onWritten={onWritten}
                        version={version}
                      />
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** A foreign key as a link to the table that it refers to. */
function Reference({ profile, place, text }: { profile: DatabaseRowFragment; place: TablePlace; text: string }) {
  const target = readReference(text);
  if (target === undefined) {
    return <Clipped text={text} />;
  }
  return (
    <Link
      to={assetAddress(profile, { database: place.database ?? null, schema: place.schema, ...target })}
      className={classes.reference}
    >
      <Clipped text={text} />
    </Link>
  );
}
