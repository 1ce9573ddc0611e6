// Every page and its address. The server answers these addresses with the Studio: `src/http/pages.rs` lists them too.

import { createBrowserRouter, Navigate } from 'react-router';

import { RunsPage } from './runs/runs-page';
import { NotFound } from './shell/not-found';
import { PageError, RouteError } from './shell/route-error';
import { Shell } from './shell/shell';

/** A page whose script is loaded when it is first opened. */
const later = <K extends string>(load: () => Promise<Record<K, React.ComponentType>>, name: K) => ({
  lazy: async () => ({ Component: (await load())[name] }),
});

export const router = createBrowserRouter([
  {
    path: '/',
    element: <Shell />,
    errorElement: <RouteError />,
    hydrateFallbackElement: <></>,
    children: [
      {
        errorElement: <PageError />,
        children: [
          { index: true, element: <Navigate to="/runs" replace /> },
          { path: 'sign-in', element: <Navigate to="/runs" replace /> },
          { path: 'runs', element: <RunsPage /> },
          { path: 'runs/:number', ...later(() => import('./run/run-page'), 'RunPage') },
          { path: 'runs/new', ...later(() => import('./new-run/new-run-page'), 'NewRunPage') },
          { path: 'compare', ...later(() => import('./compare/compare-page'), 'ComparePage') },
          { path: 'ask/:session?', ...later(() => import('./ask/ask-page'), 'AskPage') },
          { path: 'schedules', ...later(() => import('./schedules/schedules-page'), 'SchedulesPage') },
          { path: 'schedules/new', ...later(() => import('./schedules/schedule-form'), 'NewSchedulePage') },
          { path: 'schedules/:id/edit', ...later(() => import('./schedules/schedule-form'), 'EditSchedulePage') },
          { path: 'schedules/:id', ...later(() => import('./schedules/schedule-page'), 'SchedulePage') },
          { path: 'databases', ...later(() => import('./databases/databases-page'), 'DatabasesPage') },
          { path: 'databases/:profile', ...later(() => import('./databases/database-page'), 'DatabasePage') },
          { path: 'databases/:profile/:schema/:table', ...later(() => import('./databases/table-page'), 'TablePage') },
          { path: 'models', ...later(() => import('./models/models-page'), 'ModelsPage') },
          { path: 'usage', ...later(() => import('./usage/usage-page'), 'UsagePage') },
          { path: 'audit', ...later(() => import('./audit/audit-page'), 'AuditPage') },
          { path: 'workers', ...later(() => import('./workers/workers-page'), 'WorkersPage') },
          { path: 'settings', ...later(() => import('./settings/settings-page'), 'SettingsPage') },
          { path: '*', element: <NotFound /> },
        ],
      },
    ],
  },
]);
