// Coverage that is not known yet: a search makes the server read the catalog as a whole.

import { useState } from 'react';
import { type CombinedError, useClient } from 'urql';

import { CatalogSearchDocument } from '../api/operations';
import { BusyButton } from '../ui/busy-button';
import { Failure } from '../ui/states';

export function ReadCatalog({ profileId, onRead }: { profileId: string; onRead: () => void }) {
  const client = useClient();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<CombinedError>();
  const read = async () => {
    setIsBusy(true);
    const variables = { text: 'id', id: profileId, first: 1 };
    const answer = await client.query(CatalogSearchDocument, variables, { requestPolicy: 'network-only' }).toPromise();
    setIsBusy(false);
    setError(answer.error);
    if (!answer.error) {
      onRead();
    }
  };
  return (
    <>
      <p className="prose" style={{ margin: '0 0 12px' }}>
        How much of this database is documented is not counted yet. Counting reads the whole catalog; it starts no run
        and sends nothing to a model.
      </p>
      {error && <Failure error={error} />}
      <BusyButton variant="default" mt={error ? 12 : 0} busy={isBusy} onClick={read}>
        Read the catalog
      </BusyButton>
    </>
  );
}
