// What a click on a box of the tree does: it takes a ticked asset out and an unticked one in, and touches nothing else.
//
// Where a parent is whole, a table or schema is taken out with a pattern, so that later tables are described as well. A
// column has no pattern: its table and what stands beside it are named then. Nothing at all is the pattern `*`.

import { type Path, type Pick, quoted, type Target, type Tick, tickOf } from './model';
import { type Exclusions, patternFor } from './pattern';

interface Scope {
  picks: Pick[];
  exclude: string[];
}

/** The names at a level; undefined while not all are read. */
export interface Names {
  schemas: () => string[] | undefined;
  tables: (schema: string) => string[] | undefined;
  columns: (schema: string, table: string) => string[] | undefined;
}

/** The pattern that leaves out every table that is not named. */
export const NOTHING = '*';
/** A name of a pattern, quoted or plain. */
const NAME = '(?:"(?:[^"]|"")*"|[^\\s.:/"*?]+)';
/** A pattern for one table, or for all tables of one schema. */
const ONE = new RegExp(`^${NAME}\\.(?:\\*|${NAME})$`);

const isNothing = ({ picks, exclude }: Scope) => picks.length === 0 && exclude.includes(NOTHING);
const isWithin = (schema: string) => (pattern: string) => ONE.test(pattern) && pattern.startsWith(`${quoted(schema)}.`);
const whole = (name: string): Pick => ({ name, below: [] });
const chain = (path: Path): Pick[] => path.reduceRight<Pick[]>((below, name) => [{ name, below }], []);

/** How a box stands, with the patterns that leave out parts of a schema or of the database. */
export function tickAt(scope: Scope, excluded: Exclusions, path: Path): Tick {
  const { picks, exclude } = scope;
  const tick = tickOf(picks, path);
  const [schema] = path;
  if (schema === undefined) {
    return isNothing(scope) ? 'out' : tick === 'named' && exclude.some((it) => ONE.test(it)) ? 'mixed' : tick;
  }
  if (path.length > 1) {
    return excluded(picks, path) === undefined ? tick : 'out';
  }
  if (tick === 'out' || tick === 'mixed') {
    return tick;
  }
  if (isNothing(scope) || exclude.includes(patternFor([schema]))) {
    return 'out';
  }
  return exclude.some(isWithin(schema)) ? 'mixed' : tick;
}

/** Puts a pick in its place among others, or at their end. */
const put = (picks: Pick[], pick: Pick) =>
  picks.some(({ name }) => name === pick.name)
    ? picks.map((it) => (it.name === pick.name ? pick : it))
    : [...picks, pick];

/** Sets the pick at a path whose parents are picked. */
function set(picks: Pick[], [name = '', ...rest]: Path, below: Pick[]): Pick[] {
  const inner = picks.find((it) => it.name === name)?.below ?? [];
  return put(picks, { name, below: rest.length === 0 ? below : set(inner, rest, below) });
}

/** Without the pick at a path, and without parents that hold nothing then. */
function without(picks: Pick[], [name, ...rest]: Path): Pick[] {
  return picks.flatMap((pick) => {
    if (pick.name !== name) {
      return [pick];
    }
    const below = rest.length === 0 ? [] : without(pick.below, rest);
    return below.length === 0 ? [] : [{ ...pick, below }];
  });
}

/** The picks with every schema and every table of one schema named; undefined while their names are not read. */
function spelled(
  { picks, exclude }: Scope,
  excluded: Exclusions,
  names: Names,
  schema: string,
): Pick[] | undefined {
  const schemas = names.schemas()?.filter((it) => !exclude.includes(patternFor([it])) || it === schema);
  const all = picks.length > 0 ? picks : schemas?.map(whole);
  if (!all || (all.find(({ name }) => name === schema)?.below.length ?? 0) > 0) {
    return all;
  }
  const tables = names.tables(schema)?.filter((table) => excluded([], [schema, table]) === undefined);
  return tables && put(all, { name: schema, below: tables.map(whole) });
}

/** The scope after a click on a box; undefined while names that it needs are not read. */
export function clicked(target: Target, path: Path, excluded: Exclusions, names: Names): Target | undefined {
  const tick = tickAt(target, excluded, path);
  return tick === 'named' || tick === 'included'
    ? unticked(target, path, excluded, names)
    : ticked(target, path, excluded, names);
}

/** The scope without an asset that is named. */
export function removed(target: Target, path: Path): Target {
  const picks = without(target.picks, path);
  return picks.length === 0 ? nothingOf(target) : { ...target, picks };
}

const nothingOf = (target: Target): Target => ({
  ...target,
  picks: [],
  exclude: [...target.exclude.filter((it) => it !== NOTHING && !ONE.test(it)), NOTHING],
});

function unticked(target: Target, path: Path, excluded: Exclusions, names: Names): Target | undefined {
  const { picks, exclude } = target;
  const [schema, table, column] = path;
  if (schema === undefined) {
    return nothingOf(target);
  }
  if (tickOf(picks, path) === 'named') {
    return removed(target, path);
  }
  if (table === undefined || column === undefined) {
    const rest = table === undefined ? exclude.filter((it) => !isWithin(schema)(it)) : exclude;
    return { ...target, exclude: [...rest, patternFor(path)] };
  }
  const columns = names.columns(schema, table)?.filter((it) => it !== column);
  const all = spelled(target, excluded, names, schema);
  if (!columns || !all) {
    return undefined;
  }
  return columns.length === 0
    ? removed({ ...target, picks: all }, [schema, table])
    : { ...target, picks: set(all, [schema, table], columns.map(whole)) };
}

function ticked(target: Target, path: Path, excluded: Exclusions, names: Names): Target | undefined {
  const { picks, exclude } = target;
  const [schema, table, column] = path;
  if (schema === undefined) {
    return { ...target, picks: [], exclude: exclude.filter((it) => it !== NOTHING && !ONE.test(it)) };
  }
  if (isNothing(target)) {
    return { ...target, picks: chain(path), exclude: exclude.filter((it) => it !== NOTHING) };
  }
  if (table === undefined) {
    const rest = exclude.filter((it) => !isWithin(schema)(it));
    return { ...target, picks: picks.length === 0 ? picks : put(picks, whole(schema)), exclude: rest };
  }
  const place = [schema, table];
  const isLeftOut = excluded(picks, place) !== undefined;
  if (isLeftOut && column === undefined && exclude.includes(patternFor(place))) {
    return { ...target, exclude: exclude.filter((it) => it !== patternFor(place)) };
  }
  if (isLeftOut) {
    // A pattern holds for it: it is described if it is named.
    const all = spelled(target, excluded, names, schema);
    const rest = exclude.filter((it) => it !== patternFor(place) && it !== patternFor([schema]));
    return all && { ...target, picks: set(all, place, column === undefined ? [] : [whole(column)]), exclude: rest };
  }
  if (column === undefined) {
    return { ...target, picks: set(picks, place, []) };
  }
  const next = set(picks, path, []);
  const chosen = next.find(({ name }) => name === schema)?.below.find(({ name }) => name === table)?.below.length;
  const isAll = chosen !== undefined && chosen === names.columns(schema, table)?.length;
  return { ...target, picks: isAll ? set(next, place, []) : next };
}
