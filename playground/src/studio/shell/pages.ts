// The pages of the navigation and of the command palette.

import {
  CalendarClock,
  ChartColumn,
  Cpu,
  Database,
  History,
  KeyRound,
  type LucideIcon,
  MessageCircleQuestion,
  Moon,
  Play,
  Sparkles,
  Sun,
  SunMoon,
} from 'lucide-react';

export const PAGES: [to: string, label: string, icon: LucideIcon][] = [
  ['/runs', 'Runs', Play],
  ['/ask', 'Ask', MessageCircleQuestion],
  ['/schedules', 'Schedules', CalendarClock],
  ['/databases', 'Databases', Database],
  ['/models', 'Models', Sparkles],
  ['/usage', 'Usage', ChartColumn],
  ['/audit', 'Audit', History],
  ['/workers', 'Workers', Cpu],
  ['/settings', 'Settings', KeyRound],
];

export const THEMES = {
  auto: ['System theme', SunMoon],
  light: ['Light theme', Sun],
  dark: ['Dark theme', Moon],
} as const;
