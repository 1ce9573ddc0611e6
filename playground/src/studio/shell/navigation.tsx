// The way to every page, the theme, and who is signed in.

import { Tooltip, useMantineColorScheme } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { BookOpenCheck, LogOut, Search, Terminal } from 'lucide-react';
import { Link, NavLink } from 'react-router';

import type { Viewer } from '../api/viewer';
import { PAGES, THEMES } from './pages';
import { signOut } from './session';
import classes from './shell.module.css';

const NEXT_THEME = { auto: 'light', light: 'dark', dark: 'auto' } as const;

interface NavigationProps {
  viewer: Viewer;
  version: string;
  openPalette: () => void;
}

export function Navigation({ viewer, version, openPalette }: NavigationProps) {
  const isIconic = useMediaQuery('(min-width: 700px) and (max-width: 1359px)') ?? false;
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [themeLabel, ThemeIcon] = THEMES[colorScheme];
  return (
    <nav className={classes.nav} aria-label="Pages">
      <Link to="/runs" className={classes.brand} aria-label="Gloss, to the runs">
        <BookOpenCheck size={20} strokeWidth={1.75} aria-hidden />
        <span>Gloss</span>
      </Link>
      <Tooltip label="Go to… (Ctrl + K)" position="right" disabled={!isIconic}>
        <button
          type="button"
          className={`${classes.link} ${classes.find}`}
          onClick={openPalette}
          aria-keyshortcuts="Control+K"
        >
          <Search size={16} strokeWidth={1.75} aria-hidden />
          <span>Go to…</span>
          <kbd aria-hidden>Ctrl K</kbd>
        </button>
      </Tooltip>
      {PAGES.map(([to, label, Icon]) => (
        <Tooltip key={to} label={label} position="right" disabled={!isIconic}>
          <NavLink to={to} className={classes.link as string}>
            <Icon size={16} strokeWidth={1.75} aria-hidden />
            <span>{label}</span>
          </NavLink>
        </Tooltip>
      ))}
      <Tooltip label="GraphiQL" position="right" disabled={!isIconic}>
        <a href="/graphiql" className={classes.link}>
          <Terminal size={16} strokeWidth={1.75} aria-hidden />
          <span>GraphiQL</span>
        </a>
      </Tooltip>
      <div className={classes.foot}>
        <Tooltip label={themeLabel} position="right" disabled={!isIconic}>
          <button type="button" className={classes.link} onClick={() => setColorScheme(NEXT_THEME[colorScheme])}>
            <ThemeIcon size={16} strokeWidth={1.75} aria-hidden />
            <span>{themeLabel}</span>
          </button>
        </Tooltip>
        {viewer.name !== 'local' && (
          <Tooltip label="Sign out" position="right" disabled={!isIconic}>
            <button type="button" className={classes.link} onClick={signOut}>
              <LogOut size={16} strokeWidth={1.75} aria-hidden />
              <span>Sign out</span>
            </button>
          </Tooltip>
        )}
        <div className={classes.viewer}>
          {viewer.name === 'local' ? 'Local administrator' : `${viewer.name} (${viewer.role.toLowerCase()})`}
          <br />
          Gloss {version}
        </div>
      </div>
    </nav>
  );
}
