// The runs page over better-sqlite3: the schema, and the resolver that both servers use.

import Database from 'better-sqlite3';

export const typeDefs = /* GraphQL */ `
  scalar DateTime

  enum RunKind {
    ANALYZE
    RERUN
    GENERATE
    ASK
    SCHEDULE
  }

  enum RunCommand {
    RUN
    RUN_APPLY
    RERUN
    VARIATIONS
    GENERATE
    ASK
    SCHEDULE
  }

  enum RunStatus {
    QUEUED
    RUNNING
    PAUSED
    CANCELLING
    APPLYING
    READY_FOR_REVIEW
    SUCCESS
    FAILED
    CANCELLED
  }

  input RunFilter {
    kinds: [RunKind!]
  }

  type RunProgress {
    total: Int
    done: Int!
  }

  type Run {
    id: ID!
    number: Int!
    kind: RunKind!
    command: RunCommand!
    status: RunStatus!
    scopeSummary: String!
    model: String
    dbProfileName: String
    startedAt: DateTime
    durationSeconds: Float
    progress: RunProgress!
  }

  type RunEdge {
    cursor: String!
    node: Run!
  }

  type PageInfo {
    hasNextPage: Boolean!
    endCursor: String
  }

  type RunConnection {
    edges: [RunEdge!]!
    pageInfo: PageInfo!
  }

  type Query {
    runs(first: Int = 50, filter: RunFilter): RunConnection!
  }
`;

const encode = (text) => Buffer.from(text).toString('base64url');

// Gloss writes no fraction of a second that is zero, and the offset as +00:00.
const moment = (millis) => new Date(millis).toISOString().replace('.000Z', 'Z').replace('Z', '+00:00');

function edge(row) {
  const started = row.started_at !== null;
  return {
    cursor: encode(`{"l":"runs:STARTED_AT:DESC","k":[${row.listed_at},${row.id}]}`),
    node: {
      id: encode(`Run:${row.id}`),
      number: row.id,
      kind: row.kind,
      command: row.command,
      status: row.status,
      scopeSummary: row.scope_summary,
      model: row.model,
      dbProfileName: row.db_profile_name,
      startedAt: started ? moment(row.started_at) : null,
      durationSeconds: started ? row.active_ms / 1000 : null,
      progress: { total: row.rows_total, done: row.rows_done },
    },
  };
}

/** Returns the resolvers over a store, which is opened for reading only. */
export function resolvers(store) {
  const database = new Database(store, { readonly: true, fileMustExist: true });
  database.pragma('cache_size = -16000');
  const statements = new Map();
  const statement = (kinds) => {
    let prepared = statements.get(kinds.length);
    if (!prepared) {
      const where = kinds.length > 0 ? `WHERE kind IN (${kinds.map(() => '?').join(', ')})` : '';
      prepared = database.prepare(
        `SELECT id, kind, command, status, listed_at, scope_summary, model, db_profile_name, started_at, active_ms,
           rows_total, rows_done
         FROM run ${where} ORDER BY listed_at DESC, id DESC LIMIT ?`,
      );
      statements.set(kinds.length, prepared);
    }
    return prepared;
  };
  const runs = (_, { first, filter }) => {
    const kinds = filter?.kinds ?? [];
    const rows = statement(kinds).all(...kinds, first + 1);
    const edges = rows.slice(0, first).map(edge);
    return { edges, pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null } };
  };
  return { Query: { runs } };
}

/** Returns the path of the store, the program's only argument. */
export function storeArgument() {
  const [store] = process.argv.slice(2);
  if (!store) {
    console.error('usage: node SERVER.mjs STORE.db');
    process.exit(2);
  }
  return store;
}
