// Runs what the Relay compiler wrote (PERSISTED: its file of ids and texts) on a server that trusts these documents
// alone: a query, a mutation, a subscription, by id.

import { readFile } from 'node:fs/promises';

import { assert, url, whole } from './common.mjs';

const documents = Object.entries(JSON.parse(await readFile(process.argv[3], 'utf8')));
const id = (name) => documents.find(([, text]) => text.includes(` ${name}`))[0];

async function ask(body, headers = {}) {
  const all = { 'content-type': 'application/json', ...headers };
  return fetch(url, { method: 'POST', headers: all, body: JSON.stringify(body) });
}
const data = async (response) => {
  const { data, errors } = await response.json();
  assert.equal(errors, undefined);
  return data;
};

const refused = await ask({ query: '{ server { store } }' });
assert.equal(refused.status, 403);
assert.equal((await refused.json()).errors[0].extensions.code, 'FORBIDDEN');

const page = await data(await ask({ documentId: id('RunsPageQuery'), variables: { count: 10 } }));
const demo = page.dbProfiles.find(({ name }) => name === 'demo').id;
const started = await data(
  await ask({ documentId: id('RunsStartRunMutation'), variables: { input: { targets: [{ dbProfileId: demo }] } } }),
);
const run = started.startRun.runs[0].id;
const stream = await ask(
  { documentId: id('RunsRunProgressSubscription'), variables: { run } },
  { accept: 'text/event-stream' },
);
const frames = (await stream.text()).split('\n').filter((line) => line.startsWith('data: {'));
whole(frames.map((line) => JSON.parse(line.slice('data: '.length)).data.runProgress));
const next = await data(await ask({ documentId: id('RunsListPaginationQuery'), variables: { count: 5 } }));
assert.equal(next.runs.edges[0].node.id, run);
console.log(`ok, ${documents.length} documents`);
