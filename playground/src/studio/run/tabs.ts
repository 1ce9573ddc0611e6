// The tabs of the run's page, as the URL names them. Without a name: the summary while the run is at work, the results
// once there is something to review.

import { useEffect, useRef } from 'react';
import { useLocation, useSearchParams } from 'react-router';

import { isLive } from '../ui/status';
import type { Run } from './use-run';

export type Tab = 'summary' | 'results' | 'events' | 'apply';

export const tabsOf = (run: Run): Tab[] =>
  run.kind === 'ASK' ? ['summary', 'events'] : ['summary', 'results', 'events', 'apply'];

export const addressOf = (run: { number: number }, tab: Tab, plan?: 'rollback' | 'last') =>
  `/runs/${run.number}?tab=${tab}${plan ? `&plan=${plan}` : ''}`;

/** The tab that is open, and the address of each: the one that it had when it was last left. */
export function useTab(run: Run): [Tab, (tab: Tab) => string] {
  const [parameters] = useSearchParams();
  const { search } = useLocation();
  const named = parameters.get('tab');
  const tabs = tabsOf(run);
  const isReviewable = !isLive(run.status) && run.progress.done > 0 && run.kind !== 'ASK';
  const tab = tabs.find((it) => it === named) ?? (isReviewable ? 'results' : 'summary');
  const left = useRef<Partial<Record<Tab, string>>>({});
  useEffect(() => {
    if (named === tab) {
      left.current[tab] = search;
    }
  }, [named, tab, search]);
  const base = `/runs/${run.number}`;
  return [tab, (it) => (it !== tab && left.current[it] ? `${base}${left.current[it]}` : addressOf(run, it))];
}
