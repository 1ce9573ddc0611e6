// What the run covers, as it was ordered.

import { useState } from 'react';

import { plural } from '../ui/figures';
import { Card } from '../ui/page';
import classes from './run.module.css';
import type { Run } from './use-run';

const FEW = 12;

/** A line for each schema or table that the scope names. */
function linesOf({ schemas }: Run['scope']): [name: string, what: string][] {
  return schemas.flatMap(({ name, tables }): [string, string][] =>
    tables.length === 0
      ? [[name, 'all tables']]
      : tables.map((table) => [
          `${name}.${table.name}`,
          table.columns.length === 0 ? 'with its columns' : table.columns.join(', '),
        ]),
  );
}

export function Scope({ run }: { run: Run }) {
  const [isLong, setIsLong] = useState(false);
  const { scope } = run;
  const lines = linesOf(scope);
  const shown = isLong ? lines : lines.slice(0, FEW);
  return (
    <Card title="Scope">
      <div className={classes.scope}>
        {scope.database && (
          <div>
            Database <span className="mono">{scope.database}</span>
          </div>
        )}
        {lines.length === 0 && run.command !== 'GENERATE' && run.kind !== 'RERUN' && (
          <div>Everything in the database.</div>
        )}
        {lines.length === 0 && (run.command === 'GENERATE' || run.kind === 'RERUN') && (
          <div className="mono">{run.scopeSummary}</div>
        )}
        {shown.map(([name, what]) => (
          <div key={name}>
            <span className="mono">{name}</span> <span className="muted">{what}</span>
          </div>
        ))}
        {lines.length > FEW && !isLong && (
          <button type="button" className={classes.more} onClick={() => setIsLong(true)}>
            Show {plural(lines.length - FEW, 'more', 'more')}
          </button>
        )}
        {scope.exclude.length > 0 && (
          <div>
            <span className="muted">Without</span> <span className="mono">{scope.exclude.join(', ')}</span>
          </div>
        )}
        {scope.partitions === 'EACH' && <div className="muted">Partitions are described as tables too.</div>}
      </div>
    </Card>
  );
}
