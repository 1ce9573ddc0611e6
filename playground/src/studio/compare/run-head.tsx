// A run at the head of its column: number, title, model, status, and what can be done with it in this comparison.

import { ActionIcon, Menu } from '@mantine/core';
import { Ellipsis } from 'lucide-react';
import { Link, useNavigate } from 'react-router';

import type { CompareRunFragment } from '../api/operations';
import { StatusPill } from '../ui/status';
import { Clipped } from '../ui/text';
import classes from './compare.module.css';
import { addressOf, type Change, type View } from './view';

interface RunHeadProps {
  run: CompareRunFragment;
  view: View;
  change: Change;
}

export function RunHead({ run, view, change }: RunHeadProps) {
  const navigate = useNavigate();
  const name = String(run.number);
  const others = view.runs.filter((it) => it !== name);
  const isBaseline = view.baseline === name;
  const isFirst = view.runs[0] === name;
  return (
    <div className={classes.head}>
      <div className={classes.headLine}>
        <Link to={`/runs/${run.number}`} className="mono">
          #{run.number}
        </Link>
        {isBaseline && <span className={classes.mark}>baseline</span>}
        {isFirst && !isBaseline && <span className={classes.mark}>first</span>}
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={24} aria-label={`Actions for #${run.number}`} className={classes.headMenu as string}>
              <Ellipsis size={16} strokeWidth={1.75} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item disabled={isFirst} onClick={() => navigate(addressOf([name, ...others], view.baseline))}>
              Put first: diffs are against it
            </Menu.Item>
            <Menu.Item onClick={() => change({ baseline: isBaseline ? '' : name })}>
              {isBaseline ? 'Use no baseline' : 'Use as the baseline'}
            </Menu.Item>
            <Menu.Item
              disabled={others.length < 2}
              onClick={() => navigate(addressOf(others, isBaseline ? undefined : view.baseline))}
            >
              Leave out
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
      <Clipped text={run.title ?? run.model ?? run.scopeSummary} className={classes.headTitle ?? ''} focusable />
      <StatusPill status={run.status} failed={run.status === 'FAILED' ? 0 : run.progress.failed} />
    </div>
  );
}
