import { Page } from '../ui/page';
export function TablePage() { return <Page title="x">{null}</Page>; }
