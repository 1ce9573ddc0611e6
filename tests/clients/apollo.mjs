// Apollo Client: query, persisted and batched query, mutation, subscription, reconnect.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createHash } from 'node:crypto';
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
const sent = [];
const http = new HttpLink({
  uri: url,
  fetch: (to, options) => {
    sent.push(options.method === 'GET' ? String(to) : options.body);
    return fetch(to, options);
  },
});
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const persisted = createPersistedQueryLink({ sha256, useGETForHashedQueries: true });
const link = ApolloLink.split(
  ({ operationType }) => operationType === 'subscription',
  new GraphQLWsLink(sockets),
  ApolloLink.from([persisted, http]),
);
const client = new ApolloClient({ link, cache: new InMemoryCache() });
const fresh = { fetchPolicy: 'no-cache' };

// The hash alone, then with the document, then the hash alone again.
for (let turn = 0; turn < 2; turn += 1) {
  const { data } = await client.query({ query: gql(VERSION), ...fresh });
  assert.match(data.server.version, /^\d/);
}
assert.deepEqual(
  sent.map((request) => request.includes('Version')),
  [true, true, true],
);
assert.deepEqual(
  sent.map((request) => request.includes('server')),
  [false, true, false],
);

const started = await client.mutate({ mutation: gql(START), variables: { demo: await demo() } });
const run = started.data.startRun.runs[0].id;
const watch = (run, seen) =>
  new Promise((complete, error) => {
    const events = [];
    const next = ({ data, error: failed }) => {
      if (failed) return error(failed);
      events.push(data.runProgress);
      seen?.(events);
    };
    client
      .subscribe({ query: gql(WATCH), variables: { run }, ...fresh })
      .subscribe({ next, error, complete: () => complete(events) });
  });
whole(await watch(run));
wholeAgain(await watch(await start(), (events) => events.length === 3 && socket.terminate()));

const batching = new ApolloClient({
  link: new BatchHttpLink({ uri: url, batchInterval: 50, batchMax: 5 }),
  cache: new InMemoryCache(),
});
const names = ['A', 'B', 'C'];
const answers = await Promise.all(
  names.map((name) => batching.query({ query: gql(`query ${name} { server { version } }`), ...fresh })),
);
answers.forEach(({ data }) => assert.match(data.server.version, /^\d/));

await assert.rejects(client.query({ query: gql('query Wrong { nothing }'), ...fresh }));
await sockets.dispose();
console.log('ok');
