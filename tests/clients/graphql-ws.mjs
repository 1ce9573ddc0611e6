// npm graphql-ws: query, mutation, subscription, reconnect.

import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { START, VERSION, WATCH, assert, demo, socketUrl, start, whole, wholeAgain } from './common.mjs';

let socket;
let closed = 0;
const client = createClient({
  url: socketUrl,
  webSocketImpl: WebSocket,
  lazy: false,
  retryAttempts: 3,
  retryWait: async () => {},
  on: { connected: (opened) => (socket = opened), closed: () => (closed += 1) },
  onNonLazyError: (error) => {
    throw error;
  },
});

async function one(query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    assert.equal(errors, undefined);
    return data;
  }
}

const { server } = await one(VERSION);
assert.match(server.version, /^\d/);
const { startRun } = await one(START, { demo: await demo() });
const run = startRun.runs[0].id;

const events = [];
for await (const { data } of client.iterate({ query: WATCH, variables: { run } })) {
  events.push(data.runProgress);
}
whole(events);

const again = [];
for await (const { data } of client.iterate({ query: WATCH, variables: { run: await start() } })) {
  again.push(data.runProgress);
  if (again.length === 3) socket.terminate();
}
wholeAgain(again);

await assert.rejects(one('{ nothing }'), (errors) => errors[0].extensions.code === 'GRAPHQL_VALIDATION_FAILED');
const pinged = new Promise((resolve) => client.on('pong', resolve));
socket.send(JSON.stringify({ type: 'ping', payload: { hen: 1 } }));
await pinged;
await client.dispose();
console.log(`ok, ${events.length} events, ${closed} closes`);
