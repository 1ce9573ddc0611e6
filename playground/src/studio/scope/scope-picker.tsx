// Which part of one database a run describes: the database, the ticks in its tree, the tables that are left out.

import { ActionIcon, Button, Select, TagsInput, Tooltip } from '@mantine/core';
import { RefreshCw, X } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useQuery } from 'urql';

import { ScopeDatabasesDocument } from '../api/operations';
import { plural } from '../ui/figures';
import { useRetryOffline } from '../ui/retry';
import { SearchBox } from '../ui/search-box';
import { Failure, Loading } from '../ui/states';
import { type Branch, type Catalog, missingOf, useCatalog } from './catalog';
import { display, include, pathsOf, type Target } from './model';
import { exclusions, patternFor } from './pattern';
import classes from './scope.module.css';
import { ScopeTree } from './scope-tree';
import { clicked, NOTHING, removed } from './ticks';

interface ScopePickerProps {
  target: Target;
  onChange: (target: Target) => void;
  /** What the server says of the argument at this path below the target: `database`, `schemas.0.name`. */
  errorAt: (path: string) => string | undefined;
}

export function ScopePicker({ target, onChange, errorAt }: ScopePickerProps) {
  const [{ data, error, fetching, stale }, again] = useQuery({
    query: ScopeDatabasesDocument,
    variables: { profile: target.dbProfileId },
    requestPolicy: 'cache-and-network',
  });
  const names = data?.dbProfile?.databases?.map(({ name }) => name);
  const only = names?.length === 1 ? names[0] : undefined;
  const database = only ?? target.database ?? undefined;
  useEffect(() => {
    if (only !== undefined && (target.database !== only || !target.isOnly)) {
      onChange({ ...target, database: only, isOnly: true });
    }
  });

  const retry = () => again({ requestPolicy: 'network-only' });
  useRetryOffline(names ? undefined : error, retry);
  if (error && !names) {
    return <Failure error={error} retry={retry} />;
  }
  if (!names) {
    return fetching || stale ? (
      <div className={classes.loading}>
        <Loading rows={12} height={28} />
      </div>
    ) : (
      <p className="muted">This profile was deleted.</p>
    );
  }
  const inherited = data?.dbProfile?.exclude ?? [];
  return (
    <div className={classes.picker}>
      {only === undefined && (
        <Select
          className={classes.database as string}
          label="Database"
          placeholder="Choose one"
          data={names}
          value={target.database}
          onChange={(name) => onChange({ ...target, database: name, isOnly: false, picks: [] })}
          searchable
          allowDeselect={false}
          error={errorAt('database') ?? (names.length === 0 ? 'The login sees no databases.' : undefined)}
        />
      )}
      {database === undefined ? (
        <p className="muted">Choose a database to see its tables. This login reaches {names.length} of them.</p>
      ) : (
        <Chosen
          key={database}
          database={database}
          hasPartitions={data?.dbProfile?.backend === 'POSTGRES'}
          {...{ inherited, target, onChange, errorAt }}
        />
      )}
    </div>
  );
}

interface ChosenProps extends ScopePickerProps {
  database: string;
  /** Whether partitions are tables, as in PostgreSQL alone. */
  hasPartitions: boolean;
  /** The profile's own patterns. */
  inherited: string[];
}

function Chosen({ database, hasPartitions, inherited, target, onChange, errorAt }: ChosenProps) {
  const catalog = useCatalog(target.dbProfileId, database);
  const [text, setText] = useState('');
  const search = text.trim();
  const { picks, exclude } = target;
  const excluded = useMemo(() => exclusions([...inherited, ...exclude]), [inherited, exclude]);
  const leaveOut = (path: readonly string[]) => {
    const pattern = patternFor(path);
    onChange({
      ...target,
      exclude: exclude.includes(pattern) ? exclude.filter((it) => it !== pattern) : [...exclude, pattern],
    });
  };
  const [isUnread, setIsUnread] = useState(false);
  const namesOf = (branch: Branch<{ name: string }>) =>
    branch.loading || branch.error || missingOf(branch) > 0 ? undefined : branch.nodes.map(({ name }) => name);
  const names = {
    schemas: () => namesOf(catalog.schemas()),
    tables: (schema: string) => namesOf(catalog.tables(schema, '')),
    columns: (schema: string, table: string) => namesOf(catalog.columns(schema, table)),
  };
  const misspelt = errorAt('schemas');
  const named = picks.flatMap((schema) => schema.below.map((table) => [schema.name, table.name]));
  const kept = [...inherited, ...exclude].flatMap((pattern) => {
    const paths = named.filter((path) => exclusions([pattern])([], path) !== undefined);
    return paths.length === 0 ? [] : [`${pattern} does not leave out ${listed(paths)}`];
  });
  return (
    <>
      <div className={classes.head}>
        <SearchBox
          className={classes.search}
          label={`Search the tables of ${database}`}
          placeholder="Search tables by name or comment"
          value={text}
          onChange={setText}
        />
        {search !== '' && <Found catalog={catalog} search={search} target={target} onChange={onChange} />}
        <Tooltip label="Read the catalog again">
          <ActionIcon variant="default" size={30} aria-label="Read the catalog again" onClick={() => catalog.refresh()}>
            <RefreshCw size={14} strokeWidth={1.75} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
      <div className={classes.frame}>
        <ScopeTree
          catalog={catalog}
          search={search}
          picks={picks}
          exclude={exclude}
          excluded={excluded}
          label={`Scope in ${database}`}
          onToggle={(path) => {
            const next = clicked(target, path, excluded, names);
            setIsUnread(next === undefined);
            if (next) {
              onChange(next);
            }
          }}
          onLeaveOut={leaveOut}
        />
      </div>
      <Named target={target} database={database} onChange={onChange} />
      {isUnread && (
        <p className={classes.warning} role="status">
          Not all tables of this schema are read yet. Untick the schema, then tick the tables and columns that you want.
        </p>
      )}
      {misspelt && (
        <div className={classes.problem} role="alert">
          {misspelt}
        </div>
      )}
      {kept.length > 0 && (
        <p className={classes.warning} role="status">
          {kept.join('; ')}: a ticked table is always described.
        </p>
      )}
      <div className={classes.fields}>
        <TagsInput
          label="Leave out"
          description={
            inherited.length === 0 ? 'Patterns: *_bak, staging.*' : `Besides the profile's own: ${inherited.join(', ')}`
          }
          placeholder={exclude.length === 0 ? 'Add a pattern' : ''}
          value={exclude}
          onChange={(next) => onChange({ ...target, exclude: next })}
          maxTags={200}
          splitChars={[',', ' ']}
          error={errorAt('exclude')}
          clearable
          clearButtonProps={{ 'aria-label': 'Remove all patterns' }}
        />
        {hasPartitions && (
          <Select
            label="Partitions"
            description="How partitioned tables are described"
            data={[
              { value: 'PARENT', label: 'Once, through its parent' },
              { value: 'EACH', label: 'Each partition as a table' },
            ]}
            value={target.partitions}
            onChange={(value) => onChange({ ...target, partitions: value === 'EACH' ? 'EACH' : 'PARENT' })}
            allowDeselect={false}
          />
        )}
      </div>
    </>
  );
}

/** How many tables a search found, and a button that narrows the scope to them. */
function Found({
  catalog,
  search,
  target,
  onChange,
}: {
  catalog: Catalog;
  search: string;
  target: Target;
  onChange: (target: Target) => void;
}) {
  const schemas = catalog.found(search);
  const branches = schemas.nodes.map(({ name }) => ({ schema: name, branch: catalog.tables(name, search) }));
  const total = branches.reduce((sum, { branch }) => sum + branch.total, 0);
  const paths = branches.flatMap(({ schema, branch }) => branch.nodes.map(({ name }) => [schema, name]));
  return (
    <div className={classes.summary} role="status">
      {schemas.loading ? (
        <span className="muted">Searching…</span>
      ) : (
        <span className="muted">{plural(total, 'table')} found</span>
      )}
      {!schemas.loading && total > 0 && paths.length === total && (
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() =>
            onChange({
              ...target,
              picks: paths.reduce(include, target.picks),
              exclude: target.exclude.filter((it) => it !== NOTHING),
            })
          }
        >
          {target.picks.length > 0 ? 'Add' : 'Only'} {total === 1 ? 'this table' : `these ${total}`}
        </Button>
      )}
    </div>
  );
}

/** Up to three paths, and how many more there are. */
const listed = (paths: readonly string[][]) =>
  paths.slice(0, 3).map(display).join(', ') + (paths.length > 3 ? ` and ${paths.length - 3} more` : '');

const SHOWN = 12;

/** What was ticked, by name, each with a way to take it back. */
function Named({
  target,
  database,
  onChange,
}: {
  target: Target;
  database: string;
  onChange: (target: Target) => void;
}) {
  const paths = pathsOf(target.picks);
  if (paths.length === 0) {
    return (
      <div className={classes.summary}>
        <span className="muted">
          {target.exclude.includes(NOTHING)
            ? 'Nothing yet. Tick schemas, tables or columns.'
            : `Everything in ${database}. Untick what to leave out.`}
        </span>
      </div>
    );
  }
  return (
    <div className={classes.summary}>
      <span className="muted">Only</span>
      {paths.slice(0, SHOWN).map((path) => (
        <span key={JSON.stringify(path)} className={classes.named}>
          <span title={display(path)}>{display(path)}</span>
          <button
            type="button"
            aria-label={`Remove ${display(path)} from the scope`}
            onClick={() => onChange(removed(target, path))}
          >
            <X size={12} strokeWidth={1.75} aria-hidden />
          </button>
        </span>
      ))}
      {paths.length > SHOWN && <span className="muted">and {plural(paths.length - SHOWN, 'more', 'more')}</span>}
      <Button size="compact-xs" variant="subtle" onClick={() => onChange({ ...target, picks: [] })}>
        Everything
      </Button>
    </div>
  );
}
