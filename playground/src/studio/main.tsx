// The Studio: the pages for people, on the same GraphQL API that everybody else uses.
//
// A folder for each page (`runs/`, `run/`, `compare/`, …) with its `.graphql` operations beside its components; `api/`
// is the client, `design/` the tokens, `ui/` what several pages share, `shell/` what stands around every page.
// To add a page: a folder, a line in `routes.tsx`, a line in `shell/navigation.tsx`.

import '@mantine/core/styles.css';
import './design/tokens.css';

import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';
import { Provider } from 'urql';

import { client } from './api/client';
import { theme, variables } from './design/theme';
import { colorSchemes } from './design/color-scheme';
import { router } from './routes';

createRoot(document.getElementById('studio') as HTMLElement).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemes}
    >
      <Provider value={client}>
        <RouterProvider router={router} />
      </Provider>
    </MantineProvider>
  </StrictMode>,
);
