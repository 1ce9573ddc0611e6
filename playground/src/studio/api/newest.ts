// Keeps the newest state of each run. The answer of a mutation or query can arrive after an event that is newer.
// Without this exchange it would restore an older status, and the page would show it until the next event.
//
// The rule: a run's `lastSequence` tells which of two states is newer. A fragment that selects a run's `status`
// therefore selects `lastSequence` too. The fields of STATE are kept where the answer selects them. The event may not
// have had the other fields of an older answer, such as the error of a run that ended meanwhile: a query with such an
// answer is sent again. (A mutation cannot be; a state that it returns is followed by its own event.)

import { type Client, mapExchange, type Operation } from 'urql';

const STATE = ['status', 'canCancel', 'cancelledBy', 'finishedAt', 'durationSeconds', 'lastSequence'] as const;

type State = Partial<Record<(typeof STATE)[number], unknown>> & { lastSequence: number };

const newest = new Map<string, State>();

const isRun = (value: object): value is State & { id: string } =>
  '__typename' in value && value.__typename === 'Run' && 'id' in value && 'lastSequence' in value;

/** Replaces older states in `data`, and remembers newer ones. Returns whether there were older ones. */
function renew(data: unknown): boolean {
  let hadOlder = false;
  if (Array.isArray(data)) {
    for (const item of data) {
      hadOlder = renew(item) || hadOlder;
    }
  } else if (typeof data === 'object' && data !== null) {
    if (isRun(data)) {
      const known = newest.get(data.id);
      const isOlder = known !== undefined && data.lastSequence < known.lastSequence;
      const state = isOlder ? known : { ...(known?.lastSequence === data.lastSequence ? known : {}), ...stateOf(data) };
      newest.set(data.id, state);
      if (isOlder) {
        Object.assign(data, Object.fromEntries(Object.entries(state).filter(([name]) => name in data)));
        hadOlder = true;
      }
    }
    hadOlder = renew(Object.values(data)) || hadOlder;
  }
  return hadOlder;
}

const stateOf = (run: State): State =>
  Object.fromEntries(STATE.filter((name) => name in run).map((name) => [name, run[name]])) as State;

export const newestExchange = (client: () => Client) =>
  mapExchange({
    onResult: ({ operation, data }) => {
      if (renew(data) && operation.kind === 'query') {
        refetch(client(), operation);
      }
    },
  });

/** Sends a query again, past the cache, once its answer has been handed on. */
export function refetch(client: Client, operation: Operation) {
  const context = { ...operation.context, requestPolicy: 'network-only' } as const;
  queueMicrotask(() => client.reexecuteOperation(client.createRequestOperation('query', operation, context)));
}
