// The one WebSocket that all subscriptions share, and what is known of it.
//
// The rule: it reconnects for as long as the page is open, and a subscription with `after` goes on after the last event
// that arrived. Lists have no replay: `useReconnected` tells pages to fetch again.

import { type Client, createClient } from 'graphql-ws';
import { useEffect, useRef, useSyncExternalStore } from 'react';

export interface Connection {
  /** Whether the socket is open, or nothing has asked for one yet. */
  live: boolean;
  /** How often the socket came back after a loss. */
  reconnects: number;
}

let state: Connection = { live: true, reconnects: 0 };
let wasConnected = false;
const listeners = new Set<() => void>();

function set(next: Partial<Connection>) {
  state = { ...state, ...next };
  for (const listener of listeners) {
    listener();
  }
}

const url = new URL('/graphql', window.location.href);
url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

/** Close codes after which a retry would meet the same answer. */
const FINAL = new Set([4400, 4401, 4403, 4406, 4409]);

let onRefused: () => void = () => {};

/** Sets what happens when the server refuses the credentials of the socket. */
export function whenRefused(act: () => void) {
  onRefused = act;
}

export const socket: Client = createClient({
  url: url.href,
  lazy: true,
  lazyCloseTimeout: 3000,
  keepAlive: 12_000,
  retryAttempts: Number.POSITIVE_INFINITY,
  retryWait: async (retries) => {
    const wait = Math.min(500 * 2 ** retries, 10_000) * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, wait);
      function done() {
        clearTimeout(timer);
        window.removeEventListener('online', done);
        resolve();
      }
      window.addEventListener('online', done);
    });
  },
  shouldRetry: (event) => !(event instanceof CloseEvent && FINAL.has(event.code)),
  on: {
    connected: () => {
      set({ live: true, reconnects: state.reconnects + (wasConnected ? 1 : 0) });
      wasConnected = true;
    },
    closed: (event) => {
      if (!(event instanceof CloseEvent)) {
        set({ live: false });
      } else if (event.code === 4401 || event.code === 4403) {
        onRefused();
      } else if (event.code !== 1000) {
        set({ live: false });
      } else {
        // Closed for want of subscriptions: the next connection is no reconnect.
        wasConnected = false;
      }
    },
  },
});

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state);
}

/** Calls `act` each time the connection came back after a loss. */
export function useReconnected(act: () => void) {
  const { reconnects } = useConnection();
  const seen = useRef(reconnects);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (seen.current !== reconnects) {
      seen.current = reconnects;
      latest.current();
    }
  }, [reconnects]);
}
