// The tabs of the run's page, as the URL names them. Without a name, the page opens on the summary of a run that is at
// work and on the results of one that has ended. It stays on its tab when the run ends or goes on.

import { useEffect, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'react-router';

import { describes, isLive } from '../ui/status';
import type { Run } from './use-run';

export type Tab = 'summary' | 'results' | 'events' | 'apply';

export const tabsOf = (run: Run): Tab[] =>
  describes(run.kind) ? ['summary', 'results', 'events', 'apply'] : ['summary', 'events'];

export const addressOf = (run: { number: number }, tab: Tab, plan?: 'rollback' | 'last') =>
  `/runs/${run.number}?tab=${tab}${plan ? `&plan=${plan}` : ''}`;

/** Whether the run has ended with results to look at. */
export const isReviewable = (run: Run) => !isLive(run.status) && run.progress.done > 0 && describes(run.kind);

/** The tab that is open, and the address of each: the one that it had when it was last left. */
export function useTab(run: Run): [Tab, (tab: Tab) => string] {
  const [parameters] = useSearchParams();
  const { search } = useLocation();
  const named = parameters.get('tab');
  const tabs = tabsOf(run);
  const [unnamed] = useState<Tab>(() => (isReviewable(run) ? 'results' : 'summary'));
  const tab = tabs.find((it) => it === named) ?? unnamed;
  const left = useRef<Partial<Record<Tab, string>>>({});
  useEffect(() => {
    if (named === tab) {
      left.current[tab] = search;
    }
  }, [named, tab, search]);
  const base = `/runs/${run.number}`;
  return [tab, (it) => (it !== tab && left.current[it] ? `${base}${left.current[it]}` : addressOf(run, it))];
}
