// Walks through the Studio of a running server in Chromium as a person would.
//
//   node studio.mjs NAME URL FOLDER [--phone] [--dark] [--given NAME=VALUE]… [--chromium PATH]
//
// NAME is a journey: the module `studio/NAME.mjs`, whose default export is called with the stage:
//
//   page          Playwright's page, at desktop size or, with --phone, at a phone's
//   url, folder   the server's address; where pictures go
//   isPhone       what --phone says
//   given         what --given says: addresses of other servers that the journey needs
//   go(path)      opens an address of the Studio
//   api(query, variables)     GraphQL past the page; throws what goes wrong; with `studio.token` as the bearer
//   axe(state)    judges the page as it is now: axe-core finds nothing, nothing is wider than the screen; a picture
//   shot(name)    takes a picture
//   until(what, check)        calls `check` until it neither throws nor gives false
//   newPage(options)          another person's page: storage of its own, watched like the first; options of a context
//   model()       a scripted model server (`model.mjs`); its `profile(name)` makes an LLM profile of it, gives the id
//   navigate(label)           goes to a page by the navigation, on a phone by its drawer
//   server(act)   has the server killed (`kill`) or started again on the same data (`start`); needs the harness
//   expects(pattern)          complaints that match are meant to come: a refusal, a server that is gone
//
// Each test has a server of its own with an empty store. The journey fails on what it throws, on a finding of axe, and
// on what `chromium.mjs` watches for.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import axe from 'axe-core';

import { CHROMIUM, launch, watch } from './chromium.mjs';
import { MODEL, startModel } from './model.mjs';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    phone: { type: 'boolean', default: false },
    dark: { type: 'boolean', default: false },
    given: { type: 'string', multiple: true, default: [] },
    chromium: { type: 'string', default: CHROMIUM },
  },
});
const [name, url, folder] = positionals;
if (!folder) {
  console.error('usage: node studio.mjs NAME URL FOLDER [options]; the head of the file lists them');
  process.exit(2);
}
await mkdir(folder, { recursive: true });

/** The time that anything has to happen in. */
const PATIENCE_MS = 60_000;

const complaints = [];
const expected = [];
const models = [];
const browser = await launch(options.chromium);
const context = {
  ...(options.phone
    ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
    : { viewport: { width: 1440, height: 900 } }),
  colorScheme: options.dark ? 'dark' : 'light',
  reducedMotion: 'reduce',
  locale: 'en-GB',
  timezoneId: 'Europe/Berlin',
};

async function newPage(more = {}) {
  const page = await (await browser.newContext({ ...context, ...more })).newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  watch(page, url, (complaint) => complaints.push(complaint));
  return page;
}

let pictures = 0;
async function shot(title, page = studio.page) {
  pictures += 1;
  const file = `${String(pictures).padStart(2, '0')}-${title.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.png`;
  await page.screenshot({ path: join(folder, file) });
}

async function judge(state, page = studio.page) {
  await page.evaluate(() => document.fonts.ready);
  await shot(state, page);
  // By the debugger's door: the page's own policy would not let a strange script in.
  await page.evaluate(`${axe.source}; undefined`);
  const found = await page.evaluate(async () => {
    const rules = { 'target-size': { enabled: true } };
    const { violations } = await window.axe.run({ resultTypes: ['violations'], rules });
    // Open menus and lists stand outside the landmarks, as long as they are open.
    const isInPortal = ({ target }) => document.querySelector(target.join(' '))?.closest('[data-portal]');
    // What is scrolled under a bar or lies under an open menu is no target there.
    const isCovered = ({ target }) => {
      const element = document.querySelector(target.join(' '));
      const { left, top, width, height } = element.getBoundingClientRect();
      const above = document.elementFromPoint(left + width / 2, top + height / 2);
      return above !== null && !element.contains(above) && !above.contains(element);
    };
    return violations.flatMap(({ id, help, nodes }) =>
      nodes
        .filter((node) => id !== 'region' || !isInPortal(node))
        .filter((node) => id !== 'target-size' || !isCovered(node))
        .map((node) => `${id}: ${help}\n  ${node.html}\n  ${node.failureSummary}`),
    );
  });
  complaints.push(...found.map((finding) => `axe, ${state}: ${finding}`));
  // The page's scroll area hides what is too wide, and then scrolls sideways. Below 700 px no page may.
  const excess = await page.evaluate(() => {
    const area = window.innerWidth < 700 ? document.getElementById('scroll') : null;
    const inside = area === null ? 0 : area.scrollWidth - area.clientWidth;
    return Math.max(document.documentElement.scrollWidth - window.innerWidth, inside);
  });
  if (excess > 0) {
    complaints.push(`${state}: the page is ${excess} px wider than the screen`);
  }
}

async function until(what, check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    let problem;
    try {
      if ((await check()) !== false) {
        return;
      }
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited in vain until ${what}${problem ? `: ${problem.message}` : ''}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function api(query, variables = {}) {
  const bearer = studio.token === undefined ? {} : { authorization: `Bearer ${studio.token}` };
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) {
    throw new Error(`${JSON.stringify(errors)} from ${query}`);
  }
  return data;
}

async function model() {
  const started = await startModel();
  models.push(started);
  const profile = async (title = 'scripted', more = {}) => {
    const query = 'mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }';
    const input = { name: title, provider: 'OPENAI_COMPATIBLE', model: MODEL, baseUrl: started.baseUrl, ...more };
    return (await api(query, { input })).createLlmProfile.llmProfile.id;
  };
  return { ...started, profile };
}

async function navigate(label) {
  const { page } = studio;
  if (options.phone) {
    await page.getByRole('button', { name: 'Open navigation' }).click();
  }
  const pages = page.getByRole('navigation', { name: 'Pages', exact: true });
  await pages.getByRole('link', { name: label, exact: true }).click();
}

// The harness reads what is to be done with the server line by line, and answers each line when it is done.
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function server(act) {
  process.stdout.write(`server: ${act}\n`);
  const { value, done } = await answers.next();
  if (done || value !== 'done') {
    throw new Error(`the server was to ${act}; the harness says ${value}`);
  }
}

const studio = {
  page: await newPage(),
  url,
  folder,
  isPhone: options.phone,
  isDark: options.dark,
  given: Object.fromEntries(options.given.map((it) => it.split(/=(.*)/s).slice(0, 2))),
  token: undefined,
  go: (path) => studio.page.goto(new URL(path, url).href),
  api,
  axe: judge,
  shot,
  until,
  newPage,
  model,
  navigate,
  server,
  expects: (pattern) => expected.push(pattern),
};

try {
  const { default: journey } = await import(`./studio/${name}.mjs`);
  await journey(studio);
} catch (error) {
  await shot('failed').catch(() => {});
  complaints.push(error.stack ?? String(error));
  // Where no picture is kept, these words tell most.
  const said = await studio.page.locator('[role=status], [role=alert]').allInnerTexts().catch(() => []);
  const focus = await studio.page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200)).catch(() => '');
  complaints.push(`the page then: ${studio.page.url()}; it says ${JSON.stringify(said)}; the focus is on ${focus}`);
} finally {
  await browser.close();
  for (const started of models) {
    started.close();
  }
}

const meant = complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
for (const complaint of meant) {
  console.error(complaint);
}
console.log(meant.length === 0 ? 'ok' : `${meant.length} complaints; pictures are in ${folder}`);
process.exit(meant.length === 0 ? 0 : 1);
