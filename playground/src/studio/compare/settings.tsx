// The settings of the runs: those in which they differ, and on request the ones that are the same for all.

import { Button } from '@mantine/core';
import { useState } from 'react';

import type { CompareRunFragment } from '../api/operations';
import { plural } from '../ui/figures';
import { Unknown } from '../ui/time';
import classes from './compare.module.css';
import type { Summary } from './use-comparison';
import type { Change, View } from './view';
import { SETTINGS, settingText } from './words';

interface SettingsProps {
  summary: Summary;
  /** The places of the runs that are shown. */
  shown: number[];
  view: View;
  change: Change;
}

/** The settings that are the same for all runs, as the first one has them. */
function shared(summary: Summary): [setting: string, value: string][] {
  const differing = new Set(summary.differences.map(({ setting }) => setting));
  const [run] = summary.runs as [CompareRunFragment];
  return Object.entries(SETTINGS)
    .filter(([setting]) => !differing.has(setting))
    .map(([setting, [, read]]): [string, string] => [setting, String(read(run) ?? '')])
    .filter(([, value]) => value !== '');
}

const labelOf = (setting: string) => SETTINGS[setting]?.[0] ?? setting;

export function SettingRows({ summary, shown, view, change }: SettingsProps) {
  const { differences } = summary;
  const same = shared(summary);
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={shown.length + 1} className={classes.section} id="settings">
          <div className={classes.sectionHead}>
            <h2>Settings</h2>
            <span className="muted">
              {differences.length === 0 ? 'The same for all' : plural(differences.length, 'difference')}
            </span>
            <Button
              size="compact-xs"
              variant="subtle"
              onClick={() => change({ settings: !view.settings })}
              aria-expanded={view.settings}
            >
              {view.settings ? 'Show only differences' : `Show ${same.length} that are the same`}
            </Button>
          </div>
        </th>
      </tr>
      {differences.map(({ setting, values }) => (
        <tr key={setting}>
          <th scope="row">{labelOf(setting)}</th>
          {shown.map((at) => (
            <td key={at} className={classes.wrap}>
              {values[at] == null ? (
                <Unknown why="This run has none." />
              ) : (
                <Value text={settingText(setting, values[at])} />
              )}
            </td>
          ))}
        </tr>
      ))}
      {view.settings &&
        same.map(([setting, value]) => (
          <tr key={setting}>
            <th scope="row">{labelOf(setting)}</th>
            <td colSpan={shown.length} className={`${classes.wrap} muted`}>
              <Value text={settingText(setting, value)} />
            </td>
          </tr>
        ))}
    </tbody>
  );
}

const LONG = 160;

/** A value; a long one unfolds. */
function Value({ text }: { text: string }) {
  const [isOpen, setIsOpen] = useState(false);
  if (text.length <= LONG) {
    return text;
  }
  return (
    <>
      {isOpen ? text : `${text.slice(0, LONG)}… `}{' '}
      <button type="button" className={classes.more} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        {isOpen ? 'Less' : 'More'}
      </button>
    </>
  );
}
