// Fetches the writes of a view, and again while runs write.
//
// Rows change in place. On the newest page, unscrolled, new writes enter by themselves; otherwise a button shows that
// there are some.

import { useCallback, useState } from 'react';
import { useClient, useQuery } from 'urql';

import { AuditListDocument, AuditNamesDocument, AuditRowsDocument, AuditTotalDocument } from '../api/operations';
import { useRunsEnded } from '../run/ended';
import { pageOf } from '../ui/pager';
import { filterOf, numberOf, type View } from './view';

export const PAGE_SIZE = 50;
const FRESH = { requestPolicy: 'network-only' } as const;

export function useWrites(view: View) {
  const [names] = useQuery({ query: AuditNamesDocument, variables: { run: numberOf(view.run) } });
  const run = view.run === '' ? undefined : names.data?.runByNumber;
  const profiles = names.data?.dbProfiles;
  const profile = view.profile === '' ? undefined : (profiles?.find(({ name }) => name === view.profile) ?? null);
  /** What the URL names and the server does not have. */
  const missing = names.data && (run === null ? 'run' : profile === null ? 'profile' : undefined);
  const pause = !names.data || missing !== undefined;
  const variables = { filter: filterOf(view, run?.id, profile?.id), ...pageOf(view.cursor, PAGE_SIZE) };
  const [{ data, error, stale }, again] = useQuery({ query: AuditListDocument, variables, pause });
  const client = useClient();
  const refetch = useCallback(() => again(FRESH), [again]);
  /** How many writes there are, as told while the page could not simply fetch them. */
  const [told, setTold] = useState<{ filter: string; total: number }>();
  const filter = JSON.stringify(variables.filter);
  const shown = data?.appliedComments;

  const isNewest = !view.cursor.after && !view.cursor.before;
  useRunsEnded({ whileApplying: true }, async () => {
    if (pause) {
      return;
    }
    const isScrolled = (document.getElementById('scroll')?.scrollTop ?? 0) > 0;
    if (isNewest && !isScrolled) {
      refetch();
      return;
    }
    client.query(AuditRowsDocument, { ids: shown?.nodes.map(({ id }) => id) ?? [] }, FRESH).toPromise();
    const now = await client.query(AuditTotalDocument, { filter: variables.filter }, FRESH).toPromise();
    if (now.data) {
      setTold({ filter, total: now.data.appliedComments.totalCount });
    }
  });
  return {
    writes: missing ? undefined : shown,
    run,
    profiles,
    missing,
    error: error ?? names.error,
    stale,
    /** Writes are added and never removed. */
    hasNew: told?.filter === filter && shown !== undefined && told.total > shown.totalCount,
    refetch,
  };
}
