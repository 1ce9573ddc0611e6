// What runs have suggested for one asset, newest first. The API lists suggestions run by run, so the page looks through
// the newest runs of the profile, 20 at a time, and says how far it looked.

import { useEffect, useState } from 'react';
import { Link } from 'react-router';
import { type CombinedError, useClient } from 'urql';

import {
  AssetSuggestionsDocument,
  type AssetSuggestionsQuery,
  type AssetSuggestionsQueryVariables,
  type DatabaseRowFragment,
  type ReviewState,
} from '../api/operations';
import { BusyButton } from '../ui/busy-button';
import { Confidence } from '../ui/confidence';
import { plural } from '../ui/figures';
import { Failure, Loading } from '../ui/states';
import { Moment } from '../ui/time';
import type { TablePlace } from './places';
import classes from './table.module.css';

type Run = AssetSuggestionsQuery['runs']['nodes'][number];

const DECIDED: Record<ReviewState, string> = {
  UNREVIEWED: 'not reviewed',
  ACCEPTED: 'accepted',
  EDITED: 'edited',
  SKIPPED: 'skipped',
};

const decision = ({ state, reviewer }: { state: ReviewState; reviewer: string | null }) =>
  DECIDED[state] + (reviewer === null ? '' : ` by ${reviewer}`);

/** One part of a path as `AssetPath.display` has it. */
const quoted = (part: string) => (/^[^\s.:/",]+$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`);

interface HistoryProps {
  profile: DatabaseRowFragment;
  place: TablePlace;
  name: string;
  /** The comment that is in the database now. */
  comment: string | null;
  /** Changes when there may be more. */
  version: number;
}

export function History({ profile, place, name, comment, version }: HistoryProps) {
  const client = useClient();
  const [runs, setRuns] = useState<Run[]>();
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<CombinedError>();
  const [isBusy, setIsBusy] = useState(false);
  const { database, schema, table, column } = place;

  const look = async (after: string | null) => {
    setIsBusy(true);
    const variables: AssetSuggestionsQueryVariables = {
      filter: { dbProfileIds: [profile.id], kinds: ['ANALYZE', 'RERUN', 'GENERATE', 'SCHEDULE'] },
      after,
      schema: schema ?? '',
      table: table ?? '',
      kinds: column ? ['COLUMN'] : ['TABLE', 'VIEW', 'MATERIALIZED_VIEW'],
      name: column ? quoted(column) : null,
    };
    const answer = await client
      .query(AssetSuggestionsDocument, variables, { requestPolicy: 'network-only' })
      .toPromise();
    setIsBusy(false);
    setError(answer.error);
    const page = answer.data?.runs;
    if (page) {
      setRuns((before) => (after === null ? page.nodes : [...(before ?? []), ...page.nodes]));
      setNext(page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null);
    }
  };
  useEffect(() => {
    void look(null);
  }, [profile.id, database, schema, table, column, version]);

  const rows = runs?.flatMap((run) =>
    run.suggestions.nodes
      .filter(
        ({ asset }) =>
          (column === undefined || asset.column === column) &&
          (!database || !asset.database || asset.database === database),
      )
      .map((suggestion) => ({ run, suggestion })),
  );
  return (
    <section aria-label={`Suggestions for ${name}`} className={classes.history}>
      <h3>Suggestions</h3>
      {error && !runs && <Failure error={error} retry={() => void look(null)} />}
      {!rows && !error && <Loading rows={2} />}
      {rows?.length === 0 && (
        <p className="muted">{next === null ? 'None.' : `None in the newest ${plural(runs?.length ?? 0, 'run')}.`}</p>
      )}
      {rows && rows.length > 0 && (
        <ul>
          {rows.map(({ run, suggestion }) => (
            <li key={suggestion.id}>
              <div className={classes.suggested}>{suggestion.finalText}</div>
              <div className={classes.origin}>
                <Link to={`/runs/${run.number}?tab=results`} className="mono">
                  #{run.number}
                </Link>
                <Confidence value={suggestion.confidence} band={suggestion.band} />
                <span>
                  {suggestion.applied ? `written by ${suggestion.applied.actor}` : decision(suggestion.review)}
                  {suggestion.applied && suggestion.applied.after !== comment && ', changed since'}
                </span>
                {suggestion.version > 1 && <span>version {suggestion.version}</span>}
                {run.model && <span>{run.model}</span>}
                <Moment at={suggestion.applied?.at ?? suggestion.review.at ?? run.createdAt} />
              </div>
            </li>
          ))}
        </ul>
      )}
      {next !== null && runs && (
        <BusyButton variant="subtle" size="compact-sm" busy={isBusy} onClick={() => void look(next)}>
          Look through older runs
        </BusyButton>
      )}
      {error && runs && <Failure error={error} />}
    </section>
  );
}
