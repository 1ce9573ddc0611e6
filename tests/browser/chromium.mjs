// A real Chromium, and what a page of Gloss must never do in it: speak to another host, fail a request, write an error
// to the console, throw.

import { chromium } from 'playwright-core';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where Chromium is, unless an option says otherwise. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

export const launch = (executablePath = CHROMIUM) =>
  chromium.launch({ executablePath, headless: true, args: ARGUMENTS });

/**
 * Calls `complain` with each thing that the page must not do. A request that the page itself aborts, because it was
 * left or has no more use for the answer, did not fail.
 */
export function watch(page, server, complain) {
  const { host } = new URL(server);
  const watchHost = (address) => {
    const url = new URL(address);
    if (!['data:', 'blob:'].includes(url.protocol) && url.host !== host) {
      complain(`a request to another host: ${address}`);
    }
  };
  page.on('request', (request) => watchHost(request.url()));
  page.on('websocket', (socket) => watchHost(socket.url()));
  page.on('requestfailed', (request) => {
    const { errorText } = request.failure() ?? {};
    if (errorText !== 'net::ERR_ABORTED') {
      complain(`failed: ${request.url()} ${errorText}`);
    }
  });
  page.on('pageerror', (error) => complain(`page error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') {
      complain(`console: ${message.text()} (${message.location().url})`);
    }
  });
}
