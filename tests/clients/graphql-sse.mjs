// npm graphql-sse in both modes: query, mutation, subscription, reconnect; and the frames as they are on the wire.

import { createClient } from 'graphql-sse';

import { START, VERSION, WATCH, assert, cable, demo, start, url, whole, wholeAgain } from './common.mjs';

let run;
for (const singleConnection of [false, true]) {
  const options = { url, singleConnection, retryAttempts: 3, retry: async () => {} };
  const client = createClient(options);
  const one = async (query, variables) => {
    for await (const { data, errors } of client.iterate({ query, variables })) {
      assert.equal(errors, undefined);
      return data;
    }
  };
  assert.match((await one(VERSION)).server.version, /^\d/);
  run = (await one(START, { demo: await demo() })).startRun.runs[0].id;
  const events = [];
  for await (const { data } of client.iterate({ query: WATCH, variables: { run } })) {
    events.push(data.runProgress);
  }
  whole(events);
  client.dispose();

  const { url: fragileUrl, cut } = await cable();
  const fragile = createClient({ ...options, url: fragileUrl });
  const again = [];
  for await (const { data } of fragile.iterate({ query: WATCH, variables: { run: await start() } })) {
    again.push(data.runProgress);
    if (again.length === 3) cut();
  }
  wholeAgain(again);
  fragile.dispose();
}

const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
const raw = async (body) => {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  return (await response.text()).replace(/^(:\n\n)+/, '');
};
assert.equal(
  await raw({ query: '{ __typename }' }),
  'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n',
);
const last = await raw({ query: WATCH, variables: { run, after: 20 } });
assert.match(last, /^event: next\ndata: \{"data":\{"runProgress":\{"sequence":21,/);
assert.match(last, /"type":"FINISHED","status":"READY_FOR_REVIEW"\}\}\}\n\nevent: complete\ndata:\n\n$/);
console.log('ok');
