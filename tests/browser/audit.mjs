// Asks a running server what the specification of GraphQL over HTTP asks, by the audits of graphql-http, and
// reads a stream of events with the client of graphql-sse.
//
//   node audit.mjs URL [SUBSCRIPTION NUMBER]
//
// SUBSCRIPTION must give NUMBER results and complete. It fails when an audit is not passed, or was not made.

import { auditServer } from 'graphql-http';
import { createClient } from 'graphql-sse';

/** What version 1.23 of graphql-http asks. */
const AUDITS = 61;

const [server, subscription, number] = process.argv.slice(2);
if (!server) {
  console.error('usage: node audit.mjs URL [SUBSCRIPTION NUMBER]');
  process.exit(2);
}
const url = new URL('/graphql', server).href;
let failed = 0;

const audits = await auditServer({ url });
if (audits.length !== AUDITS) {
  failed += 1;
  console.error(`${audits.length} audits were made, not ${AUDITS}`);
}
for (const { status, id, name, reason } of audits) {
  if (status !== 'ok') {
    failed += 1;
    console.error(`${status}: ${id} ${name}: ${reason}`);
  }
}

if (subscription !== undefined) {
  let results = 0;
  for await (const { errors } of createClient({ url, retryAttempts: 0 }).iterate({ query: subscription })) {
    results += errors === undefined ? 1 : 0;
  }
  if (results !== Number(number)) {
    failed += 1;
    console.error(`the stream of events gave ${results} results, not ${number}`);
  }
}

console.log(failed === 0 ? `ok, ${audits.length} audits` : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
