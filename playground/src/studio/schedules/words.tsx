// How schedules read: when they fire, where they stand, what becomes of what they propose.

import { Tooltip } from '@mantine/core';
import { CalendarCheck, CalendarClock, CalendarX, Pause } from 'lucide-react';

import type { ReviewStrategy, ScheduleRowFragment, ScheduleStatus } from '../api/operations';
import { capital } from '../ui/capital';
import { count } from '../ui/figures';
import { Pill } from '../ui/status';
import { exact, relative, Unknown, useNow, zone } from '../ui/time';
import { cronWords } from './cron';
import classes from './schedules.module.css';
import { inZone } from './zones';

const STATUSES = {
  ACTIVE: { label: 'Active', icon: CalendarClock, tone: 'success' },
  PAUSED: { label: 'Paused', icon: Pause, tone: 'paused' },
  MISSED: { label: 'Missed', icon: CalendarX, tone: 'failed' },
  COMPLETED: { label: 'Completed', icon: CalendarCheck, tone: 'cancelled' },
} satisfies Record<ScheduleStatus, object>;

const NO_NEXT: Record<ScheduleStatus, string> = {
  ACTIVE: 'It has no further firing.',
  PAUSED: 'It is paused: resume it to see its next firing.',
  MISSED: 'No server was running at its time. Set a new time.',
  COMPLETED: 'It has fired, and fires only once.',
};

export const STRATEGIES: Record<ReviewStrategy, string> = { MANUAL: 'Review', AUTO: 'Apply' };

export function ScheduleStatusPill({ status }: { status: ScheduleStatus }) {
  return <Pill {...STATUSES[status]} />;
}

/** When it fires, in words: `Every weekday at 02:30`. */
export function rhythm({ cron, fireAt, timeZone }: Pick<ScheduleRowFragment, 'cron' | 'fireAt' | 'timeZone'>): string {
  if (cron === null) {
    return fireAt === null ? 'Never' : `Once, ${inZone(fireAt, timeZone)}`;
  }
  return capital(cronWords(cron) ?? cron);
}

/** A firing: relative to now, and as the schedule's zone shows it. The viewer's own time is on hover. */
export function Firing({ at, timeZone }: { at: string; timeZone: string }) {
  const now = useNow();
  const days = Math.round((new Date(at).getTime() - now) / 86_400_000);
  return (
    <Tooltip label={timeZone === zone ? exact(at) : `${exact(at)}, your time`}>
      <time dateTime={at} className={classes.firing}>
        <span>{inZone(at, timeZone)}</span>
        <span className="muted">{days > 14 ? `in ${count(days)} days` : relative(new Date(at).getTime(), now)}</span>
      </time>
    </Tooltip>
  );
}

export function NextFiring({ schedule }: { schedule: ScheduleRowFragment }) {
  return schedule.nextFireAt === null ? (
    <Unknown why={NO_NEXT[schedule.status]} />
  ) : (
    <Firing at={schedule.nextFireAt} timeZone={schedule.timeZone} />
  );
}
