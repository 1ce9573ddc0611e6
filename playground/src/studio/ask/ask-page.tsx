// Questions about the databases: a new one at `/ask`, a session with its follow-ups at `/ask/SESSION`.
// `/ask?question=…` comes with the question written into the box.

import { Button, Drawer } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { MessagesSquare } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router';
import { useClient, useQuery } from 'urql';

import { useReconnected } from '../api/connection';
import { useEvents } from '../api/events';
import {
  AskChangesDocument,
  AskConversationDocument,
  type AskConversationQuery,
  AskSessionsDocument,
  AskSourcesDocument,
  type AskSourcesQuery,
} from '../api/operations';
import { useLacks } from '../api/viewer';
import { Page } from '../ui/page';
import { Empty, Failure, Loading } from '../ui/states';
import { isLive } from '../ui/status';
import classes from './ask.module.css';
import { Composer } from './composer';
import { useDraft } from './draft';
import { Examples } from './examples';
import { sessionAddress, Sessions } from './sessions';
import { Turn } from './turn';

export function AskPage() {
  const { session } = useParams();
  const isNarrow = useMediaQuery('(max-width: 1023px)') ?? false;
  const [isOpen, { open, close }] = useDisclosure(false);
  const [{ data: sources, error }, again] = useQuery({ query: AskSourcesDocument });
  const [title, setTitle] = useState<string>();
  useEffect(() => {
    setTitle(undefined);
    // A profile may have been added meanwhile.
    again({ requestPolicy: 'cache-and-network' });
  }, [session, again]);
  return (
    <Page
      title="Ask"
      tab={title ?? 'Ask'}
      actions={
        isNarrow && (
          <Button
            variant="default"
            leftSection={<MessagesSquare size={16} strokeWidth={1.75} aria-hidden />}
            onClick={open}
          >
            Sessions
          </Button>
        )
      }
    >
      <div className={classes.page}>
        <div className={classes.talk}>
          {error && !sources && <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />}
          {session === undefined ? (
            <NewQuestion sources={sources} />
          ) : (
            <Conversation key={session} session={session} sources={sources} onTitle={setTitle} />
          )}
        </div>
        {isNarrow ? (
          <Drawer opened={isOpen} onClose={close} position="right" size={300} title="Sessions" padding="sm">
            <Sessions onChosen={close} />
          </Drawer>
        ) : (
          <div className={classes.side}>
            <Sessions />
          </div>
        )}
      </div>
    </Page>
  );
}

function NewQuestion({ sources }: { sources: AskSourcesQuery | undefined }) {
  const navigate = useNavigate();
  const lacks = useLacks('OPERATOR');
  const [parameters, setParameters] = useSearchParams();
  const draft = useDraft('new');
  const { propose } = draft;
  const given = parameters.get('question');
  useEffect(() => {
    if (given !== null) {
      propose(given);
      setParameters({}, { replace: true });
    }
  }, [given, propose, setParameters]);
  const profiles = sources?.dbProfiles ?? [];
  const example = profiles.find(({ coverage }) => coverage !== null) ?? profiles[0];
  const isEmpty = sources !== undefined && profiles.length === 0;
  const none = isEmpty ? 'There is no database yet. Add one on the Databases page.' : undefined;
  return (
    <>
      <Composer draft={draft} sources={sources} why={none} onAsked={(session) => navigate(sessionAddress(session))} />
      {none ? (
        <Empty title="There is no database to ask about." action={<Link to="/databases">Add a database</Link>} />
      ) : (
        <section className={classes.begin} aria-label="Examples">
          <p className="muted prose">
            Gloss answers from the catalogs of your databases and from accepted descriptions, and says which tables and
            columns it used. It never reads rows to answer.
          </p>
          {example && lacks === undefined && <Examples profile={example.id} propose={propose} />}
        </section>
      )}
    </>
  );
}

interface ConversationProps {
  session: string;
  sources: AskSourcesQuery | undefined;
  onTitle: (title: string) => void;
}

type Session = Extract<AskConversationQuery['node'], { turns: unknown }>;

/** The session that was found; undefined where the id belongs to nothing, or to something else. */
const sessionOf = (data: AskConversationQuery | undefined) =>
  data?.node && 'turns' in data.node ? (data.node as Session) : undefined;

function Conversation({ session, sources, onTitle }: ConversationProps) {
  const client = useClient();
  const draft = useDraft(session);
  const [pages, setPages] = useState<(string | null)[]>([null]);
  const [{ data, error, stale, fetching }, again] = useQuery({
    query: AskConversationDocument,
    variables: { id: session, before: null },
  });
  const refetch = () => {
    again({ requestPolicy: 'network-only' });
    void client.query(AskSessionsDocument, { after: null }, { requestPolicy: 'network-only' }).toPromise();
  };
  useReconnected(refetch);
  useEvents({ query: AskChangesDocument, variables: {} }, ({ runsChanged }) => {
    if (runsChanged.kind !== 'UPDATED') {
      refetch();
    }
  });

  const found = sessionOf(data);
  const title = found?.title;
  useEffect(() => {
    if (title !== undefined) {
      onTitle(title);
    }
  }, [title, onTitle]);

  const turns = found?.turns.nodes ?? [];
  const last = turns.at(-1);
  const end = useRef<HTMLDivElement>(null);
  useFollowing(end, last?.id);

  if (error && !found) {
    return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  }
  if (!found) {
    if (!data || fetching || stale) {
      return <Loading rows={6} />;
    }
    return (
      <Empty title="There is no such session." action={<Link to="/ask">Ask a new question</Link>}>
        It was deleted with the runs of its questions, or the link is wrong.
      </Empty>
    );
  }
  const isBusy = last !== undefined && isLive(last.run.status);
  const before = found.turns.pageInfo.hasPreviousPage ? found.turns.pageInfo.startCursor : null;
  const profiles = sources?.dbProfiles ?? [];
  return (
    <>
      {pages.length === 1 && before && <Earlier show={() => setPages([before, null])} />}
      {pages.slice(0, -1).map((cursor, index) => (
        <EarlierTurns
          key={cursor}
          session={session}
          before={cursor as string}
          profiles={profiles}
          earlier={index === 0 ? (next) => setPages([next, ...pages]) : undefined}
        />
      ))}
      {turns.map((turn) => (
        <Turn key={turn.id} turn={turn} profiles={profiles} />
      ))}
      <Composer
        draft={draft}
        session={session}
        sources={sources}
        last={last && { profile: last.run.dbProfile?.name, model: last.run.llmProfile?.id }}
        why={isBusy ? 'Wait for the answer, or stop it.' : undefined}
        onAsked={refetch}
      />
      <div ref={end} />
    </>
  );
}

const Earlier = ({ show }: { show: () => void }) => (
  <Button variant="default" size="compact-sm" className={classes.earlier} onClick={show}>
    Earlier questions
  </Button>
);

interface EarlierProps {
  session: string;
  before: string;
  profiles: AskSourcesQuery['dbProfiles'];
  /** Shows the page before this cursor; undefined where it is shown. */
  earlier: ((before: string) => void) | undefined;
}

function EarlierTurns({ session, before, profiles, earlier }: EarlierProps) {
  const [{ data, error }, again] = useQuery({ query: AskConversationDocument, variables: { id: session, before } });
  const turns = sessionOf(data)?.turns;
  if (!turns) {
    const retry = () => again({ requestPolicy: 'network-only' });
    return error ? <Failure error={error} retry={retry} /> : <Loading rows={3} />;
  }
  const next = turns.pageInfo.hasPreviousPage ? turns.pageInfo.startCursor : null;
  return (
    <>
      {earlier && next && <Earlier show={() => earlier(next)} />}
      {turns.nodes.map((turn) => (
        <Turn key={turn.id} turn={turn} profiles={profiles} />
      ))}
    </>
  );
}

/** Shows the end of a conversation when it is opened and when a question comes; follows an answer that grows. */
function useFollowing(end: React.RefObject<HTMLDivElement | null>, last: string | undefined) {
  const isFollowing = useRef(true);
  useLayoutEffect(() => {
    if (last !== undefined) {
      isFollowing.current = true;
      end.current?.scrollIntoView({ block: 'end' });
    }
  }, [end, last]);
  useEffect(() => {
    const area = document.getElementById('scroll');
    const talk = end.current?.parentElement;
    if (!area || !talk) {
      return undefined;
    }
    const look = () => {
      isFollowing.current = area.scrollHeight - area.scrollTop - area.clientHeight < 80;
    };
    const grown = new ResizeObserver(() => isFollowing.current && area.scrollTo({ top: area.scrollHeight }));
    area.addEventListener('scroll', look, { passive: true });
    grown.observe(talk);
    return () => {
      area.removeEventListener('scroll', look);
      grown.disconnect();
    };
  }, [end, last]);
}
