// Replaces words in variables by ids, because the examples use runs that exist only once somebody has started them.
//
// The rule: a string variable that is one of `words` is replaced by the id of its run; everything else is sent
// unchanged. If there is no such run, the response says what to do first.

const words = {
  'newest run': { filter: {}, at: 0 },
  'newest analysis': { filter: { kinds: ['ANALYZE'] }, at: 0 },
  'analysis before': { filter: { kinds: ['ANALYZE'] }, at: 1 },
} as const;

type Word = keyof typeof words;
type Json = string | number | boolean | null | undefined | Json[] | { [key: string]: Json };
type Post = (query: string, variables: Json) => Promise<{ data?: { runs?: { nodes: { id: string }[] } } | null }>;

/** A word that means no run as yet. */
export class NoSuchRun extends Error {}

const query = 'query Newest($filter: RunFilter) { runs(first: 2, filter: $filter) { nodes { id } } }';

async function find(word: Word, post: Post): Promise<string> {
  const { filter, at } = words[word];
  const answer = await post(query, { filter } as unknown as Json);
  const id = answer.data?.runs?.nodes[at]?.id;
  if (id === undefined) {
    const which = at === 0 ? 'a run' : 'a second run';
    throw new NoSuchRun(`There is no ${word} yet. Start ${which} in the tab StartRun, then press the button again.`);
  }
  return id;
}

/** The variables with ids in the place of words. */
export async function withNewest(variables: Json, post: Post): Promise<Json> {
  if (typeof variables === 'string') {
    return variables in words ? find(variables as Word, post) : variables;
  }
  if (Array.isArray(variables)) {
    return Promise.all(variables.map((item) => withNewest(item, post)));
  }
  if (typeof variables === 'object' && variables !== null) {
    const pairs = Object.entries(variables).map(async ([key, value]) => [key, await withNewest(value, post)] as const);
    return Object.fromEntries(await Promise.all(pairs));
  }
  return variables;
}
