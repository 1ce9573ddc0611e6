// What stands around every page: navigation, the thin bar while the connection is lost, the sign-in form where the
// server wants a token.

import { Drawer } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { Menu } from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { Outlet, useLocation } from 'react-router';
import { useQuery } from 'urql';

import { useConnection, whenRefused } from '../api/connection';
import { codeOf } from '../api/errors';
import { ShellDocument } from '../api/operations';
import { refused, useRefused, ViewerContext } from '../api/viewer';
import { Failure, Loading } from '../ui/states';
import { Keyboard } from './keyboard';
import { Navigation } from './navigation';
import { SignIn } from './sign-in';
import classes from './shell.module.css';

whenRefused(refused);

export function Shell() {
  const [{ data, error, fetching }, again] = useQuery({ query: ShellDocument });
  const isRefused = useRefused();
  const location = useLocation();
  const isNarrow = useMediaQuery('(max-width: 699px)') ?? false;
  const [isOpen, { open, close }] = useDisclosure(false);
  useEffect(close, [location.pathname]);

  const offline = error !== undefined && codeOf(error) === 'OFFLINE';
  useEffect(() => {
    if (!offline) {
      return undefined;
    }
    const timer = setInterval(() => again({ requestPolicy: 'network-only' }), 3000);
    return () => clearInterval(timer);
  }, [offline, again]);

  if (isRefused || (!data && error && codeOf(error) === 'UNAUTHENTICATED')) {
    return <SignIn before={data?.viewer.name} />;
  }
  if (!data) {
    return (
      <main className={classes.alone}>
        {error && !fetching ? <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} /> : <Loading rows={3} />}
      </main>
    );
  }
  return (
    <ViewerContext.Provider value={data.viewer}>
      <a className={classes.skip} href="#main">
        Skip to the page
      </a>
      <div className={classes.shell}>
        {isNarrow ? (
          <>
            <section className={classes.bar} aria-label="Top bar">
              <button type="button" className={classes.menu} onClick={open} aria-label="Open navigation">
                <Menu size={20} strokeWidth={1.75} aria-hidden />
              </button>
              <span className={classes.brand}>Gloss</span>
            </section>
            <Drawer opened={isOpen} onClose={close} size={240} title="Gloss" padding="xs">
              <Navigation viewer={data.viewer} version={data.server.version} />
            </Drawer>
          </>
        ) : (
          <aside className={classes.side}>
            <Navigation viewer={data.viewer} version={data.server.version} />
          </aside>
        )}
        <main className={classes.main} id="main" tabIndex={-1}>
          <ConnectionBar />
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Keyboard />
    </ViewerContext.Provider>
  );
}

/** While the connection is lost; the page's data stays. */
function ConnectionBar() {
  const { live } = useConnection();
  return (
    <div role="status" className={live ? 'visually-hidden' : classes.reconnecting}>
      {live ? '' : 'Reconnecting… What you see may be out of date.'}
    </div>
  );
}
