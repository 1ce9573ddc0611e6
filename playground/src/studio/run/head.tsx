// The lines under the run's number: its title and labels, and what it works on since when.

import { Clock, Database, RotateCcw, Sparkles, Timer } from 'lucide-react';
import { Link } from 'react-router';

import { profileAddress } from '../databases/places';
import { isCounting } from '../ui/status';
import { Clipped } from '../ui/text';
import { Duration, Moment } from '../ui/time';
import classes from './run.module.css';
import type { Run } from './use-run';

export function Head({ run }: { run: Run }) {
  const gone = 'This profile was deleted.';
  return (
    <div className={classes.head}>
      {(run.title || run.labels.length > 0) && (
        <div className={classes.naming}>
          {run.title && <span className={classes.title}>{run.title}</span>}
          {run.labels.map((label) => (
            <Link key={label} to={`/runs?kind=all&label=${encodeURIComponent(label)}`} className={classes.label}>
              {label}
            </Link>
          ))}
        </div>
      )}
      <div className={classes.facts}>
        <span className={classes.fact}>
          <Database size={14} strokeWidth={1.75} aria-label="Database" />
          {run.dbProfile ? (
            <Link to={profileAddress(run.dbProfile)}>{run.dbProfile.name}</Link>
          ) : run.dbProfileName === null ? (
            'several databases'
          ) : (
            <span title={gone}>{run.dbProfileName}</span>
          )}
          {run.kind !== 'ASK' && <Clipped text={run.scopeSummary} className="muted" />}
        </span>
        {run.model !== null && (
          <span className={classes.fact}>
            <Sparkles size={14} strokeWidth={1.75} aria-label="Model" />
            <Clipped
              text={
                run.llmProfileName === null || run.llmProfileName === run.model
                  ? run.model
                  : `${run.llmProfileName} · ${run.model}`
              }
            />
          </span>
        )}
        <span className={classes.fact}>
          <Clock size={14} strokeWidth={1.75} aria-label={run.startedAt ? 'Started' : 'Queued'} />
          <span>
            <Moment at={run.startedAt ?? run.createdAt} />
            <span className={classes.by}> by {run.startedBy}</span>
          </span>
        </span>
        {run.parent && (
          <span className={classes.fact}>
            <RotateCcw size={14} strokeWidth={1.75} aria-hidden />
            <span>
              Re-run of <Link to={`/runs/${run.parent.number}`}>#{run.parent.number}</Link>
            </span>
          </span>
        )}
        {run.durationSeconds !== null && (
          <span className={classes.fact}>
            <Timer size={14} strokeWidth={1.75} aria-label="Duration" />
            <Duration seconds={run.durationSeconds} counting={isCounting(run.status)} />
          </span>
        )}
      </div>
    </div>
  );
}
