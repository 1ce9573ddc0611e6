// For a page that could not be loaded or drawn. After an update of the server its old scripts are gone: a reload
// brings the new ones.

import { Button } from '@mantine/core';
import { useRouteError } from 'react-router';

import { Trouble } from '../ui/states';

export function RouteError() {
  const error = useRouteError();
  const message = error instanceof Error ? error.message : 'The page could not be shown.';
  return (
    <main style={{ maxWidth: 560, margin: '0 auto', padding: '96px 12px 0' }}>
      <Trouble code="PAGE" message={message} hint="Reload the page. If that does not help, report this message.">
        <Button size="compact-xs" variant="default" onClick={() => window.location.reload()}>
          Reload
        </Button>
      </Trouble>
    </main>
  );
}
