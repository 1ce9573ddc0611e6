import { Page } from '../ui/page';

export function AskPage() {
  return <Page title="Ask">{null}</Page>;
}
