// What can be done with a schedule: run it now, pause and resume it, edit it, delete it.

import { ActionIcon, Button, Group, Menu } from '@mantine/core';
import { Ellipsis, Pause, Pencil, Play, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { type CombinedError, useMutation } from 'urql';

import {
  ScheduleDeleteDocument,
  SchedulePauseDocument,
  ScheduleResumeDocument,
  type ScheduleRowFragment,
  ScheduleRunNowDocument,
} from '../api/operations';
import { Action } from '../ui/action';
import { Confirm } from '../ui/confirm';
import { MenuAction } from '../ui/menu-action';
import { Failure } from '../ui/states';

/** What came of an action, for the page to show. */
export type Outcome = { type: 'failed'; error: CombinedError } | { type: 'started'; name: string; runs: number[] };

interface ScheduleActionsProps {
  schedule: ScheduleRowFragment;
  onOutcome: (outcome: Outcome | undefined) => void;
  /** In a row of a list: only the first action has its name on it. */
  compact?: boolean;
  onDeleted?: () => void;
}

export function ScheduleActions({ schedule, onOutcome, compact = false, onDeleted }: ScheduleActionsProps) {
  const { id, name, status } = schedule;
  const [running, runNow] = useMutation(ScheduleRunNowDocument);
  const [pausing, pause] = useMutation(SchedulePauseDocument);
  const [resuming, resume] = useMutation(ScheduleResumeDocument);
  const [isDeleting, setIsDeleting] = useState(false);
  const navigate = useNavigate();
  const size = compact ? 'compact-sm' : 'xs';
  const isOver = status === 'COMPLETED' || status === 'MISSED';
  const isPaused = status === 'PAUSED';

  const tell = ({ error }: { error?: CombinedError | undefined }) => onOutcome(error && { type: 'failed', error });
  const start = async () => {
    onOutcome(undefined);
    const { data, error } = await runNow({ id });
    onOutcome(
      error
        ? { type: 'failed', error }
        : data && { type: 'started', name, runs: data.runScheduleNow.runs.map((run) => run.number) },
    );
  };
  return (
    <>
      <Action
        size={size}
        variant="default"
        busy={running.fetching}
        onClick={start}
        aria-label={`Run now: ${name}`}
        {...(compact ? {} : { leftSection: <Play size={14} strokeWidth={1.75} aria-hidden /> })}
      >
        Run now
      </Action>
      <Action
        size={size}
        variant="default"
        busy={pausing.fetching || resuming.fetching}
        why={isOver ? 'Its time has passed: set a new one instead.' : null}
        onClick={async () => tell(await (isPaused ? resume : pause)({ id }))}
        aria-label={`${isPaused ? 'Resume' : 'Pause'}: ${name}`}
        {...(compact
          ? { w: 72 }
          : {
              leftSection: isPaused ? (
                <RotateCw size={14} strokeWidth={1.75} aria-hidden />
              ) : (
                <Pause size={14} strokeWidth={1.75} aria-hidden />
              ),
            })}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </Action>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={compact ? 26 : 30} aria-label={`More for ${name}`}>
            <Ellipsis size={compact ? 14 : 16} strokeWidth={1.75} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <MenuAction icon={Pencil} onClick={() => navigate(`/schedules/${encodeURIComponent(id)}/edit`)}>
            Edit
          </MenuAction>
          <MenuAction icon={Trash2} needs="ADMIN" onClick={() => setIsDeleting(true)}>
            Delete…
          </MenuAction>
        </Menu.Dropdown>
      </Menu>
      {isDeleting && (
        <Deletion schedule={schedule} onClose={() => setIsDeleting(false)} {...(onDeleted ? { onDeleted } : {})} />
      )}
    </>
  );
}

function Deletion({
  schedule,
  onClose,
  onDeleted,
}: {
  schedule: ScheduleRowFragment;
  onClose: () => void;
  onDeleted?: () => void;
}) {
  const [{ error, fetching }, remove] = useMutation(ScheduleDeleteDocument);
  return (
    <Confirm
      title="Delete this schedule?"
      yes="Delete the schedule"
      error={error}
      busy={fetching}
      onClose={onClose}
      onYes={async () => {
        const { error: failed } = await remove({ id: schedule.id });
        if (!failed) {
          onClose();
          onDeleted?.();
        }
      }}
    >
      {schedule.name} will not fire any more, and its settings are lost. Its runs and their suggestions stay; a run that
      is under way goes on.
    </Confirm>
  );
}

/** Shows the outcome of the last action. */
export function OutcomeLine({ outcome, onClose }: { outcome: Outcome | undefined; onClose: () => void }) {
  const navigate = useNavigate();
  if (outcome?.type === 'failed') {
    return <Failure error={outcome.error} />;
  }
  return (
    <div role="status">
      {outcome && (
        <Group gap={8} mb={8} fz={13}>
          {outcome.runs.length === 0 ? (
            <span>{outcome.name}: nothing is new or changed since its last run, so no run was started.</span>
          ) : (
            <>
              <span>
                {outcome.name}: run #{outcome.runs[0]} was started.
              </span>
              <Button size="compact-xs" variant="light" onClick={() => navigate(`/runs/${outcome.runs[0]}`)}>
                Open it
              </Button>
            </>
          )}
          <Button size="compact-xs" variant="subtle" color="gray" onClick={onClose}>
            Dismiss
          </Button>
        </Group>
      )}
    </div>
  );
}
