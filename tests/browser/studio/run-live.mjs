// A live run: progress, a reload and a dead server in its middle with every event shown once, cancelling, resuming
// with a larger budget, what a viewer sees.

import assert from 'node:assert/strict';

import { gate, proper } from '../model.mjs';

/** Enough for one request of the run, not for all. */
const MOST_TOKENS = 8_000;
const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
const LAST = 'query($number: Int!) { runByNumber(number: $number) { lastSequence status progress { done } } }';
const TITLE = 'mutation($input: UpdateRunInput!) { updateRun(input: $input) { run { id } } }';
const TOKEN = 'mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }';

export default async function journey(studio) {
  const { page, api, until } = studio;
  const tab = (name) =>
    page.getByRole('navigation', { name: /^Run #/ }).getByRole('link', { name: new RegExp(`^${name}`) });
  const sequences = () =>
    page.locator('[data-sequence]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.sequence)));
  const state = async (number) => (await api(LAST, { number })).runByNumber;
  /** All events of the run are shown, in their order, each once. */
  const isComplete = (number) =>
    until('every event is shown once', async () => {
      const { lastSequence } = await state(number);
      assert.deepEqual(
        await sequences(),
        Array.from({ length: lastSequence }, (_, at) => at + 1),
      );
    });

  // A model that answers when it is let, one request at a time.
  const model = await studio.model();
  const held = [];
  let isOpen = false;
  model.answer(async function* (body) {
    if (!isOpen) {
      const mine = gate();
      held.push(mine);
      await mine.opened;
    }
    yield* proper(body);
  });
  const release = async (requests = 1) => {
    for (let at = 0; at < requests; at += 1) {
      await until('a request waits', () => held.length > 0);
      held.shift().open();
    }
  };
  const prices = { inputCostPerMillionTokens: 2, outputCostPerMillionTokens: 8 };
  const llmProfileId = await model.profile('slow', { concurrency: 1, ...prices });
  const dbProfileId = (await api('{ dbProfiles { id name } }')).dbProfiles.find(({ name }) => name === 'demo').id;
  const tables = ['customers', 'orders', 'products'].map((name) => ({ name }));
  const targets = [{ dbProfileId, schemas: [{ name: 'main', tables }] }];

  // Progress as it goes.
  await api(START, { input: { targets, llmProfileId } });
  await studio.go('/runs/1');
  const card = page.getByRole('region', { name: 'Progress' });
  await card.getByText(/^Processing main\.\w+(\.\w+)? \(\d+ of \d+\)$/).waitFor();
  assert.equal(await tab('Summary').getAttribute('aria-current'), 'page');
  await release(2);
  await until(
    'the bar moves',
    async () => Number(await card.getByRole('progressbar').getAttribute('aria-valuenow')) > 0,
  );
  await until('the tab tells how far it is', async () => /^#1 · \d+% · Running · Gloss$/.test(await page.title()));
  await until('cost is counted', async () => /\$0\.\d+/.test(await card.innerText()));
  await until('screen readers hear it', async () => /\d+ described/.test(await card.getByRole('status').innerText()));
  await studio.axe('live');

  // A reload in the middle, then a server that dies and comes back: every event once.
  await tab('Events').click();
  await isComplete(1);
  await release();
  await isComplete(1);
  await page.reload();
  await isComplete(1);
  await release();
  await isComplete(1);
  await studio.axe('live events');
  studio.expects(/failed: |net::ERR|WebSocket connection|502|500/);
  await studio.server('kill');
  await page.getByText('Reconnecting…').waitFor();
  await studio.axe('reconnecting');
  held.length = 0;
  await studio.server('start');
  await page.getByText('Reconnecting…').waitFor({ state: 'detached' });
  await release();
  await until(
    'it has gone on',
    async () => (await page.locator('[data-sequence]', { hasText: 'Continued' }).count()) === 1,
  );
  await isComplete(1);

  // Cancelled: what is done stays, and it can go on.
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByText('Cancelled', { exact: true }).first().waitFor();
  await page.locator('[data-sequence]', { hasText: 'Cancel requested by local' }).waitFor();
  await isComplete(1);
  await page.getByRole('button', { name: 'Resume', exact: true }).waitFor();
  await studio.axe('cancelled');
  isOpen = true;
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await page.getByText('Ready for review').first().waitFor();
  await isComplete(1);

  // A budget that is spent: the error, the hint and the way on stand together. The page's own query was answered while
  // the run was at work, and the answer arrives after the event of its end.
  isOpen = false;
  const budget = { maxTokens: MOST_TOKENS };
  const [second] = (await api(START, { input: { targets, llmProfileId, budget } })).startRun.runs;
  await until('a request waits', () => held.length > 0);
  const late = gate();
  let [isAsked, isAnswered, isHeard, isPaused] = [false, false, false, false];
  await page.route('**/graphql', async (route) => {
    if (isAsked || !route.request().postData()?.includes('runByNumber')) {
      return route.fallback();
    }
    isAsked = true;
    const response = await route.fetch();
    assert.equal((await response.json()).data.runByNumber.status, 'RUNNING');
    isAnswered = true;
    await late.opened;
    return route.fulfill({ response });
  });
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      if (/"runsChanged"/.test(payload)) {
        isHeard = true;
        isPaused ||= /"PAUSED"/.test(payload);
      }
    }),
  );
  await studio.go('/runs/2');
  await until('the page asked for the run', () => isAnswered);
  await until('the page hears of the run', async () => {
    await api(TITLE, { input: { id: second.id, title: 'A small budget' } });
    return isHeard;
  });
  isOpen = true;
  held.splice(0).forEach((waiting) => waiting.open());
  await until('the page hears that the run is paused', () => isPaused);
  late.open();
  const alert = page.getByRole('alert');
  await alert.getByText('LIMIT_EXCEEDED').waitFor();
  await studio.axe('paused');
  await alert.getByRole('button', { name: 'Resume with a larger budget…' }).click();
  const dialog = page.getByRole('dialog');
  await studio.axe('larger budget');
  await dialog.getByRole('checkbox', { name: 'Remove the budget' }).check();
  await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Ready for review').first().waitFor();

  // A question's run shows the question and its answer.
  await api('mutation { ask(input: { question: "Where are orders kept?" }) { run { number } } }');
  await studio.go('/runs/3');
  await page.getByText('Where are orders kept?', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Open the session' }).waitFor();
  assert.equal(await tab('Results').count(), 0);
  await studio.axe('question');

  // A run that is watched to its end stays on its tab.
  isOpen = false;
  await api(START, { input: { targets, llmProfileId } });
  await studio.go('/runs/4');
  await card.getByText(/^Processing main\./).waitFor();
  isOpen = true;
  for (const waiting of held.splice(0)) {
    waiting.open();
  }
  await page.getByText('Ready for review').first().waitFor();
  assert.equal(await tab('Summary').getAttribute('aria-current'), 'page');
  assert.equal(new URL(page.url()).searchParams.get('tab'), null);

  // A viewer sees everything and why nothing can be done.
  await page.goto('about:blank');
  studio.token = (await api(TOKEN, { input: { name: 'root', role: 'ADMIN' } })).createApiToken.secret;
  const { secret } = (await api(TOKEN, { input: { name: 'guest', role: 'VIEWER' } })).createApiToken;
  studio.expects(/401/);
  await studio.go('/runs/1?tab=summary');
  await page.getByLabel('Token').first().fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Outcome').waitFor();
  await page.getByRole('button', { name: 'More actions' }).click();
  const item = page.getByRole('menuitem', { name: /Re-run…/ });
  assert.equal(await item.getAttribute('aria-disabled'), 'true');
  await item.getByText('Your role is VIEWER; this needs OPERATOR.').waitFor();
  await studio.axe('viewer');
}
