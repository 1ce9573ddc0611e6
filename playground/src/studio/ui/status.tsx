// The words, icons and colours of a run's status and of kinds of run: one place, so that every page says the same.

import {
  Ban,
  Check,
  CircleStop,
  Clock,
  DatabaseZap,
  Eye,
  LoaderCircle,
  type LucideIcon,
  Pause,
  TriangleAlert,
  X,
} from 'lucide-react';
import type { ReactNode } from 'react';

import type { RunCommand, RunKind, RunStatus } from '../api/operations';
import classes from './status.module.css';

interface Look {
  label: string;
  icon: LucideIcon;
  tone: string;
}

export const STATUSES: Record<RunStatus, Look> = {
  QUEUED: { label: 'Queued', icon: Clock, tone: 'queued' },
  RUNNING: { label: 'Running', icon: LoaderCircle, tone: 'running' },
  PAUSED: { label: 'Paused', icon: Pause, tone: 'paused' },
  CANCELLING: { label: 'Cancelling', icon: CircleStop, tone: 'cancelling' },
  APPLYING: { label: 'Applying', icon: DatabaseZap, tone: 'applying' },
  READY_FOR_REVIEW: { label: 'Ready for review', icon: Eye, tone: 'review' },
  SUCCESS: { label: 'Success', icon: Check, tone: 'success' },
  FAILED: { label: 'Failed', icon: X, tone: 'failed' },
  CANCELLED: { label: 'Cancelled', icon: Ban, tone: 'cancelled' },
};

export const KINDS: Record<RunKind, string> = {
  ANALYZE: 'Analyze',
  RERUN: 'Re-run',
  GENERATE: 'Generate',
  ASK: 'Ask',
  SCHEDULE: 'Schedule',
  JUDGE: 'Judge',
};

/** The word in the Command column. */
export const KIND_WORDS: Record<RunKind, string> = {
  ANALYZE: 'analyze',
  RERUN: 're-run',
  GENERATE: 'generate',
  ASK: 'ask',
  SCHEDULE: 'schedule',
  JUDGE: 'judge',
};

export const COMMANDS: Record<RunCommand, string> = {
  RUN: 'analyze for review',
  RUN_APPLY: 'analyze and apply',
  RERUN: 're-run',
  VARIATIONS: 're-run as variations',
  GENERATE: 'generate one draft',
  ASK: 'ask',
  SCHEDULE: 'scheduled analyze',
  JUDGE: 'judge',
};

/** Whether runs of a kind describe assets, so that they have suggestions. */
export const describes = (kind: RunKind) => kind !== 'ASK' && kind !== 'JUDGE';


/** Whether a worker has the run or will take it. */
export const isLive = (status: RunStatus) =>
  status === 'QUEUED' || status === 'RUNNING' || status === 'CANCELLING' || status === 'APPLYING';

/** Whether time passes for the run: its duration counts. */
export const isCounting = (status: RunStatus) => status === 'RUNNING';

export function Pill({ tone, icon: Icon, label }: { tone: string; icon: LucideIcon; label: ReactNode }) {
  return (
    <span className={classes.pill} style={{ color: `var(--${tone})`, background: `var(--${tone}-ground)` }}>
      <Icon size={14} strokeWidth={1.75} aria-hidden className={tone === 'running' ? classes.spin : undefined} />
      {label}
    </span>
  );
}

interface StatusPillProps {
  status: RunStatus;
  failed?: number;
  /** Shows the number of failed rows without the word. */
  isShort?: boolean;
}

/** The pill of a status, with the number of failed rows beside it. */
export function StatusPill({ status, failed = 0, isShort = false }: StatusPillProps) {
  return (
    <span className={classes.pills}>
      <Pill {...STATUSES[status]} />
      {failed > 0 && (
        <Pill
          tone="paused"
          icon={TriangleAlert}
          label={
            <span title={`${failed} failed`}>
              {failed}
              <span className={isShort ? 'visually-hidden' : undefined}> failed</span>
            </span>
          }
        />
      )}
    </span>
  );
}

/** Turns while something is at work. */
export function Spinner({ label }: { label: string }) {
  return <LoaderCircle size={14} strokeWidth={1.75} className={classes.spin} role="img" aria-label={label} />;
}
