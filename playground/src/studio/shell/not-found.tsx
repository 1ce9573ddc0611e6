// For an address at which there is no page.

import { Link } from 'react-router';

import { Page } from '../ui/page';
import { Empty } from '../ui/states';

export function NotFound() {
  return (
    <Page title="No such page">
      <Empty title="There is no page at this address." action={<Link to="/runs">Open the runs</Link>}>
        The link may be wrong.
      </Empty>
    </Page>
  );
}
