// Subscriptions whose every event matters: `act` is called once for each, outside of rendering. (urql's own
// `useSubscription` calls its handler while it renders, where no other component may change.)

import { useEffect, useRef, useState } from 'react';
import { type CombinedError, type TypedDocumentNode, useClient } from 'urql';

interface EventsOptions<Data, Variables> {
  query: TypedDocumentNode<Data, Variables>;
  variables: Variables;
  /** Does not listen. */
  pause?: boolean;
}

/** Returns the error that ended the subscription, if one did. */
export function useEvents<Data, Variables extends object>(
  { query, variables, pause = false }: EventsOptions<Data, Variables>,
  act: (event: Data) => void,
): CombinedError | undefined {
  const [error, setError] = useState<CombinedError>();
  const client = useClient();
  const latest = useRef(act);
  latest.current = act;
  const key = JSON.stringify(variables);
  useEffect(() => {
    if (pause) {
      return undefined;
    }
    const { unsubscribe } = client
      .subscription(query, JSON.parse(key))
      .subscribe(({ data, error: failed }) => {
        setError(failed);
        if (data) {
          latest.current(data as Data);
        }
      });
    return unsubscribe;
  }, [client, query, key, pause]);
  return error;
}
