import { Page } from '../ui/page';

export function DatabasePage() {
  return <Page title="Database">{null}</Page>;
}
