import { Page } from '../ui/page';

export function NewRunPage() {
  return <Page title="New run">{null}</Page>;
}
