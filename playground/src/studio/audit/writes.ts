// Fetches the writes of a view, and again while runs write.
//
// Rows change in place. On the newest page, unscrolled, new writes enter by themselves; otherwise a button shows that
// there are some.

import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient, useQuery } from 'urql';

import { useEvents } from '../api/events';
import { useReconnected } from '../api/connection';
import { AuditChangedDocument, AuditListDocument, AuditNamesDocument, AuditRowsDocument } from '../api/operations';
import { pageOf } from '../ui/pager';
import { filterOf, numberOf, type View } from './view';

export const PAGE_SIZE = 50;
const REFETCH_EVERY = 2000;

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
  const [hasNew, setHasNew] = useState(false);
  const refetch = useCallback(() => {
    setHasNew(false);
    again({ requestPolicy: 'network-only' });
  }, [again]);
  useReconnected(refetch);

  const isNewest = !view.cursor.after && !view.cursor.before;
  const notice = useRef(() => {});
  notice.current = () => {
    const isScrolled = (document.getElementById('scroll')?.scrollTop ?? 0) > 0;
    if (isNewest && !isScrolled) {
      refetch();
    } else {
      setHasNew(true);
      const ids = data?.appliedComments.nodes.map(({ id }) => id) ?? [];
      client.query(AuditRowsDocument, { ids }, { requestPolicy: 'network-only' }).toPromise();
    }
  };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const writing = useRef(new Set<string>());
  useEvents({ query: AuditChangedDocument, variables: {} }, (event) => {
    const { runId, run: changed } = event.runsChanged;
    const wrote = writing.current.delete(runId);
    if (changed?.status === 'APPLYING') {
      writing.current.add(runId);
    }
    if (wrote || changed?.status === 'APPLYING') {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        notice.current();
      }, REFETCH_EVERY);
    }
  });
  return {
    writes: missing ? undefined : data?.appliedComments,
    run,
    profiles,
    missing,
    error: error ?? names.error,
    stale,
    hasNew,
    refetch,
  };
}
