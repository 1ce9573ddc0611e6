// Patterns of tables that are left out, read as the server reads them: `table` or `schema.table`, `*` for any
// characters, `?` for one, double quotes around what is taken literally. The server has the last word; this only shows
// at once which tables a pattern leaves out.

import { type Path, type Pick, quoted, tickOf } from './model';

const ANY = Symbol('any');
const ONE = Symbol('one');
type Token = string | typeof ANY | typeof ONE;

function parse(text: string): Token[][] {
  const parts: Token[][] = [[]];
  let isQuoted = false;
  const characters = [...text.trim()];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    const part = parts[parts.length - 1] as Token[];
    if (character === '"') {
      if (isQuoted && characters[at + 1] === '"') {
        part.push('"');
        at++;
      } else {
        isQuoted = !isQuoted;
      }
    } else if (isQuoted) {
      part.push(character);
    } else if (character === '.') {
      parts.push([]);
    } else {
      part.push(character === '*' ? ANY : character === '?' ? ONE : character);
    }
  }
  return parts;
}

/** Whether a name fits, in time that grows with the name: after a mismatch only the last star takes one more. */
function fits(tokens: Token[], name: string): boolean {
  const characters = [...name];
  let token = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < characters.length) {
    if (token < tokens.length && (tokens[token] === ONE || tokens[token] === characters[at])) {
      token++;
      at++;
    } else if (tokens[token] === ANY) {
      star = token++;
      resume = at;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (tokens[token] === ANY) {
    token++;
  }
  return token === tokens.length;
}

export type Exclusions = (picks: Pick[], path: Path) => string | undefined;

/** Finds the first of the patterns that leaves a table out. A table that the scope names is taken all the same. */
export function exclusions(patterns: string[]): Exclusions {
  const read = patterns.map((text) => ({ text, parts: parse(text) }));
  return (picks, [schema, table]) => {
    if (schema === undefined || table === undefined || ['named', 'mixed'].includes(tickOf(picks, [schema, table]))) {
      return undefined;
    }
    return read.find(({ parts }) => {
      const [first, second, ...more] = parts as [Token[], Token[]?];
      return more.length === 0 && (second ? fits(first, schema) && fits(second, table) : fits(first, table));
    })?.text;
  };
}

/** The pattern that leaves out exactly this table, or everything in this schema. */
export const patternFor = ([schema = '', table]: Path) =>
  `${quoted(schema)}.${table === undefined ? '*' : quoted(table)}`;
