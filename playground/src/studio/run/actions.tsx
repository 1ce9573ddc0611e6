// What can be done with the run. What cannot be done now stays where it is and says why.

import { ActionIcon, Button, Menu } from '@mantine/core';
import {
  Ban,
  DatabaseZap,
  Download,
  Ellipsis,
  GitCompareArrows,
  Pencil,
  RotateCcw,
  StepForward,
  Trash2,
  Undo2,
} from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useMutation } from 'urql';

import { CancelRunDocument } from '../api/operations';
import { comparisonOf, select, useSelected } from '../runs/selection';
import { Action } from '../ui/action';
import { count } from '../ui/figures';
import { MenuAction } from '../ui/menu-action';
import { DeleteRun } from './delete-run';
import { Naming } from './naming';
import { Rerun } from './rerun';
import {
  hasUnwritten,
  hasWork,
  whyNotApply,
  whyNotCancel,
  whyNotDelete,
  whyNotExport,
  whyNotRerun,
  whyNotResume,
  whyNotRollBack,
} from './reasons';
import { Resume, useResume } from './resume';
import classes from './run.module.css';
import { addressOf, type Tab } from './tabs';
import { type Format, useExport } from './use-export';
import type { Run } from './use-run';

type Dialog = 'resume' | 'rerun' | 'naming' | 'delete';

const EXPORTS: [format: Format, label: string, what: string][] = [
  ['csv', 'Results as CSV', 'All suggestions, for a spreadsheet'],
  ['json', 'Results as JSON', 'All suggestions, for programs'],
  ['sql', 'Statements as SQL', 'What Apply would write now'],
];

/** Most runs that a comparison takes. */
const MOST_COMPARED = 4;

interface ActionsProps {
  run: Run;
  /** The tab that is shown has no button that leads to it. */
  tab: Tab;
  onError: (error: unknown) => void;
}

export function Actions({ run, tab, onError }: ActionsProps) {
  const [dialog, setDialog] = useState<Dialog>();
  const navigate = useNavigate();
  const others = useSelected().filter(({ id }) => id !== run.id);
  const close = () => setDialog(undefined);
  const resume = useResume(run, () => setDialog('resume'), onError);
  const [{ fetching: isCancelling }, cancel] = useMutation(CancelRunDocument);

  const exporting = useExport(run, onError);
  const isExporting = exporting.reading !== undefined;

  const compare = () => {
    const chosen = [...others, { id: run.id, number: run.number, kind: run.kind }];
    select(chosen);
    navigate(others.length > 0 ? comparisonOf(chosen) : '/runs');
  };
  const whyNotCompare = hasWork(run)
    ? others.length >= MOST_COMPARED
      ? 'Four other runs are selected already; deselect one on the Runs page.'
      : undefined
    : 'Questions cannot be compared.';
  const whyNot = whyNotApply(run);
  const wantsResume = whyNotResume(run) === undefined;
  return (
    <>
      {whyNotCancel(run) === undefined || run.status === 'CANCELLING' ? (
        <Action
          variant="default"
          why={whyNotCancel(run)}
          busy={isCancelling}
          leftSection={<Ban size={16} strokeWidth={1.75} aria-hidden />}
          onClick={async () => {
            const { error } = await cancel({ id: run.id });
            onError(error);
          }}
        >
          Cancel
        </Action>
      ) : (
        wantsResume && (
          <Action
            variant="default"
            busy={resume.busy}
            leftSection={<StepForward size={16} strokeWidth={1.75} aria-hidden />}
            onClick={resume.start}
          >
            Resume{resume.asks ? '…' : ''}
          </Action>
        )
      )}
      {hasWork(run) &&
        tab !== 'apply' &&
        (whyNot === undefined ? (
          <Button
            component={Link}
            to={addressOf(run, 'apply')}
            variant={hasUnwritten(run) ? 'filled' : 'default'}
            leftSection={<DatabaseZap size={16} strokeWidth={1.75} aria-hidden />}
          >
            Apply…
          </Button>
        ) : (
          <Action
            needs="VIEWER"
            why={whyNot}
            className={classes.idle as string}
            leftSection={<DatabaseZap size={16} strokeWidth={1.75} aria-hidden />}
          >
            Apply…
          </Action>
        ))}
      {exporting.reading && (
        <span className="muted" role="status">
          Exporting {count(exporting.reading.read)} of {count(exporting.reading.total)}…
        </span>
      )}
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label="More actions">
            <Ellipsis size={16} strokeWidth={1.75} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <MenuAction icon={Pencil} onClick={() => setDialog('naming')}>
            Title and labels…
          </MenuAction>
          {!wantsResume && (
            <MenuAction icon={StepForward} why={whyNotResume(run)} onClick={resume.start}>
              Resume
            </MenuAction>
          )}
          <MenuAction icon={RotateCcw} why={whyNotRerun(run)} onClick={() => setDialog('rerun')}>
            Re-run…
          </MenuAction>
          <MenuAction icon={GitCompareArrows} needs="VIEWER" why={whyNotCompare} onClick={compare}>
            {others.length === 0 || whyNotCompare
              ? 'Compare with…'
              : `Compare with ${others.map(({ number }) => `#${number}`).join(', ')}`}
          </MenuAction>
          <MenuAction
            icon={Undo2}
            needs="VIEWER"
            why={whyNotRollBack(run)}
            onClick={() => navigate(addressOf(run, 'apply', 'rollback'))}
          >
            Roll back…
          </MenuAction>
          {hasWork(run) && (
            <>
              <Menu.Divider />
              <Menu.Label>Export</Menu.Label>
              {EXPORTS.map(([format, label, what]) => (
                <MenuAction
                  key={format}
                  icon={Download}
                  needs="VIEWER"
                  why={isExporting ? 'A file is being made.' : format === 'sql' ? whyNot : whyNotExport(run)}
                  what={what}
                  onClick={() => exporting.start(format)}
                >
                  {label}
                </MenuAction>
              ))}
            </>
          )}
          <Menu.Divider />
          <MenuAction icon={Trash2} needs="ADMIN" why={whyNotDelete(run)} onClick={() => setDialog('delete')}>
            Delete…
          </MenuAction>
        </Menu.Dropdown>
      </Menu>
      {dialog === 'resume' && <Resume run={run} onClose={close} />}
      {dialog === 'rerun' && <Rerun run={run} onClose={close} />}
      {dialog === 'naming' && <Naming run={run} onClose={close} />}
      {dialog === 'delete' && <DeleteRun run={run} onClose={close} />}
    </>
  );
}
