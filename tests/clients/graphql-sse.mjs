// npm graphql-sse in both modes: query, mutation, subscription, reconnect; and the frames as they are on the wire.

import { createClient } from 'graphql-sse';

import { START, VERSION, WATCH, assert, demo, url, whole, wholeAgain } from './common.mjs';

/** A fetch whose first stream of events breaks off after some chunks. */
function breaking() {
  let left = 1;
  return async (...request) => {
    const response = await fetch(...request);
    if (!response.headers.get('content-type')?.startsWith('text/event-stream') || left-- <= 0) return response;
    const reader = response.body.getReader();
    let read = 0;
    const body = new ReadableStream({
      async pull(controller) {
        const { value, done } = await reader.read();
        if (done) return controller.close();
        controller.enqueue(value);
        if (++read === 3) {
          await reader.cancel();
          controller.error(new Error('the cable was pulled'));
        }
      },
    });
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

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

  const fragile = createClient({ ...options, fetchFn: breaking() });
  const again = [];
  for await (const { data } of fragile.iterate({ query: WATCH, variables: { run } })) {
    again.push(data.runProgress);
  }
  if (again.length > events.length) wholeAgain(again);
  else whole(again);
  fragile.dispose();
}

const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
const raw = async (body) => {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  return (await response.text()).replaceAll(':\n\n', '');
};
assert.equal(
  await raw({ query: '{ __typename }' }),
  'event: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n',
);
const last = await raw({ query: WATCH, variables: { run, after: 20 } });
assert.match(last, /^event: next\ndata: \{"data":\{"runProgress":\{"sequence":21,/);
assert.match(last, /"type":"FINISHED","status":"READY_FOR_REVIEW"\}\}\}\n\nevent: complete\ndata:\n\n$/);
console.log('ok');
