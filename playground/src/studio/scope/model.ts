// What a person has picked of one target. Nothing here knows the database: only the names that were ticked.
//
// The rule: nothing picked at a level means everything below it. A pick narrows its parent to what is picked below it.
// `ticks.ts` says what a click does.

import type { PartitionMode, TargetInput } from '../api/operations';

/** A name that was ticked, with what was ticked below it; everything below when that is empty. */
export interface Pick {
  name: string;
  below: Pick[];
}

/** The names from the schema down to a table or column; empty for the database itself. */
export type Path = readonly string[];

/** How an asset stands in the scope. */
export type Tick =
  /** It was ticked, with everything below it. */
  | 'named'
  /** A part of what is below it was ticked. */
  | 'mixed'
  /** It is in scope because everything in its parent is. */
  | 'included'
  | 'out';

export interface Target {
  dbProfileId: string;
  /** Null while none is chosen. */
  database: string | null;
  /** Whether it is the only one that the profile reaches: then the API need not hear its name. */
  isOnly: boolean;
  picks: Pick[];
  exclude: string[];
  partitions: PartitionMode;
}

export const everythingOf = (dbProfileId: string): Target => ({
  dbProfileId,
  database: null,
  isOnly: false,
  picks: [],
  exclude: [],
  partitions: 'PARENT',
});

/** Picks an asset that may be picked already. */
export function include(picks: Pick[], [name, ...rest]: Path): Pick[] {
  if (name === undefined) {
    return [];
  }
  const pick = picks.find((it) => it.name === name);
  const next = { name, below: rest.length === 0 ? [] : include(pick?.below ?? [], rest) };
  return pick ? picks.map((it) => (it === pick ? next : it)) : [...picks, next];
}

export function tickOf(picks: Pick[], [name, ...rest]: Path): Tick {
  if (name === undefined) {
    return picks.length === 0 ? 'named' : 'mixed';
  }
  if (picks.length === 0) {
    return 'included';
  }
  const pick = picks.find((it) => it.name === name);
  if (!pick) {
    return 'out';
  }
  return rest.length > 0 ? tickOf(pick.below, rest) : pick.below.length === 0 ? 'named' : 'mixed';
}

/** The paths of everything that was ticked, in the order of ticking. */
export function pathsOf(picks: Pick[], above: Path = []): Path[] {
  return picks.flatMap(({ name, below }) =>
    below.length === 0 ? [[...above, name]] : pathsOf(below, [...above, name]),
  );
}

/** The target as the API takes it. */
export function targetInput({ dbProfileId, database, isOnly, picks, exclude, partitions }: Target): TargetInput {
  return {
    dbProfileId,
    ...(database === null || isOnly ? {} : { database }),
    ...(picks.length === 0
      ? {}
      : {
          schemas: picks.map((schema) => ({
            name: schema.name,
            tables: schema.below.map((table) => ({ name: table.name, columns: table.below.map(({ name }) => name) })),
          })),
        }),
    ...(exclude.length === 0 ? {} : { exclude }),
    partitions,
  };
}

/** A scope as the API gives it. */
interface GivenScope {
  database: string | null;
  schemas: { name: string; tables: { name: string; columns: string[] }[] }[];
  exclude: string[];
  partitions: PartitionMode;
}

export function targetOf(dbProfileId: string, { database, schemas, exclude, partitions }: GivenScope): Target {
  const picks = schemas.map((schema) => ({
    name: schema.name,
    below: schema.tables.map((table) => ({
      name: table.name,
      below: table.columns.map((name) => ({ name, below: [] })),
    })),
  }));
  return { dbProfileId, database, isOnly: false, picks, exclude, partitions };
}

const PLAIN = /^[^\s.:/"*?]+$/;

/** A path as people read it: `public.users.email`; a part that could be misread stands in double quotes. */
export const display = (path: Path) => path.map(quoted).join('.');

/** A name as a scope or a pattern spells it. */
export const quoted = (name: string) => (PLAIN.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
