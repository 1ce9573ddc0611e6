// The sessions, the last active first: beside the questions and answers, or in a drawer where there is no room.

import { Button } from '@mantine/core';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { Link, NavLink } from 'react-router';
import { useQuery } from 'urql';

import { AskSessionsDocument } from '../api/operations';
import { Failure, Loading } from '../ui/states';
import { Moment } from '../ui/time';
import classes from './ask.module.css';

export const sessionAddress = (id: string) => `/ask/${encodeURIComponent(id)}`;

export function Sessions({ onChosen }: { onChosen?: () => void }) {
  const [pages, setPages] = useState<(string | null)[]>([null]);
  return (
    <nav aria-label="Sessions" className={classes.sessions}>
      <Button
        component={Link}
        to="/ask"
        variant="default"
        leftSection={<Plus size={14} strokeWidth={1.75} aria-hidden />}
        onClick={onChosen}
      >
        New question
      </Button>
      {pages.map((after, index) => (
        <SessionsPage
          key={after}
          after={after}
          onChosen={onChosen}
          older={index === pages.length - 1 ? (next) => setPages([...pages, next]) : undefined}
        />
      ))}
    </nav>
  );
}

interface PageProps {
  after: string | null;
  onChosen: (() => void) | undefined;
  /** Shows the page after this cursor; undefined where it is shown. */
  older: ((after: string) => void) | undefined;
}

function SessionsPage({ after, onChosen, older }: PageProps) {
  const [{ data, error }, again] = useQuery({ query: AskSessionsDocument, variables: { after } });
  if (!data) {
    const retry = () => again({ requestPolicy: 'network-only' });
    return error ? <Failure error={error} retry={retry} /> : <Loading rows={6} />;
  }
  const { nodes, pageInfo, totalCount } = data.askSessions;
  const next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  return (
    <>
      {totalCount === 0 && <p className="muted">Your questions and answers appear here.</p>}
      <ul>
        {nodes.map(({ id, title, lastActiveAt }) => (
          <li key={id}>
            <NavLink to={sessionAddress(id)} className={classes.session as string} onClick={onChosen}>
              <span className={classes.title}>{title}</span>
              <span className={classes.when}>
                <Moment at={lastActiveAt} />
              </span>
            </NavLink>
          </li>
        ))}
      </ul>
      {older && next && (
        <Button variant="subtle" size="compact-xs" onClick={() => older(next)}>
          Older sessions
        </Button>
      )}
    </>
  );
}
