// What stands around every page: navigation, the thin bar while the connection is lost, the sign-in form where the
// server wants a token.

import { Drawer } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { Menu, Search } from 'lucide-react';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { Outlet, useLocation } from 'react-router';
import { useQuery } from 'urql';

import { useConnection, whenRefused } from '../api/connection';
import { codeOf } from '../api/errors';
import { ShellDocument } from '../api/operations';
import { refused, useRefused, ViewerContext } from '../api/viewer';
import { Failure, Loading } from '../ui/states';
import { useVisits } from '../palette/visits';
import { Keyboard } from './keyboard';
import { Navigation } from './navigation';
import { PartBoundary } from './route-error';
import { rememberedViewer, rememberViewer } from './session';
import { SignIn } from './sign-in';
import classes from './shell.module.css';

whenRefused(refused);

const Palette = lazy(async () => ({ default: (await import('../palette/palette')).Palette }));

export function Shell() {
  const [{ data, error, fetching }, again] = useQuery({ query: ShellDocument });
  const isRefused = useRefused();
  const location = useLocation();
  const isNarrow = useMediaQuery('(max-width: 699px)') ?? false;
  const [isOpen, { open, close }] = useDisclosure(false);
  const opener = useRef<Element>(null);
  const [paletteIsOpen, palette] = useDisclosure(false);
  const [keysAreOpen, keys] = useDisclosure(false);
  useEffect(close, [location.pathname]);
  useVisits(location.pathname);
  const viewer = data?.viewer.name;
  useEffect(() => {
    if (viewer !== undefined) {
      rememberViewer(viewer);
    }
  }, [viewer]);

  const offline = error !== undefined && codeOf(error) === 'OFFLINE';
  useEffect(() => {
    if (!offline) {
      return undefined;
    }
    const timer = setInterval(() => again({ requestPolicy: 'network-only' }), 3000);
    return () => clearInterval(timer);
  }, [offline, again]);

  if (isRefused || (!data && error && codeOf(error) === 'UNAUTHENTICATED')) {
    return <SignIn before={viewer ?? rememberedViewer()} />;
  }
  if (!data) {
    return (
      <main className={classes.alone}>
        {error && !fetching ? (
          <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />
        ) : (
          <Loading rows={3} />
        )}
      </main>
    );
  }
  const openPalette = () => {
    opener.current = document.activeElement;
    close();
    palette.open();
  };
  const closePalette = () => {
    palette.close();
    // Once the dialog is gone, the focus returns to where it was, unless another dialog has come.
    setTimeout(() => {
      if (opener.current instanceof HTMLElement && !document.querySelector('[role="dialog"]')) {
        opener.current.focus({ preventScroll: true });
      }
    });
  };
  const navigation = <Navigation viewer={data.viewer} version={data.server.version} openPalette={openPalette} />;
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
              <button type="button" className={classes.menu} onClick={openPalette} aria-label="Go to…">
                <Search size={20} strokeWidth={1.75} aria-hidden />
              </button>
            </section>
            <Drawer opened={isOpen} onClose={close} size={240} title="Gloss" padding="xs">
              {navigation}
            </Drawer>
          </>
        ) : (
          <aside className={classes.side}>
            {navigation}
          </aside>
        )}
        <main className={classes.main} id="main" tabIndex={-1}>
          <ConnectionBar />
          <Suspense fallback={<Loading />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <Keyboard isOpen={keysAreOpen} open={keys.open} close={keys.close} openPalette={openPalette} />
      {paletteIsOpen && (
        <PartBoundary title="Go to…" onClose={closePalette}>
          <Suspense>
            <Palette close={closePalette} showKeys={keys.open} />
          </Suspense>
        </PartBoundary>
      )}
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
