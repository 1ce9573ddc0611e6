// For a page that could not be loaded or drawn; the frame around it stays.
//
// Where a script is missing and the server does not answer, the page waits and loads again by itself. Where the server
// answers, an update has replaced its scripts: a reload brings the new ones.

import { Button, Modal } from '@mantine/core';
import { Component, type ReactNode, useEffect, useState } from 'react';
import { useRouteError } from 'react-router';

import { isMissing } from '../api/missing';
import { Page } from '../ui/page';
import { Trouble } from '../ui/states';

const EVERY_MS = 3000;
const RELOADED = 'gloss.reloaded';
/** A reload that follows another one sooner than this would not help. */
const SOON_MS = 30_000;

async function answers(): Promise<boolean> {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}

/** Reloads the page, unless it was just reloaded; returns whether it does. */
function reloadOnce(): boolean {
  try {
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (Date.now() - last < SOON_MS) {
      return false;
    }
    sessionStorage.setItem(RELOADED, String(Date.now()));
  } catch {
    return false;
  }
  window.location.reload();
  return true;
}

function Missing() {
  const [isBack, setIsBack] = useState(false);
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      if ((await answers()) && !isOver) {
        clearInterval(timer);
        if (!reloadOnce()) {
          setIsBack(true);
        }
      }
    };
    const timer = setInterval(look, EVERY_MS);
    void look();
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, []);
  return isBack ? (
    <Trouble
      code="PAGE"
      message="A part of this page could not be loaded."
      hint="The server answers, but not with this part. Reload the page."
    >
      <Reload />
    </Trouble>
  ) : (
    <Trouble
      code="OFFLINE"
      message="The server does not answer."
      hint="The page tries again by itself and opens once the server answers."
    />
  );
}

const Reload = () => (
  <Button size="compact-xs" variant="default" onClick={() => window.location.reload()}>
    Reload
  </Button>
);

function What({ error }: { error: unknown }) {
  if (isMissing(error)) {
    return <Missing />;
  }
  const message = error instanceof Error ? error.message : 'The page could not be shown.';
  return (
    <Trouble code="PAGE" message={message} hint="Reload the page. If that does not help, report this message.">
      <Reload />
    </Trouble>
  );
}

/** In place of one page. */
export function PageError() {
  return (
    <Page title="Page not loaded" tab="Gloss">
      <What error={useRouteError()} />
    </Page>
  );
}

/** In place of the frame itself. */
export function RouteError() {
  return (
    <main style={{ maxWidth: 560, margin: '0 auto', padding: '96px 12px 0' }}>
      <What error={useRouteError()} />
    </main>
  );
}

interface PartProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** Around a dialog that is loaded later: a failure shows in a dialog as well. */
export class PartBoundary extends Component<PartProps, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    const { title, onClose, children } = this.props;
    return this.state.error === undefined ? (
      children
    ) : (
      <Modal opened onClose={onClose} title={title}>
        <What error={this.state.error} />
      </Modal>
    );
  }
}
