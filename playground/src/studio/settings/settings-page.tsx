// The signed-in caller, the theme, and the server's tokens.

import { Button, SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';

import { useViewer } from '../api/viewer';
import { signOut } from '../shell/session';
import { Card, Page } from '../ui/page';
import { ROLES } from './roles';
import classes from './settings.module.css';
import { Tokens } from './tokens';

export function SettingsPage() {
  return (
    <Page title="Settings">
      <div className={classes.page}>
        <You />
        <Theme />
        <Tokens />
      </div>
    </Page>
  );
}

function You() {
  const { name, role } = useViewer();
  const isLocal = name === 'local';
  return (
    <Card
      title="You"
      actions={
        isLocal ? undefined : (
          <Button size="compact-sm" variant="default" onClick={signOut}>
            Sign out
          </Button>
        )
      }
    >
      <p className={classes.text}>
        <b className={classes.name}>{isLocal ? 'Local administrator' : name}</b>, role {ROLES[role].label}.{' '}
        {isLocal
          ? 'No token exists yet: every user of this machine has all rights.'
          : ROLES[role].you}{' '}
        What you do is recorded under the name {isLocal ? 'local' : name}.
      </p>
    </Card>
  );
}

const THEMES: { value: MantineColorScheme; label: string }[] = [
  { value: 'auto', label: 'System' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
];

function Theme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Card title="Theme">
      <SegmentedControl
        aria-label="Theme"
        data={THEMES}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as MantineColorScheme)}
      />
    </Card>
  );
}
