// What the form for a schedule holds. It survives a reload, in this tab, until it is saved or thrown away.

import type { CreateScheduleInput, UpdateScheduleInput } from '../api/operations';
import { budgetInput, freshOptions, type Model, modelOf, type Options, optionsInput } from '../new-run/options';
import { type Target, targetInput, targetOf } from '../scope/model';
import { zone } from '../ui/time';
import type { Schedule } from './schedule-page';
import { momentAt, wallTime } from './zones';

export interface Draft {
  name: string;
  repeats: boolean;
  cron: string;
  /** A date and time on the clock of `timeZone`. */
  wall: string;
  timeZone: string;
  onChange: boolean;
  target: Target | null;
  options: Options;
  apply: boolean;
}

/** Tomorrow at half past two, on the clock of a zone. */
const tomorrow = (timeZone: string) => `${wallTime(new Date(Date.now() + 86_400_000), timeZone).slice(0, 10)}T02:30`;

export const fresh = (models: Model[]): Draft => ({
  name: '',
  repeats: true,
  cron: '30 2 * * MON-FRI',
  wall: tomorrow(zone),
  timeZone: zone,
  onChange: false,
  target: null,
  // A schedule is for long: it begins with the default model, not with the one that happened to be used last.
  options: freshOptions(models, null),
  apply: false,
});

export function draftOf(schedule: Schedule, models: Model[]): Draft {
  const { options, budget, fireAt, timeZone } = schedule;
  const llmProfileId = schedule.llmProfile?.id ?? null;
  const isBuiltin = modelOf(models, { llmProfileId })?.provider === 'BUILTIN';
  return {
    name: schedule.name,
    repeats: schedule.cron !== null,
    cron: schedule.cron ?? '30 2 * * MON-FRI',
    wall: fireAt === null ? tomorrow(timeZone) : wallTime(new Date(fireAt), timeZone),
    timeZone,
    onChange: schedule.onChange,
    target: targetOf(schedule.dbProfile.id, schedule.scope),
    options: {
      llmProfileId,
      missingOnly: options.missingOnly,
      replaceComments: options.replaceComments,
      alternatives: options.alternatives,
      temperature: options.temperature,
      maxOutputTokens: options.maxOutputTokens,
      verbosity: options.verbosity,
      profileData: options.profileData === isBuiltin ? null : options.profileData,
      inherit: options.inherit,
      instructions: options.instructions ?? '',
      maxCostUsd: budget?.maxCostUsd ?? null,
      maxTokens: budget?.maxTokens ?? null,
      maxMinutes: budget?.maxSeconds == null ? null : budget.maxSeconds / 60,
    },
    apply: schedule.reviewStrategy === 'AUTO',
  };
}

export function createInput(draft: Draft, target: Target): CreateScheduleInput {
  const budget = budgetInput(draft.options);
  const fireAt = momentAt(draft.wall, draft.timeZone)?.toISOString();
  return {
    name: draft.name.trim(),
    ...(draft.repeats ? { cron: draft.cron.trim() } : fireAt ? { fireAt } : {}),
    timeZone: draft.timeZone,
    onChange: draft.onChange,
    target: targetInput(target),
    llmProfileId: draft.options.llmProfileId,
    options: optionsInput(draft.options),
    ...(budget ? { budget } : {}),
    reviewStrategy: draft.apply ? 'AUTO' : 'MANUAL',
  };
}

/** The change from what a schedule was. A moment that was not changed is not sent: it may have passed. */
export function updateInput(draft: Draft, target: Target, schedule: Schedule): UpdateScheduleInput {
  const { cron, fireAt, ...rest } = createInput(draft, target);
  const wasAt = schedule.fireAt === null ? undefined : new Date(schedule.fireAt);
  const isSameMoment =
    wasAt !== undefined && wallTime(wasAt, schedule.timeZone) === draft.wall && schedule.timeZone === draft.timeZone;
  return {
    ...rest,
    id: schedule.id,
    budget: budgetInput(draft.options),
    ...(draft.repeats
      ? { cron: cron ?? '', ...(schedule.fireAt === null ? {} : { fireAt: null }) }
      : { ...(isSameMoment || !fireAt ? {} : { fireAt }), ...(schedule.cron === null ? {} : { cron: null }) }),
  };
}

const keyOf = (id: string | undefined) => `gloss.schedule.${id ?? 'new'}`;

export function kept(id: string | undefined): Draft | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(id)) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

export function keep(id: string | undefined, draft: Draft | undefined) {
  try {
    if (draft) {
      sessionStorage.setItem(keyOf(id), JSON.stringify(draft));
    } else {
      sessionStorage.removeItem(keyOf(id));
    }
  } catch {
    // It lasts until the page is left.
  }
}
