import { Page } from '../ui/page';

export function DatabasesPage() {
  return <Page title="Databases">{null}</Page>;
}
