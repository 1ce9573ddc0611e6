// The browser tab's icon shows the run's state: its colours and sign, and how far it is while it runs.

import { useComputedColorScheme } from '@mantine/core';
import { useEffect } from 'react';

import type { RunStatus } from '../api/operations';
import { STATUSES } from '../ui/status';

const SIGNS: Record<RunStatus, string> = {
  QUEUED: '<path d="M16 10v6.5l4 2.5"/>',
  RUNNING: '',
  PAUSED: '<path d="M13 11v10M19 11v10"/>',
  CANCELLING: '<path d="M13 13h6v6h-6z"/>',
  APPLYING: '',
  READY_FOR_REVIEW: '<path d="M8 16q8-10 16 0q-8 10-16 0z"/><circle cx="16" cy="16" r="1.5"/>',
  SUCCESS: '<path d="M10.5 16.5l4 4l7.5-9"/>',
  FAILED: '<path d="M11.5 11.5l9 9M20.5 11.5l-9 9"/>',
  CANCELLED: '<circle cx="16" cy="16" r="7"/><path d="M11 11l10 10"/>',
};
const AROUND = 2 * Math.PI * 8;

function iconOf(status: RunStatus, share: number): string {
  const styles = getComputedStyle(document.documentElement);
  const { tone } = STATUSES[status];
  const [ink, ground] = [`--${tone}`, `--${tone}-ground`].map((name) => styles.getPropertyValue(name).trim());
  const ring =
    status === 'RUNNING' || status === 'APPLYING'
      ? `<circle cx="16" cy="16" r="8" opacity=".3"/><circle cx="16" cy="16" r="8" transform="rotate(-90 16 16)"
         stroke-dasharray="${AROUND * Math.max(share, 0.08)} ${AROUND}"/>`
      : '';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
    <rect width="32" height="32" rx="7" fill="${ground}"/>
    <g fill="none" stroke="${ink}" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round">
    ${ring}${SIGNS[status]}</g></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Shows the status while the page is open; `share` is how far the run is, from 0 to 1. */
export function useTabIcon(status: RunStatus | undefined, share: number) {
  const scheme = useComputedColorScheme();
  const step = Math.round(share * 20) / 20;
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!link || status === undefined) {
      return undefined;
    }
    const before = link.href;
    link.href = iconOf(status, step);
    return () => {
      link.href = before;
    };
  }, [status, step, scheme]);
}
