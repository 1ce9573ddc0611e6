// urql: query, mutation, subscription over both transports, reconnect.

import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

import { START, VERSION, WATCH, assert, demo, socketUrl, start, url, whole, wholeAgain } from './common.mjs';

let socket;
const sockets = createClient({
  url: socketUrl,
  webSocketImpl: WebSocket,
  retryWait: async () => {},
  on: { connected: (opened) => (socket = opened) },
});
const overSocket = subscriptionExchange({
  forwardSubscription: ({ query = '', variables }) => ({
    subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables }, sink) }),
  }),
});
const client = new Client({ url, exchanges: [overSocket, fetchExchange], preferGetMethod: 'within-url-limit' });

const { data, error } = await client.query(VERSION, {}, { requestPolicy: 'network-only' }).toPromise();
assert.equal(error, undefined);
assert.match(data.server.version, /^\d/);
const started = await client.mutation(START, { demo: await demo() }).toPromise();
assert.equal(started.error, undefined);
const run = started.data.startRun.runs[0].id;

const watch = (by, run, seen) =>
  new Promise((resolve, reject) => {
    const events = [];
    by.subscription(WATCH, { run }).subscribe((result) => {
      if (result.error) return reject(result.error);
      if (result.data) events.push(result.data.runProgress);
      seen?.(events);
      if (events.at(-1)?.type === 'FINISHED') resolve(events);
    });
  });
whole(await watch(client, run));
wholeAgain(await watch(client, await start(), (events) => events.length === 3 && socket.terminate()));

const streaming = new Client({ url, exchanges: [fetchExchange], fetchSubscriptions: true });
whole(await watch(streaming, run));

const wrong = await client.query('query Wrong { nothing }', {}).toPromise();
assert.equal(wrong.error.graphQLErrors[0].extensions.code, 'GRAPHQL_VALIDATION_FAILED');
await sockets.dispose();
console.log('ok');
process.exit(0);
