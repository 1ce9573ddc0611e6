// Takes a picture of every page and state of the Studio: light and dark, desktop and phone.
//
//   node screenshots.mjs BINARY FOLDER [--only WORD] [--chromium PATH]
//
// It starts two servers of its own, one with an empty store and one with a history, and writes
// FOLDER/desktop-light/NAME.png and so on. `--only` takes the scenes whose name holds the word. To add a scene: a line
// in SCENES; to add to the history: a step in `fill`. It fails when a scene cannot be reached; the
// pictures are for people to judge.

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

import { CHROMIUM, launch } from './chromium.mjs';
import { MODEL, proper, startModel } from './model.mjs';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, chromium: { type: 'string', default: CHROMIUM } },
});
const [binary, folder] = positionals;
if (!folder) {
  console.error('usage: node screenshots.mjs BINARY FOLDER [options]; the head of the file lists them');
  process.exit(2);
}

/** The server seems to think about an operation for ever. */
const thinks = (name) => (page) =>
  page.route('**/graphql', (route) =>
    route.request().postDataJSON()?.operationName === name ? undefined : route.fallback(),
  );
/** A key opens a dialog. */
const opening = (key) => async (page) => {
  await page.getByRole('button', { name: /^Go to…/ }).waitFor();
  await page.keyboard.press(key);
  await page.getByRole('dialog').waitFor();
};
/** The viewer seems to have the lowest role. */
const asViewer = (page) =>
  page.route('**/graphql', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('"role":"ADMIN"', '"role":"VIEWER"');
    await route.fulfill({ response, body });
  });

/**
 * Name, address, and what is done there before the picture. `on` is the server: `empty` or, by default, `full`.
 * `before` is done before the page is opened; `isLoading` takes the picture while it loads.
 */
const SCENES = [
  { name: 'runs-loading', path: '/runs?kind=all', before: thinks('Runs'), isLoading: true },
  { name: 'run-loading', path: '/runs/1', before: thinks('RunPage'), isLoading: true },
  { name: 'offline', path: '/runs', before: (page) => page.route('**/graphql', (route) => route.abort()) },
  {
    name: 'reconnecting',
    path: '/runs?kind=all',
    before: (page) => page.routeWebSocket('**/graphql', (socket) => socket.close({ code: 1011 })),
    ready: (page) => page.getByText('Reconnecting…').waitFor(),
  },
  { name: 'runs-viewer', path: '/runs?kind=all', before: asViewer },
  { name: 'review-viewer', path: '/runs/1?tab=results', before: asViewer },
  { name: 'databases-viewer', path: '/databases', before: asViewer },
  { name: 'runs-first-use', on: 'empty', path: '/runs' },
  { name: 'runs', path: '/runs?kind=all', ready: (page) => page.getByText('Ready for review').first().waitFor() },
  {
    name: 'runs-selected',
    path: '/runs?kind=all',
    act: async (page) => {
      await page.getByRole('link', { name: '#1', exact: true }).waitFor();
      for (const key of ['j', 'x', 'j', 'x']) {
        await page.keyboard.press(key);
      }
    },
  },
  { name: 'runs-filtered-empty', path: '/runs?kind=all&search=nothing+like+it' },
  {
    name: 'runs-filters',
    path: '/runs?kind=all',
    act: (page) => page.getByRole('button', { name: /^Filters/ }).click(),
  },
  { name: 'run', path: '/runs/1' },
  {
    name: 'review-unfolded',
    path: '/runs/1?tab=results',
    act: async (page) => {
      await page.locator('[data-suggestion]').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
    },
  },
  {
    name: 'review-editing',
    path: '/runs/1?tab=results',
    act: async (page) => {
      await page.locator('[data-suggestion]').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('e');
    },
  },
  {
    name: 'review-some-selected',
    path: '/runs/1?tab=results',
    act: async (page) => {
      await page.locator('[data-suggestion]').first().waitFor();
      for (const key of ['j', 'x', 'j', 'x']) {
        await page.keyboard.press(key);
      }
    },
  },
  {
    name: 'review-accept-all',
    path: '/runs/1?tab=results',
    act: async (page) => {
      await page.getByRole('button', { name: /^Accept all / }).click();
      await page.getByText('unreviewed suggestions match.').waitFor();
    },
  },
  { name: 'review-least-sure', path: '/runs/1?tab=results&band=low&sort=confidence.asc&group=none' },
  { name: 'review-nothing-matches', path: '/runs/1?tab=results&search=nothing+like+it' },
  { name: 'review-no-page', path: '/runs/1?tab=results&after=nonsense' },
  { name: 'review-live', path: '/runs/2?tab=results' },
  { name: 'review-decided', path: '/runs/3?tab=results' },
  { name: 'run-summary', path: '/runs/1?tab=summary' },
  { name: 'run-events', path: '/runs/1?tab=events' },
  {
    name: 'run-actions',
    path: '/runs/1?tab=summary',
    act: (page) => page.getByRole('button', { name: 'More actions' }).click(),
  },
  {
    name: 'run-again',
    path: '/runs/1?tab=summary',
    act: async (page) => {
      await page.getByRole('button', { name: 'More actions' }).click();
      await page.getByRole('menuitem', { name: 'Re-run…' }).click();
    },
  },
  { name: 'run-apply-nothing', path: '/runs/1?tab=apply' },
  { name: 'run-roll-back', path: '/runs/3?tab=apply&plan=rollback' },
  { name: 'run-outcome', path: '/runs/3?tab=apply&plan=last' },
  { name: 'run-question', path: '/runs/4' },
  { name: 'run-live', path: '/runs/2' },
  { name: 'run-live-events', path: '/runs/2?tab=events' },
  { name: 'run-unknown', path: '/runs/999' },
  { name: 'new-run', path: '/runs/new' },
  {
    name: 'new-run-options',
    path: '/runs/new?schema=main&table=orders',
    act: async (page) => {
      await page.getByRole('treeitem', { name: /^orders/ }).waitFor();
      await page.getByRole('button', { name: /^Options/ }).click();
      await page.getByLabel('Wordings of each description').fill('9');
      await page.getByText('from 1 to 5.').first().waitFor();
    },
  },
  { name: 'compare', path: '/compare?runs=1,3' },
  {
    name: 'compare-texts',
    path: '/compare?runs=1,3&baseline=1',
    act: (page) => page.getByRole('navigation', { name: 'Parts of the comparison' }).getByText('Texts').click(),
  },
  { name: 'compare-no-match', path: '/compare?runs=1,3&search=nothing+like+it' },
  { name: 'compare-too-few', path: '/compare?runs=1' },
  { name: 'compare-too-many', path: '/compare?runs=1,2,3,4,5' },
  { name: 'compare-unknown', path: '/compare?runs=1,999' },
  { name: 'ask', path: '/ask', ready: (page) => page.getByRole('button', { name: /^How are/ }).waitFor() },
  { name: 'ask-first-use', on: 'empty', path: '/ask' },
  {
    name: 'ask-session',
    path: '/ask',
    act: async (page) => {
      const sessions = page.getByRole('button', { name: 'Sessions' });
      await page.getByRole('navigation', { name: 'Sessions' }).or(sessions).first().waitFor();
      if (await sessions.isVisible()) {
        await sessions.click();
      }
      await page.getByRole('navigation', { name: 'Sessions' }).getByRole('link', { name: /^Where are/ }).click();
      await page.getByRole('article').waitFor();
    },
  },
  { name: 'schedules', path: '/schedules' },
  { name: 'schedules-first-use', on: 'empty', path: '/schedules' },
  { name: 'schedule-new', path: '/schedules/new' },
  {
    name: 'schedule',
    path: '/schedules',
    act: (page) => page.getByRole('link', { name: 'Nightly, new tables' }).click(),
  },
  { name: 'schedule-unknown', path: '/schedules/U2NoZWR1bGU6OTk5' },
  { name: 'databases', path: '/databases' },
  { name: 'database', path: '/databases/demo' },
  { name: 'database-search', path: '/databases/demo?q=customer' },
  { name: 'database-activity', path: '/databases/demo?tab=activity' },
  { name: 'database-settings', path: '/databases/demo?tab=settings' },
  { name: 'database-form', path: '/databases?form=new' },
  { name: 'database-unknown', path: '/databases/nothing' },
  { name: 'table', path: '/databases/demo/main/orders' },
  { name: 'table-column', path: '/databases/demo/main/orders?column=status' },
  { name: 'table-draft', path: '/databases/demo/main/orders?column=status&mode=draft' },
  { name: 'table-unknown', path: '/databases/demo/main/nothing' },
  { name: 'models', path: '/models' },
  { name: 'model-form', path: '/models?form=new' },
  { name: 'usage', path: '/usage' },
  { name: 'usage-first-use', on: 'empty', path: '/usage' },
  { name: 'audit', path: '/audit' },
  {
    name: 'audit-roll-back',
    path: '/audit?run=3',
    act: (page) => page.getByRole('button', { name: 'Roll back #3…' }).click(),
  },
  { name: 'audit-no-match', path: '/audit?search=nothing+like+it' },
  { name: 'audit-first-use', on: 'empty', path: '/audit' },
  { name: 'workers', path: '/workers' },
  { name: 'settings', path: '/settings' },
  {
    name: 'settings-new-token',
    path: '/settings',
    act: (page) => page.getByRole('button', { name: 'New token' }).click(),
  },
  { name: 'no-such-page', path: '/settings/nowhere' },
  { name: 'keys', path: '/runs', act: opening('?') },
  { name: 'palette', path: '/runs', act: opening('Control+k') },
  {
    name: 'palette-found',
    path: '/runs',
    act: async (page) => {
      await opening('Control+k')(page);
      await page.getByRole('combobox', { name: 'Go to' }).fill('customer');
      await page.getByRole('option', { name: /customer_totals/ }).first().waitFor();
    },
  },
];

/** A history: a reviewed run, one that is live, a second to compare with, a question. */
async function fill(api, model) {
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const demo = dbProfiles.find(({ name }) => name === 'demo').id;
  const profile = 'mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }';
  const llm = await api(profile, {
    input: { name: 'local', provider: 'OPENAI_COMPATIBLE', model: MODEL, baseUrl: model.baseUrl },
  });
  const start = async (more) => {
    const { startRun } = await api('mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }', {
      input: { targets: [{ dbProfileId: demo }], ...more },
    });
    return startRun.runs[0].id;
  };
  const ended = async (id) => {
    for (;;) {
      const { run } = await api('query($id: ID!) { run(id: $id) { status } }', { id });
      if (!['QUEUED', 'RUNNING', 'APPLYING'].includes(run.status)) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await ended(await start({}));
  // It describes half of the tables and waits for the model from then on.
  let asked = 0;
  model.answer(async function* (body) {
    asked += 1;
    if (asked > 4) {
      await new Promise(() => {});
    }
    yield* proper(body);
  });
  await start({ llmProfileId: llm.createLlmProfile.llmProfile.id });
  await ended(await start({ command: 'RUN_APPLY' }));
  const schedule = 'mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }';
  const target = { dbProfileId: demo };
  await api(schedule, { input: { name: 'Nightly, new tables', cron: '30 2 * * MON-FRI', timeZone: 'Europe/Berlin', onChange: true, target } });
  await api(schedule, { input: { name: 'Once', fireAt: new Date(Date.now() + 86_400_000).toISOString(), target } });
  await api('mutation { ask(input: { question: "Where are the e-mail addresses of customers?" }) { run { id } } }');
}

/** A server on a free port with a store of its own. */
async function serve() {
  const data = await mkdtemp(join(tmpdir(), 'gloss-'));
  const environment = { ...process.env, GLOSS_LISTEN: '127.0.0.1:0', GLOSS_DATA_DIR: data, GLOSS_LOG: 'warn' };
  const child = spawn(binary, ['serve'], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  let url;
  for await (const line of createInterface({ input: child.stdout })) {
    url = line.match(/(http:\/\/\S+)\/graphql/)?.[1];
    if (url) {
      break;
    }
  }
  if (!url) {
    throw new Error('the server does not start');
  }
  child.stdout.resume();
  const api = async (query, variables = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data: answer, errors } = await response.json();
    if (errors) {
      throw new Error(JSON.stringify(errors));
    }
    return answer;
  };
  const stop = async () => {
    const left = new Promise((resolve) => child.once('exit', resolve));
    child.kill();
    await left;
    await rm(data, { recursive: true, force: true });
  };
  return { url, api, stop };
}

const model = await startModel();
const browser = await launch(options.chromium);
const servers = { empty: await serve(), full: await serve() };
let failed = 0;
try {
  await fill(servers.full.api, model);
  for (const size of ['desktop', 'phone']) {
    for (const colorScheme of ['light', 'dark']) {
      const sized = size === 'phone'
        ? { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
        : { viewport: { width: 1440, height: 900 } };
      const pictures = join(folder, `${size}-${colorScheme}`);
      await mkdir(pictures, { recursive: true });
      const scenes = SCENES.filter((scene) => scene.name.includes(options.only));
      for (const { name, on = 'full', path, before, isLoading, ready, act } of scenes) {
        const context = await browser.newContext({ ...sized, colorScheme, reducedMotion: 'reduce' });
        const page = await context.newPage();
        page.setDefaultTimeout(10_000);
        try {
          await before?.(page);
          await page.goto(servers[on].url + path);
          await page.locator('main').first().waitFor();
          await ready?.(page);
          await act?.(page);
          // Nothing loads any more: no skeleton, and what came late has found its place.
          if (!isLoading) {
            await page.waitForFunction(() => !document.querySelector('[role=status][aria-label=Loading]'));
          }
          await page.waitForTimeout(300);
          await page.screenshot({ path: join(pictures, `${name}.png`) });
        } catch (error) {
          failed += 1;
          console.error(`${size} ${colorScheme} ${name}: ${error.message}`);
        }
        await context.close();
      }
    }
  }
} finally {
  await browser.close();
  model.close();
  await Promise.all([servers.empty.stop(), servers.full.stop()]);
}
console.log(failed === 0 ? `the pictures are in ${folder}` : `${failed} scenes could not be reached`);
process.exit(failed === 0 ? 0 : 1);
