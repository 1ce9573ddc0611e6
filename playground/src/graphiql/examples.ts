// The operations that stand in GraphiQL's tabs when a browser opens it for the first time, in the order
// in which a newcomer needs them.

import start from './examples/1-start-here.graphql?raw';
import startRun from './examples/2-start-a-run.graphql?raw';
import watch from './examples/3-watch-a-run.graphql?raw';
import suggestions from './examples/4-read-suggestions.graphql?raw';
import changes from './examples/5-follow-the-list.graphql?raw';

const pretty = (variables: unknown): string => JSON.stringify(variables, null, 2);

export const examples = [
  { query: start },
  {
    query: startRun,
    variables: pretty({ input: { targets: [{ dbProfileId: 'paste the id of a DB profile here' }] } }),
  },
  { query: watch, variables: pretty({ runId: 'paste the id of a run here', after: 0 }) },
  { query: suggestions, variables: pretty({ number: 1, first: 50 }) },
  { query: changes },
];
