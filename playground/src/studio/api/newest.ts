// Keeps the newest state of each run. The answer of a mutation or query can arrive after an event that is newer.
// Without this exchange it would restore an older status, and the page would show it until the next event.
//
// The rule: a run's `lastSequence` tells which of two states is newer. A fragment that selects a run's `status`
// therefore selects `lastSequence` too. Only the fields of STATE are kept, and only where the answer selects them.

import { mapExchange } from 'urql';

const STATE = ['status', 'canCancel', 'cancelledBy', 'finishedAt', 'durationSeconds', 'lastSequence'] as const;

type State = Partial<Record<(typeof STATE)[number], unknown>> & { lastSequence: number };

const newest = new Map<string, State>();

const isRun = (value: object): value is State & { id: string } =>
  '__typename' in value && value.__typename === 'Run' && 'id' in value && 'lastSequence' in value;

/** Replaces older states in `data`, and remembers newer ones. */
function renew(data: unknown) {
  if (Array.isArray(data)) {
    data.forEach(renew);
  } else if (typeof data === 'object' && data !== null) {
    if (isRun(data)) {
      const known = newest.get(data.id);
      const isOlder = known !== undefined && data.lastSequence < known.lastSequence;
      const state = isOlder ? known : { ...(known?.lastSequence === data.lastSequence ? known : {}), ...stateOf(data) };
      newest.set(data.id, state);
      if (isOlder) {
        Object.assign(data, Object.fromEntries(Object.entries(state).filter(([name]) => name in data)));
      }
    }
    Object.values(data).forEach(renew);
  }
}

const stateOf = (run: State): State =>
  Object.fromEntries(STATE.filter((name) => name in run).map((name) => [name, run[name]])) as State;

export const newestExchange = mapExchange({ onResult: ({ data }) => renew(data) });
