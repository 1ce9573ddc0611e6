// Files of one run, made in the browser: all its results, or the statements that an apply would write.

import { useState } from 'react';
import { type Client, CombinedError, useClient } from 'urql';

import { RunPlanDocument, RunResultsDocument, type RunResultsQuery } from '../api/operations';
import { writes } from './changes';
import { scriptOf } from './copy-statements';
import type { Run } from './use-run';

export type Format = 'csv' | 'json' | 'sql';

const TYPES: Record<Format, string> = { csv: 'text/csv', json: 'application/json', sql: 'application/sql' };
const PAGE = 200;

type Result = NonNullable<RunResultsQuery['run']>['suggestions']['nodes'][number];
type OnRead = (read: number, total: number) => void;

interface Page<Node> {
  totalCount: number;
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** All nodes of a list; throws what a page fails with. */
async function readAll<Node>(ask: (after: string | null) => Promise<Page<Node>>, onRead: OnRead): Promise<Node[]> {
  const all: Node[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page<Node> = await ask(after);
    all.push(...page.nodes);
    onRead(all.length, page.totalCount);
    if (!page.pageInfo.hasNextPage) {
      return all;
    }
    after = page.pageInfo.endCursor;
  }
}

const gone = () => new CombinedError({ graphQLErrors: ['The run was deleted.'] });

const readResults = (client: Client, id: string, onRead: OnRead) =>
  readAll(async (after) => {
    const { data, error } = await client
      .query(RunResultsDocument, { id, first: PAGE, after }, { requestPolicy: 'network-only' })
      .toPromise();
    if (!data?.run) {
      throw error ?? gone();
    }
    return data.run.suggestions;
  }, onRead);

const readPlan = (client: Client, runId: string, onRead: OnRead) =>
  readAll(async (after) => {
    const { data, error } = await client
      .query(RunPlanDocument, { runId, rollback: false, after }, { requestPolicy: 'network-only' })
      .toPromise();
    if (!data?.applyPlan) {
      throw error ?? gone();
    }
    return data.applyPlan;
  }, onRead);

const flat = ({ asset, review, applied, ...result }: Result) => ({
  asset: asset.display,
  kind: asset.kind,
  database: asset.database,
  schema: asset.schema,
  table: asset.table,
  column: asset.column,
  text: result.finalText,
  state: review.state,
  reviewer: review.reviewer,
  reviewedAt: review.at,
  appliedText: applied?.after ?? null,
  appliedAt: applied?.at ?? null,
  description: result.description,
  confidence: result.confidence,
  band: result.band,
  substance: result.substance,
  existingComment: result.existingComment,
  version: result.version,
});

/** A cell of a CSV file. A text that a spreadsheet would take for a formula gets a `'` before it. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(rows: ReturnType<typeof flat>[]): string {
  const names = Object.keys(rows[0] ?? {}) as (keyof ReturnType<typeof flat>)[];
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((line) => `${line.map(cell).join(',')}\r\n`)
    .join('');
}

function save(text: string, name: string, type: string) {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** `start` makes a file and has the browser save it; `reading` says how far it is. */
export function useExport(run: Run, onError: (error: unknown) => void) {
  const client = useClient();
  const [reading, setReading] = useState<{ read: number; total: number }>();
  const start = async (format: Format) => {
    const onRead: OnRead = (read, total) => setReading({ read, total });
    onRead(0, 0);
    onError(undefined);
    try {
      const text =
        format === 'sql'
          ? `${scriptOf((await readPlan(client, run.id, onRead)).filter((item) => writes(item, false)))}\n`
          : await readResults(client, run.id, onRead).then((results) =>
              format === 'csv' ? csvOf(results.map(flat)) : `${JSON.stringify(results.map(flat), null, 2)}\n`,
            );
      save(text, `gloss-run-${run.number}.${format}`, TYPES[format]);
    } catch (error) {
      onError(error);
    }
    setReading(undefined);
  };
  return { reading, start };
}
