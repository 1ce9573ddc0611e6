import { Page } from '../ui/page';

export function UsagePage() {
  return <Page title="Usage">{null}</Page>;
}
