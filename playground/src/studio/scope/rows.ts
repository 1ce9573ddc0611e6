// The tree as a flat list of rows: what is unfolded, in order, with what is still to be read as rows of their own.

import type { CombinedError } from 'urql';

import type { AssetKind } from '../api/operations';
import { type Branch, type Catalog, missingOf, type TableNode } from './catalog';
import type { Path } from './model';

export interface NodeRow {
  type: 'node';
  id: string;
  path: Path;
  kind: AssetKind;
  name: string;
  comment: string | null;
  /** A column's type. */
  dataType?: string;
  isKey?: boolean;
  rowEstimate?: number | null;
  /** Undefined for what has nothing below it. */
  unfolded?: boolean;
  position: number;
  siblings: number;
}

export type Row =
  | NodeRow
  /** A row that is being read, or is read once it is in view. */
  | { type: 'pending'; id: string; level: number; read?: () => void }
  | { type: 'failed'; id: string; level: number; error: CombinedError }
  | { type: 'nothing'; id: string; level: number; text: string };

export const levelOf = (row: Row) => (row.type === 'node' ? row.path.length + 1 : row.level);

export const idOf = (path: Path) => JSON.stringify(path);

/** The rows below the database. */
export function rowsOf(catalog: Catalog, search: string, isUnfolded: (path: Path, alone: boolean) => boolean): Row[] {
  const rows: Row[] = [];
  const schemas = search === '' ? catalog.schemas() : catalog.found(search);
  schemas.nodes.forEach((schema, at) => {
    const path = [schema.name];
    const unfolded = isUnfolded(path, search !== '' || schemas.nodes.length === 1);
    rows.push({
      type: 'node',
      id: idOf(path),
      path,
      kind: 'SCHEMA',
      name: schema.name,
      comment: schema.comment,
      unfolded,
      position: at + 1,
      siblings: schemas.total,
    });
    if (unfolded) {
      tables(rows, catalog, schema.name, search, isUnfolded);
    }
  });
  rest(rows, schemas, [], 2, search === '' ? 'The login sees no schemas.' : 'No table matches.');
  return rows;
}

function tables(
  rows: Row[],
  catalog: Catalog,
  schema: string,
  search: string,
  isUnfolded: (path: Path, alone: boolean) => boolean,
) {
  const branch = catalog.tables(schema, search);
  const push = (table: TableNode, position: number) => {
    const path = [schema, table.name];
    const unfolded = isUnfolded(path, false);
    rows.push({
      type: 'node',
      id: idOf(path),
      path,
      kind: table.kind,
      name: table.name,
      comment: table.comment,
      rowEstimate: table.rowEstimate,
      unfolded,
      position,
      siblings: branch.total,
    });
    if (unfolded) {
      columns(rows, catalog, path);
    }
  };
  branch.nodes.forEach((table, at) => push(table, at + 1));
  rest(rows, branch, [schema], 3, 'No tables.', (fromEnd) => catalog.more(schema, search, fromEnd));
  branch.tail.forEach((table, at) => push(table, branch.total - branch.tail.length + at + 1));
}

function columns(rows: Row[], catalog: Catalog, [schema = '', table = '']: Path) {
  const branch = catalog.columns(schema, table);
  branch.nodes.forEach((column, at) => {
    const path = [schema, table, column.name];
    rows.push({
      type: 'node',
      id: idOf(path),
      path,
      kind: 'COLUMN',
      name: column.name,
      comment: column.comment,
      dataType: column.type,
      isKey: column.primaryKey,
      position: at + 1,
      siblings: branch.total,
    });
  });
  rest(rows, branch, [schema, table], 4, 'No columns.');
}

/** What follows a branch's nodes: those not read yet, the error, or that there is nothing. */
function rest(
  rows: Row[],
  branch: Branch<unknown>,
  path: Path,
  level: number,
  nothing: string,
  read?: (fromEnd: boolean) => void,
) {
  const id = `${idOf(path)}+`;
  if (branch.error) {
    rows.push({ type: 'failed', id, level, error: branch.error });
    return;
  }
  const missing = missingOf(branch);
  for (let at = 0; at < missing; at++) {
    // Each is read from the end that is nearer.
    rows.push({ type: 'pending', id: `${id}${at}`, level, ...(read ? { read: () => read(at >= missing / 2) } : {}) });
  }
  if (branch.nodes.length === 0 && missing === 0) {
    rows.push(branch.loading ? { type: 'pending', id, level } : { type: 'nothing', id, level, text: nothing });
  }
}
