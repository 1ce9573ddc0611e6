// GraphiQL for Gloss. Everything is bundled, so the page works without internet access. Queries and mutations use POST,
// subscriptions a WebSocket (graphql-transport-ws).

import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';

import { createGraphiQLFetcher, type Fetcher, type FetcherReturnType } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { type DocumentNode, Kind, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { createRoot } from 'react-dom/client';

import { examples } from './examples';
import { NoSuchRun, withNewest } from './newest';
import { Session } from './session';

type FetcherResult = Awaited<FetcherReturnType>;

const url = new URL('/graphql', window.location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

// The Authorization header from the headers editor. A browser cannot send headers with a WebSocket, so the token is in
// its first message.
let authorization: string | undefined;

const send = createGraphiQLFetcher({
  url: url.href,
  // A retry would run the subscription from its beginning and show its events twice. The subscription ends with an
  // error instead, and the user continues with `after`.
  wsClient: createClient({
    url: socketUrl.href,
    retryAttempts: 0,
    connectionParams: () => (authorization === undefined ? {} : { authorization }),
  }),
});

const post = async (query: string, variables: unknown) => {
  const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return response.json();
};

// Just after a change of tabs, GraphiQL still has the name and kind of the other tab's operation. If the document has
// one operation, both come from the document.
const fetcher: Fetcher = async (parameters, options) => {
  const headers = Object.entries((options?.headers ?? {}) as Record<string, string>);
  authorization = headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  let documentAST: DocumentNode;
  try {
    documentAST = parse(parameters.query);
  } catch {
    // The server reports the syntax error.
    return send(parameters, options) as FetcherResult;
  }
  let variables: unknown;
  try {
    variables = await withNewest(parameters.variables, post);
  } catch (error) {
    if (error instanceof NoSuchRun) {
      return { errors: [{ message: error.message }] } as unknown as FetcherResult;
    }
    throw error;
  }
  const filled = { ...parameters, variables };
  const [operation, another] = documentAST.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operation?.kind !== Kind.OPERATION_DEFINITION || another !== undefined) {
    return send(filled, options) as FetcherResult;
  }
  return send({ ...filled, operationName: operation.name?.value }, { ...options, documentAST }) as FetcherResult;
};

const page = document.getElementById('page');
if (page === null) {
  throw new Error('the page has no element to draw into');
}
createRoot(page).render(
  <>
    <Session />
    <GraphiQL fetcher={fetcher} defaultTabs={examples} defaultEditorToolsVisibility="variables">
      <GraphiQL.Logo>
        <span className="gloss-logo">Gloss</span>
      </GraphiQL.Logo>
    </GraphiQL>
  </>,
);
