// Addresses of profiles, tables and columns: `/databases/PROFILE/SCHEMA/TABLE?database=…&column=…`.
//
// The rule: every name is percent-encoded as a whole, and read from the address as it stands there, because the
// router's own parameters take `%2F` in a name for a slash. The database is named only where the profile reaches
// several. A profile is found by its name or its id.

import { useLocation } from 'react-router';

import type { DbBackend } from '../api/operations';

export interface ProfileOfPlace {
  id: string;
  name: string;
  backend: DbBackend;
  pinnedDatabase: string | null;
}

export interface TablePlace {
  database?: string | null;
  schema: string | null;
  table: string | null;
  column?: string | null;
}

/** A name that browsers would read as a step within the path cannot stand in it. */
const isStep = (name: string) => name === '.' || name === '..';

function query(parameters: Record<string, string | null | undefined>): string {
  const kept = Object.entries(parameters).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept)}`;
}

export function profileAddress(
  profile: Pick<ProfileOfPlace, 'id' | 'name'>,
  parameters: Record<string, string | null> = {},
) {
  return `/databases/${encodeURIComponent(isStep(profile.name) ? profile.id : profile.name)}${query(parameters)}`;
}

/** Whether the profile reaches every database of its login, so that nothing holds for it as a whole. */
export const reachesSeveral = ({ backend, pinnedDatabase }: Pick<ProfileOfPlace, 'backend' | 'pinnedDatabase'>) =>
  backend === 'POSTGRES' && pinnedDatabase === null;

/** The database as an address or an API argument needs it; undefined where the profile reaches only one. */
export function namedDatabase(profile: ProfileOfPlace, database: string | null | undefined): string | undefined {
  const isOnly = profile.backend !== 'POSTGRES' || profile.pinnedDatabase === database;
  return isOnly ? undefined : (database ?? undefined);
}

/** The page of a table, or with its row open the one of a column; of a schema or database, the profile's page. */
export function assetAddress(profile: ProfileOfPlace, { database, schema, table, column }: TablePlace) {
  const named = namedDatabase(profile, database) ?? null;
  if (!schema || !table || isStep(schema) || isStep(table)) {
    return profileAddress(profile, { database: named, schema });
  }
  const names = [schema, table].map(encodeURIComponent).join('/');
  return `${profileAddress(profile)}/${names}${query({ database: named, column })}`;
}

/** The form for a new run over a table, a schema, or all that the profile reaches. */
export function runAddress(profile: ProfileOfPlace, place: TablePlace = { schema: null, table: null }) {
  const database = namedDatabase(profile, place.database);
  return `/runs/new${query({ profile: profile.id, database, schema: place.schema, table: place.table })}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The names in the page's address: profile, schema, table. */
export function usePlaceNames(): string[] {
  const { pathname } = useLocation();
  return pathname.split('/').slice(2).map(decoded);
}

/**
 * Where a foreign key leads, read from `references`: `users.id`, `public.users.id`, `stock.bin (warehouse_id, bin_no)`.
 * The schema is undefined where it is the table's own.
 */
export function readReference(text: string): { schema?: string; table: string; column?: string } | undefined {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === '"') {
      let part = '';
      for (at += 1; at < text.length; at += 1) {
        if (text[at] === '"' && text[at + 1] !== '"') {
          break;
        }
        at += text[at] === '"' ? 1 : 0;
        part += text[at];
      }
      at += 1;
      parts.push(part);
    } else {
      const plain = /^[^.\s"]+/.exec(text.slice(at))?.[0];
      if (plain === undefined) {
        return undefined;
      }
      parts.push(plain);
      at += plain.length;
    }
    if (text[at] !== '.') {
      break;
    }
    at += 1;
  }
  const isSeveral = text.slice(at).startsWith(' (');
  const column = isSeveral ? undefined : parts.pop();
  const table = parts.pop();
  const schema = parts.pop();
  if (table === undefined || parts.length > 0) {
    return undefined;
  }
  return { table, ...(schema === undefined ? {} : { schema }), ...(column === undefined ? {} : { column }) };
}
