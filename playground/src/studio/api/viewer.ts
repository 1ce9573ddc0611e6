// The caller that the server sees behind this page, and what its role allows.

import { createContext, useContext, useSyncExternalStore } from 'react';

import type { Role } from './operations';

export interface Viewer {
  name: string;
  role: Role;
}

export const ViewerContext = createContext<Viewer>({ name: 'local', role: 'VIEWER' });

export const useViewer = () => useContext(ViewerContext);

const RANK: Record<Role, number> = { VIEWER: 0, OPERATOR: 1, ADMIN: 2 };

/** Why the viewer may not do what needs `role`; undefined where it may. */
export function useLacks(role: Role): string | undefined {
  const viewer = useViewer();
  return RANK[viewer.role] < RANK[role] ? `Your role is ${viewer.role}; this needs ${role}.` : undefined;
}

let isRefused = false;
let isHeld = false;
const listeners = new Set<() => void>();

function tell() {
  for (const listener of listeners) {
    listener();
  }
}

/** Records that the server refused this page's credentials: the sign-in form takes over. */
export function refused() {
  isRefused = true;
  tell();
}

/** Lets the sign-in form wait while the page shows what would be lost: the secret of a new token. */
export function holdSignIn(hold: boolean) {
  isHeld = hold;
  tell();
}

/** Whether the sign-in form takes over. */
export function useRefused(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isRefused && !isHeld,
  );
}
