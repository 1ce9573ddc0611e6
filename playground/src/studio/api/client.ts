// The GraphQL client of all pages: queries and mutations by POST, subscriptions over the shared socket, and a cache in
// which a record is kept once, by its id. What a subscription or mutation returns therefore shows wherever the record is
// on the page. Lists are fetched again when a mutation adds to them or takes from them: a line for each in `updates`.

import { type Cache, cacheExchange, type UpdateResolver } from '@urql/exchange-graphcache';
import { Client, fetchExchange, mapExchange, subscriptionExchange } from 'urql';

import { socket } from './connection';
import { codeOf } from './errors';
import { newestExchange, refetch } from './newest';
import { embedded } from './operations';
import { refused } from './viewer';

/** Lists of the root that change when the mutation of this name succeeds. */
const LISTS: Record<string, string[]> = {
  startRun: ['runs'],
  rerun: ['runs'],
  generate: ['runs'],
  ask: ['askSessions', 'runs'],
  cancelRuns: ['runs'],
  applyRun: ['appliedComments'],
  rollbackRun: ['appliedComments'],
  createDbProfile: ['dbProfiles'],
  createLlmProfile: ['llmProfiles'],
  updateLlmProfile: ['llmProfiles'],
  createSchedule: ['schedules'],
  runScheduleNow: ['schedules', 'runs'],
  createApiToken: ['apiTokens'],
};

/** The type of the record that each mutation deletes. */
const DELETED: Record<string, string> = {
  deleteDbProfile: 'DbProfile',
  deleteLlmProfile: 'LlmProfile',
  deleteSchedule: 'Schedule',
  revokeApiToken: 'ApiToken',
};

function forget(cache: Cache, fields: string[]) {
  for (const { fieldName, fieldKey } of cache.inspectFields('Query')) {
    if (fields.includes(fieldName)) {
      cache.invalidate('Query', fieldKey);
    }
  }
}

const mutations: Record<string, UpdateResolver> = {
  deleteRuns: (result, _, cache) => {
    for (const id of (result.deleteRuns as { deletedIds: string[] }).deletedIds) {
      cache.invalidate({ __typename: 'Run', id });
    }
    forget(cache, ['runs']);
  },
};
for (const [name, lists] of Object.entries(LISTS)) {
  mutations[name] = (_result, _arguments, cache) => forget(cache, lists);
}
for (const [name, type] of Object.entries(DELETED)) {
  mutations[name] = (result, _, cache) =>
    cache.invalidate({ __typename: type, id: (result[name] as { deletedId: string }).deletedId });
}

/** The variables, with `after` as it is when they are sent: a subscription that is sent again goes on where it was. */
function resuming(variables: Record<string, unknown>, after: () => number | undefined) {
  return {
    ...variables,
    get after() {
      return after() ?? variables.after;
    },
  };
}

export const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  requestPolicy: 'cache-and-network',
  exchanges: [
    mapExchange({
      onError: (error) => {
        if (codeOf(error) === 'UNAUTHENTICATED') {
          refused();
        }
      },
      // An answer that names a record which a mutation deleted meanwhile cannot be read back from the cache: ask again.
      onResult: ({ operation, data, error, stale }) => {
        if (operation.kind === 'query' && !data && !error && !stale) {
          refetch(client, operation);
        }
      },
    }),
    cacheExchange({
      keys: Object.fromEntries(embedded.map((type) => [type, () => null])),
      updates: { Mutation: mutations },
    }),
    newestExchange(() => client),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables }) => ({
        subscribe: (sink) => {
          let last: number | undefined;
          const payload = {
            query: query ?? '',
            variables: variables && 'after' in variables ? resuming(variables, () => last) : variables,
          };
          const unsubscribe = socket.subscribe(payload, {
            next: (result) => {
              const event = (result.data as { runProgress?: { sequence?: number } } | null | undefined)?.runProgress;
              if (event?.sequence !== undefined) {
                if (last !== undefined && event.sequence <= last) {
                  return;
                }
                last = event.sequence;
              }
              sink.next(result as never);
            },
            error: (error) => sink.error(error),
            complete: () => sink.complete(),
          });
          return { unsubscribe };
        },
      }),
    }),
  ],
});
