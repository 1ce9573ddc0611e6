// The operations that stand in GraphiQL's tabs when a browser opens it for the first time, in the order
// in which a newcomer needs them. On a fresh server each works as it stands: the ids in the variables are
// those of the demo database and of the first runs.

import start from './examples/1-start-here.graphql?raw';
import startRun from './examples/2-start-a-run.graphql?raw';
import startRunVariables from './examples/2-start-a-run.json?raw';
import watch from './examples/3-watch-a-run.graphql?raw';
import watchVariables from './examples/3-watch-a-run.json?raw';
import suggestions from './examples/4-read-suggestions.graphql?raw';
import suggestionsVariables from './examples/4-read-suggestions.json?raw';
import changes from './examples/5-follow-the-list.graphql?raw';
import compare from './examples/6-compare-runs.graphql?raw';
import compareVariables from './examples/6-compare-runs.json?raw';

export const examples = [
  { query: start },
  { query: startRun, variables: startRunVariables },
  { query: watch, variables: watchVariables },
  { query: suggestions, variables: suggestionsVariables },
  { query: changes },
  { query: compare, variables: compareVariables },
];
