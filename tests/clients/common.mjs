// What the scripts of this folder share. Each is called with the server's address, works as an application would,
// and fails by throwing.

import assert from 'node:assert/strict';

export const url = new URL('/graphql', process.argv[2] ?? 'http://127.0.0.1:8787').href;
export const socketUrl = url.replace('http', 'ws');

export const VERSION = 'query Version { server { version } }';
export const START = `mutation Start($demo: ID!) {
  startRun(input: { targets: [{ dbProfileId: $demo }] }) { runs { id } }
}`;
export const WATCH = `subscription Watch($run: ID!, $after: Int) {
  runProgress(runId: $run, after: $after) { sequence type status }
}`;

/** An operation by plain HTTP. */
export async function post(query, variables = {}) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data;
}

/** The id of the demo database's profile. */
export async function demo() {
  const { dbProfiles } = await post('{ dbProfiles { id name } }');
  return dbProfiles.find(({ name }) => name === 'demo').id;
}

/** Checks that a client saw a whole run: every event once, in order, to the end. */
export function whole(events) {
  assert.ok(events.length > 20, `${events.length} events`);
  events.forEach(({ sequence }, at) => assert.equal(sequence, at + 1));
  assert.equal(events.at(-1).type, 'FINISHED');
}

/** Checks what a client saw that lost its connection and began again where its variables say: at the first event. */
export function wholeAgain(events) {
  const again = events.findLastIndex(({ sequence }) => sequence === 1);
  assert.ok(again > 0, 'the client did not come back');
  whole(events.slice(again));
}

export { assert };
