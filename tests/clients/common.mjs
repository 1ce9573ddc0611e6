// What the scripts of this folder share. Each is called with the server's address, works as an application would,
// and fails by throwing.

import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';

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

/** The id of a new run on the demo database, under way. */
export async function start() {
  return (await post(START, { demo: await demo() })).startRun.runs[0].id;
}

/** A way to the server that can be cut: its address, and what cuts all connections that lead through it. */
export async function cable() {
  const sockets = new Set();
  const { hostname, port } = new URL(url);
  const proxy = createServer((near) => {
    const far = connect(port, hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => {}).on('close', () => other.destroy());
    }
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxy.unref();
  const cut = () => {
    sockets.forEach((socket) => socket.destroy());
    sockets.clear();
  };
  return { url: `http://127.0.0.1:${proxy.address().port}/graphql`, cut };
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
