// What a search over the whole catalog found, best first, each with why.

import { useEffect, useState } from 'react';
import { Link } from 'react-router';
import { useQuery } from 'urql';

import { CatalogSearchDocument, type DatabaseRowFragment } from '../api/operations';
import { BusyButton } from '../ui/busy-button';
import { count, plural } from '../ui/figures';
import { Empty, Failure, Loading } from '../ui/states';
import classes from './database.module.css';
import { KindIcon } from './kinds';
import { assetAddress } from './places';

const STEP = 50;
/** The API tells totals exactly up to this number, and ranks no more. */
const MOST = 1000;
/** A page of the API. */
const LARGEST = 200;

interface SearchResultsProps {
  profile: DatabaseRowFragment;
  text: string;
  /** Called when the search was the first to read the catalog. */
  onRead: () => void;
}

export function SearchResults({ profile, text, onRead }: SearchResultsProps) {
  const [asked, setAsked] = useState({ text, first: STEP });
  const first = asked.text === text ? asked.first : STEP;
  const [{ data, error, fetching, stale }, again] = useQuery({
    query: CatalogSearchDocument,
    variables: { text, id: profile.id, first },
  });
  const found = data?.searchAssets;
  const isBusy = fetching || stale;
  const isNews = found !== undefined && profile.coverage === null;
  useEffect(() => {
    if (isNews) {
      onRead();
    }
  }, [isNews]);
  if (!found) {
    return error && !isBusy ? (
      <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />
    ) : (
      <Loading rows={8} height={64} />
    );
  }
  const { nodes, totalCount } = found;
  return (
    <section aria-label="Search results" aria-busy={isBusy}>
      <p className={classes.found} role="status">
        {plural(
          totalCount,
          totalCount >= MOST ? 'best match' : 'match',
          totalCount >= MOST ? 'best matches' : 'matches',
        )}
      </p>
      {nodes.length === 0 ? (
        <Empty title="Nothing matches.">
          Names are split into words: “email” finds cust_email_addr. Try another word.
        </Empty>
      ) : (
        <ol className={classes.hits}>
          {nodes.map(({ asset, comment, description, why }) => (
            <li key={`${asset.kind} ${asset.database} ${asset.display}`} className={classes.hit}>
              <Link to={assetAddress(profile, asset)} className={classes.hitLink}>
                <KindIcon kind={asset.kind} />
                <span className={classes.hitName}>{asset.display}</span>
              </Link>
              {(comment ?? description) && (
                <p className="prose">
                  {comment ?? description}
                  {comment === null && <span className="muted"> (accepted, not written)</span>}
                </p>
              )}
              <p className={classes.why}>Matches: {why}</p>
            </li>
          ))}
        </ol>
      )}
      {nodes.length < totalCount && nodes.length < LARGEST && (
        <BusyButton
          variant="default"
          mt={12}
          busy={isBusy}
          onClick={() => setAsked({ text, first: Math.min(first + STEP, LARGEST) })}
        >
          Show more
        </BusyButton>
      )}
      {nodes.length === LARGEST && totalCount > LARGEST && (
        <p className={classes.found}>The best {count(LARGEST)} are shown. Another word narrows the search.</p>
      )}
    </section>
  );
}
