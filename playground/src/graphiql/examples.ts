// The operations in GraphiQL's tabs when a browser opens it for the first time, in the order in which a newcomer needs
// them. Each works unchanged and in any order: `newest.ts` fills ids into the variables.

import start from './examples/1-start-here.graphql?raw';
import startRun from './examples/2-start-a-run.graphql?raw';
import startRunVariables from './examples/2-start-a-run.json?raw';
import watch from './examples/3-watch-a-run.graphql?raw';
import watchVariables from './examples/3-watch-a-run.json?raw';
import suggestions from './examples/4-read-suggestions.graphql?raw';
import suggestionsVariables from './examples/4-read-suggestions.json?raw';
import review from './examples/5-review.graphql?raw';
import reviewVariables from './examples/5-review.json?raw';
import apply from './examples/6-apply.graphql?raw';
import applyVariables from './examples/6-apply.json?raw';
import cancel from './examples/7-cancel.graphql?raw';
import cancelVariables from './examples/7-cancel.json?raw';
import search from './examples/8-search.graphql?raw';
import searchVariables from './examples/8-search.json?raw';
import ask from './examples/9-ask.graphql?raw';
import askVariables from './examples/9-ask.json?raw';
import answers from './examples/10-read-answers.graphql?raw';
import changes from './examples/11-follow-the-list.graphql?raw';
import compare from './examples/12-compare-runs.graphql?raw';
import compareVariables from './examples/12-compare-runs.json?raw';

export const examples = [
  { query: start },
  { query: startRun, variables: startRunVariables },
  { query: watch, variables: watchVariables },
  { query: suggestions, variables: suggestionsVariables },
  { query: review, variables: reviewVariables },
  { query: apply, variables: applyVariables },
  { query: cancel, variables: cancelVariables },
  { query: search, variables: searchVariables },
  { query: ask, variables: askVariables },
  { query: answers },
  { query: changes },
  { query: compare, variables: compareVariables },
];
