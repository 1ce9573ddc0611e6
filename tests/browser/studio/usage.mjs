// Usage and workers: nothing used yet; tokens with a price and without one, by model and by day; a process at work.

import assert from 'node:assert/strict';

import { gate, proper } from '../model.mjs';

export default async function journey(studio) {
  const { page, api, until, isPhone } = studio;
  const main = page.locator('main');
  const parameters = () => new URL(page.url()).searchParams;

  await studio.go('/usage');
  await page.getByRole('heading', { name: 'No usage.' }).waitFor();
  await studio.axe('nothing used');

  // The describer uses no tokens: words in place of an empty chart.
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  const targets = [{ dbProfileId, schemas: [{ name: 'main', tables: [{ name: 'customers' }] }] }];
  const query = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
  const start = async (llmProfileId) => (await api(query, { input: { targets, llmProfileId } })).startRun.runs[0];
  await start();
  await page.getByRole('heading', { name: 'No tokens were used.' }).waitFor();
  await studio.axe('no tokens');

  // A run with prices enters by itself.
  const model = await studio.model();
  const priced = await model.profile('priced', { inputCostPerMillionTokens: 10, outputCostPerMillionTokens: 20 });
  const unpriced = await model.profile('unpriced');
  await start(priced);
  const head = page.getByRole('columnheader', { name: 'Model', exact: true });
  const models = main.getByRole('table').filter({ has: head });
  const rows = isPhone
    ? main.getByRole('list', { name: 'Models' }).getByRole('listitem')
    : models.getByRole('row');
  const row = rows.filter({ hasText: 'scripted-model' });
  await until('its cost is known', async () => /\$0\.\d+/.test(await row.innerText()));
  const { usage } = await api(
    '{ usage(window: LAST_7_DAYS) { total { totalTokens } byDay(timeZone: "Europe/Berlin") { day } } }',
  );
  const tokens = usage.total.totalTokens.toLocaleString('en');
  await until('all tokens are counted', async () => (await row.innerText()).includes(tokens));

  // Each day is a bar that says its figures, under the pointer and for screen readers.
  const bars = main.getByRole('group', { name: /, in Europe\/Berlin$/ }).getByRole('button');
  assert.equal(await bars.count(), usage.byDay.length);
  await bars.last().focus();
  const said = await bars.last().getAttribute('aria-label');
  assert.match(said, /Runs started 2, Tokens [\d,]+, Requests \d+, Cost \$0\.\d+/);
  await page.keyboard.press('ArrowLeft');
  assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /Tokens 0/);
  await studio.axe('a day in hand');
  await main.locator('label').filter({ hasText: 'Requests' }).click();

  // The runs of a model are as many as its figure says.
  assert.match(await row.getByRole('link').innerText(), /^1( run)?$/);
  await row.getByRole('link').click();
  await main.getByText('1 of 1', { exact: true }).waitFor();
  await page.goBack();
  await row.waitFor();

  // Another window is another address.
  await main.getByText('Today', { exact: true }).click();
  await until('the window is in the URL', () => parameters().get('window') === 'today');
  await page.goBack();
  await until('the window before is back', () => parameters().get('window') === null);

  // A model without prices makes the cost unknown, in words.
  await start(unpriced);
  await main.getByText('The price is not known for scripted-model.').waitFor();
  await studio.axe('a price that is not known');

  // The process, and what it is doing.
  const hold = gate();
  model.answer(async function* (body) {
    await hold.opened;
    yield* proper(body);
  });
  const live = await start(priced);
  await studio.go('/workers');
  await main.getByRole('link', { name: `#${live.number}` }).waitFor();
  await main.getByRole('progressbar', { name: `Progress of #${live.number}` }).waitFor();
  await main.getByText(/^1 process, 1 of \d+ slots in use, no runs queued\.$/).waitFor();
  await studio.axe('at work');
  hold.open();
  await main.getByText('Idle.').waitFor();
  await studio.axe('idle');
}
