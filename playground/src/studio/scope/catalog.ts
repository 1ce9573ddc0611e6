// The live catalog of one database, read bit by bit: its schemas at once, the tables of a schema in pages when it is
// unfolded, the columns of a table when that is.
//
// A branch is what stands below one node. Its tables are read from both ends, so that the last one is as near as the
// first. A page that fails leaves its branch as it was, with the error; `again` asks
// once more. A search has branches of its own, so that clearing it shows the tree as it was.

import { useEffect, useMemo, useSyncExternalStore } from 'react';
import {
  type AnyVariables,
  type Client,
  CombinedError,
  type OperationResult,
  type TypedDocumentNode,
  useClient,
} from 'urql';

import {
  type ScopeColumnsQuery,
  ScopeColumnsDocument,
  ScopeSchemasDocument,
  ScopeSearchDocument,
  type ScopeTablePageFragment,
  ScopeTablesDocument,
} from '../api/operations';

export interface SchemaNode {
  name: string;
  comment: string | null;
}
export type TableNode = ScopeTablePageFragment['nodes'][number];
type Databases = NonNullable<NonNullable<ScopeColumnsQuery['dbProfile']>['databases']>;
type Tables = NonNullable<NonNullable<NonNullable<Databases[number]['schemas']>[number]['tables']>['nodes']>;
export type ColumnNode = NonNullable<Tables[number]['columns']>[number];

export interface Branch<Node> {
  nodes: Node[];
  /** The last ones, where they were read before those between. */
  tail: Node[];
  /** All that there are; those between `nodes` and `tail` are not read yet. */
  total: number;
  /** The cursors of the last of `nodes` and the first of `tail`. */
  after: string | null;
  before: string | null;
  loading: boolean;
  error?: CombinedError | undefined;
}

const PAGE = 200;
/** Tables of each schema in the first answer to a search. */
const FOUND = 50;

const whole = <Node>(nodes: Node[]) => ({ nodes, tail: [] as Node[], total: nodes.length, after: null, before: null });

const none = <Node>(): Branch<Node> => ({ ...whole<Node>([]), loading: true });

const gone = () =>
  new CombinedError({
    graphQLErrors: [{ message: 'The database no longer has this.', extensions: { code: 'NOT_FOUND' } }],
  });

export class Catalog {
  private branches = new Map<string, Branch<unknown>>();
  private listeners = new Set<() => void>();
  /** Cancels each request that is under way. */
  private stops = new Set<() => void>();
  private version = 0;
  private searching: (() => void) | undefined;

  constructor(
    private client: Client,
    readonly profile: string,
    readonly database: string,
  ) {}

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  snapshot = () => this.version;

  /** Cancels what is being read; it is read again when it is next shown. */
  close() {
    for (const cancel of this.stops) {
      cancel();
    }
    this.changed();
  }

  schemas(): Branch<SchemaNode> {
    return this.branch<SchemaNode>('schemas', () =>
      this.ask('schemas', ScopeSchemasDocument, {}, (data) => {
        const nodes = data.dbProfile?.databases?.[0]?.schemas;
        return nodes && whole(nodes);
      }),
    );
  }

  tables(schema: string, search: string): Branch<TableNode> {
    return this.branch<TableNode>(JSON.stringify(['tables', schema, search]), () => this.page(schema, search));
  }

  /** Reads the next page of a schema's tables, from its start or its end, unless one is under way or failed. */
  more(schema: string, search: string, fromEnd: boolean) {
    const branch = this.branches.get(JSON.stringify(['tables', schema, search]));
    if (branch && !branch.loading && !branch.error && missingOf(branch) > 0) {
      this.page(schema, search, fromEnd);
    }
  }

  columns(schema: string, table: string): Branch<ColumnNode> {
    const key = JSON.stringify(['columns', schema, table]);
    return this.branch<ColumnNode>(key, () =>
      this.ask(key, ScopeColumnsDocument, { schema, table }, (data) => {
        const nodes = data.dbProfile?.databases?.[0]?.schemas?.[0]?.tables?.nodes[0]?.columns;
        return nodes && whole(nodes);
      }),
    );
  }

  /** The schemas that hold tables found by a search; their tables are branches of their own. */
  found(search: string): Branch<SchemaNode> {
    const key = JSON.stringify(['found', search]);
    return this.branch<SchemaNode>(key, () => {
      this.searching?.();
      this.searching = this.ask(key, ScopeSearchDocument, { search, first: FOUND }, (data) => {
        const schemas = data.dbProfile?.databases?.[0]?.schemas;
        const nodes = schemas?.filter(({ name, tables }) => {
          if (tables && tables.totalCount > 0) {
            const branch = { ...grown(none<TableNode>(), tables, false), loading: false };
            this.branches.set(JSON.stringify(['tables', name, search]), branch);
            return true;
          }
          return false;
        });
        return nodes && whole(nodes);
      });
    });
  }

  /** Asks again for every branch that failed. */
  retry() {
    this.drop(({ error }) => error !== undefined);
  }

  /** Forgets all that was read. */
  refresh() {
    this.drop(() => true);
  }

  private drop(which: (branch: Branch<unknown>) => boolean) {
    for (const [key, branch] of this.branches) {
      if (which(branch)) {
        this.branches.delete(key);
      }
    }
    this.changed();
  }

  private page(schema: string, search: string, fromEnd = false) {
    const key = JSON.stringify(['tables', schema, search]);
    const known = (this.branches.get(key) as Branch<TableNode> | undefined) ?? none<TableNode>();
    const size = Math.min(PAGE, missingOf(known) || PAGE);
    const place = fromEnd ? { last: size, before: known.before } : { first: size, after: known.after };
    this.ask(key, ScopeTablesDocument, { schema, search: search || null, ...place }, (data) => {
      const page = data.dbProfile?.databases?.[0]?.schemas?.[0]?.tables;
      return page && grown(known, page, fromEnd);
    });
  }

  private branch<Node>(key: string, load: () => void): Branch<Node> {
    if (!this.branches.has(key)) {
      this.branches.set(key, none());
      queueMicrotask(load);
    }
    return this.branches.get(key) as Branch<Node>;
  }

  private ask<Data, Variables extends AnyVariables, Node>(
    key: string,
    document: TypedDocumentNode<Data, Variables>,
    variables: Omit<Variables, 'profile' | 'database'>,
    read: (data: Data) => Omit<Branch<Node>, 'loading'> | null | undefined,
  ): () => void {
    this.set(key, { ...(this.branches.get(key) ?? none()), loading: true, error: undefined });
    const all = { ...variables, profile: this.profile, database: this.database } as unknown as Variables;
    const { unsubscribe } = this.client
      .query(document, all, { requestPolicy: 'network-only' })
      .subscribe(({ data, error, stale }: OperationResult<Data>) => {
        if (!stale) {
          finish();
          const branch = data ? read(data) : undefined;
          const before = this.branches.get(key) ?? none();
          this.set(key, branch ? { ...branch, loading: false } : { ...before, loading: false, error: error ?? gone() });
        }
      });
    const finish = () => {
      unsubscribe();
      this.stops.delete(cancel);
    };
    const cancel = () => {
      finish();
      if (this.branches.get(key)?.loading) {
        this.branches.delete(key);
      }
    };
    this.stops.add(cancel);
    return cancel;
  }

  private set(key: string, branch: Branch<unknown>) {
    this.branches.set(key, branch);
    this.changed();
  }

  private changed() {
    this.version += 1;
    for (const listener of this.listeners) {
      listener();
    }
  }
}

/** How many nodes are not read yet. */
export const missingOf = ({ nodes, tail, total }: Branch<unknown>) => Math.max(total - nodes.length - tail.length, 0);

/** A branch with a further page; a tail that the nodes have reached is a part of them. */
function grown(
  known: Branch<TableNode>,
  { nodes: page, totalCount: total, pageInfo }: ScopeTablePageFragment,
  fromEnd: boolean,
): Omit<Branch<TableNode>, 'loading'> {
  const nodes = fromEnd ? known.nodes : [...known.nodes, ...page];
  const tail = fromEnd ? [...page, ...known.tail] : known.tail;
  const after = fromEnd ? known.after : pageInfo.endCursor;
  const before = fromEnd ? pageInfo.startCursor : known.before;
  return nodes.length + tail.length < total
    ? { nodes, tail, total, after, before }
    : { ...whole([...nodes, ...tail]), total };
}

export function useCatalog(profile: string, database: string): Catalog {
  const client = useClient();
  const catalog = useMemo(() => new Catalog(client, profile, database), [client, profile, database]);
  useSyncExternalStore(catalog.subscribe, catalog.snapshot);
  useEffect(() => () => catalog.close(), [catalog]);
  return catalog;
}
