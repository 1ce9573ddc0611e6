// A profile's newest runs and the newest comments that were written to it.

import { Link } from 'react-router';
import { useQuery } from 'urql';

import { CatalogRunsDocument, CatalogWritesDocument, type DatabaseRowFragment } from '../api/operations';
import { addressOf } from '../runs/view';
import { count } from '../ui/figures';
import { Card } from '../ui/page';
import { Failure, Loading } from '../ui/states';
import { KIND_WORDS, StatusPill } from '../ui/status';
import { Clipped, diffWords, WordDiff } from '../ui/text';
import { Moment } from '../ui/time';
import classes from './database.module.css';
import { useRunsEnded } from '../run/ended';
import { assetAddress, runAddress } from './places';

export function Activity({ profile }: { profile: DatabaseRowFragment }) {
  return (
    <>
      <Runs profile={profile} />
      <Writes profile={profile} />
    </>
  );
}

function Runs({ profile }: { profile: DatabaseRowFragment }) {
  const [{ data, error }, again] = useQuery({ query: CatalogRunsDocument, variables: { id: profile.id } });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useRunsEnded({ profileId: profile.id }, refetch);
  const runs = data?.runs;
  return (
    <Card
      title="Newest runs"
      actions={
        runs && runs.totalCount > 0 ? (
          <Link to={addressOf({ profiles: [profile.id] })}>
            {runs.totalCount === 1 ? 'In the list of runs' : `All ${count(runs.totalCount)} runs`}
          </Link>
        ) : undefined
      }
    >
      {!runs && (error ? <Failure error={error} retry={refetch} /> : <Loading rows={4} />)}
      {runs?.totalCount === 0 && (
        <p className="prose" style={{ margin: 0 }}>
          No run has described this database yet. <Link to={runAddress(profile)}>Describe it</Link>
        </p>
      )}
      {runs && runs.nodes.length > 0 && (
        <ul className={classes.plain}>
          {runs.nodes.map((run) => (
            <li key={run.id} className={classes.run}>
              <Link to={`/runs/${run.number}`} className="mono">
                #{run.number}
              </Link>
              <span className="muted">{KIND_WORDS[run.kind]}</span>
              <Clipped text={run.title ?? run.scopeSummary} />
              <StatusPill status={run.status} failed={run.status === 'FAILED' ? 0 : run.progress.failed} />
              <Moment at={run.startedAt ?? run.createdAt} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Writes({ profile }: { profile: DatabaseRowFragment }) {
  const [{ data, error }, again] = useQuery({ query: CatalogWritesDocument, variables: { id: profile.id } });
  const refetch = () => again({ requestPolicy: 'network-only' });
  useRunsEnded({ profileId: profile.id }, refetch);
  const writes = data?.appliedComments;
  return (
    <Card
      title="Newest writes"
      actions={
        writes && writes.totalCount > 0 ? (
          <Link to={`/audit?profile=${profile.id}`}>
            {writes.totalCount === 1 ? 'In the audit' : `All ${count(writes.totalCount)} writes`}
          </Link>
        ) : undefined
      }
    >
      {!writes && (error ? <Failure error={error} retry={refetch} /> : <Loading rows={4} />)}
      {writes?.totalCount === 0 && (
        <p className="prose" style={{ margin: 0 }}>
          Gloss has written no comment to this database.
        </p>
      )}
      {writes && writes.nodes.length > 0 && (
        <ul className={classes.plain}>
          {writes.nodes.map(({ id, asset, before, after, actor, at, rolledBackAt, run }) => (
            <li key={id} className={classes.write}>
              <div className={classes.writeHead}>
                <Link to={assetAddress(profile, asset)}>
                  <Clipped text={asset.display} keepsEnd />
                </Link>
                <span className="muted">
                  {rolledBackAt ? 'rolled back · ' : ''}
                  {actor} · <Moment at={at} />
                  {run && (
                    <>
                      {' · '}
                      <Link to={`/runs/${run.number}`}>#{run.number}</Link>
                    </>
                  )}
                </span>
              </div>
              <div className="prose">
                <WordDiff parts={diffWords(before ?? '', after ?? '')} />
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
