// The review of a run's results by keyboard: walking, unfolding, accepting, alternatives, skipping, undo, paging,
// filters in the URL, and a run whose suggestions arrive while they are reviewed.

import assert from 'node:assert/strict';

import { gate, proper } from '../model.mjs';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
const STATE = `query($number: Int!) {
  runByNumber(number: $number) { id status reviewCounts { unreviewed accepted edited skipped }
    suggestions(first: 10) { nodes { asset { display } finalText description alternatives { text } } } }
}`;

export default async function journey(studio) {
  const { page, api, until, isPhone } = studio;
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  await api(START, { input: { targets: [{ dbProfileId }] } });
  const run = async (number = 1) => (await api(STATE, { number })).runByNumber;
  await until('the run is ready', async () => (await run()).status === 'READY_FOR_REVIEW');

  const lines = page.locator('[data-suggestion]');
  const line = (name) =>
    page.locator('[data-suggestion]', { has: page.getByRole('link', { name: new RegExp(`^${name}, `) }) });
  const status = page.getByRole('status').filter({ hasText: /\.$/ });
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? '');
  const place = () => lines.evaluateAll((all) => all.findIndex((it) => it.contains(document.activeElement)));
  const stands = (name, state) =>
    until(`${name} is ${state}`, async () => (await line(name).getAttribute('data-state')) === state);
  const counts = (expected) =>
    until(`the server counts ${JSON.stringify(expected)}`, async () => {
      assert.deepEqual((await run()).reviewCounts, expected);
    });
  const parameters = () => new URL(page.url()).searchParams;

  await studio.go('/runs/1?tab=results');
  await lines.first().waitFor();
  assert.equal(await lines.count(), 50);
  await page.getByText('50 of 148').waitFor();
  const { nodes } = (await run()).suggestions;
  const names = nodes.map(({ asset }) => asset.display);
  assert.equal((await page.getByText('main.addresses', { exact: true }).count()) > 0, true);
  await studio.axe('results');

  // A line unfolds, in the URL.
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.match(await focused(), new RegExp(`^${names[1]}, `));
  await page.keyboard.press('Enter');
  await until('the row is in the URL', () => parameters().has('open'));
  assert.equal(parameters().get('tab'), 'results');
  await line(names[1]).getByRole('heading', { name: 'Wordings' }).waitFor();
  await studio.axe('unfolded');
  await page.reload();
  await line(names[1]).getByRole('heading', { name: 'Wordings' }).waitFor();

  // Decisions go on to the next line, and it unfolds.
  await line(names[1]).getByRole('link').first().focus();
  await page.keyboard.press('a');
  await stands(names[1], 'ACCEPTED');
  await line(names[2]).getByRole('heading', { name: 'Wordings' }).waitFor();
  assert.match(await focused(), new RegExp(`^${names[2]}, `));
  await page.keyboard.press('2');
  await stands(names[2], 'ACCEPTED');
  await page.keyboard.press('s');
  await stands(names[3], 'SKIPPED');
  await counts({ unreviewed: 145, accepted: 2, edited: 0, skipped: 1 });
  assert.equal((await run()).suggestions.nodes[2].finalText, nodes[2].alternatives[1].text);
  await page.getByRole('button', { name: /^Skipped\s*1$/ }).waitFor();

  // Undo, from the last decision back.
  await page.keyboard.press('u');
  await stands(names[3], 'UNREVIEWED');
  await status.getByText(`Undone: Skipped ${names[3]}.`).waitFor();
  await page.keyboard.press('u');
  await stands(names[2], 'UNREVIEWED');
  await counts({ unreviewed: 147, accepted: 1, edited: 0, skipped: 0 });
  await page.keyboard.press('Escape');
  await until('the row is folded', () => !parameters().has('open'));

  // Undo puts back what stood before, not only nothing.
  await line(names[1])
    .getByRole('button', { name: `Skip ${names[1]}` })
    .click();
  await stands(names[1], 'SKIPPED');
  await page.keyboard.press('u');
  await stands(names[1], 'ACCEPTED');

  // The key a leaves an accepted text as it is and moves on; a number changes it, the line's sign takes it back.
  const textOf = async (index) => (await run()).suggestions.nodes[index].finalText;
  const [, , { alternatives }] = nodes;
  await line(names[2]).getByRole('link').first().focus();
  await page.keyboard.press('2');
  await stands(names[2], 'ACCEPTED');
  await page.keyboard.press('k');
  await page.keyboard.press('a');
  await status.getByText(`${names[2]} is accepted already.`).waitFor();
  assert.match(await focused(), new RegExp(`^${names[3]}, `));
  await counts({ unreviewed: 146, accepted: 2, edited: 0, skipped: 0 });
  assert.equal(await textOf(2), alternatives[1].text);
  await page.keyboard.press('k');
  await page.keyboard.press('1');
  await until('another wording is accepted', async () => (await textOf(2)) === alternatives[0].text);
  await line(names[2])
    .getByRole('button', { name: `Accept ${names[2]}` })
    .click();
  await stands(names[2], 'UNREVIEWED');

  // Keys do nothing while somebody types.
  const search = page.getByRole('searchbox', { name: 'Search suggestions' });
  await search.fill('');
  await search.pressSequentially('us');
  await until('the search is in the URL', () => parameters().get('search') === 'us');
  await search.press('Escape');
  await until('the search is gone', () => !parameters().has('search'));
  await page.getByText('50 of 148').waitFor();
  await counts({ unreviewed: 147, accepted: 1, edited: 0, skipped: 0 });
  await search.fill('postal');
  await until('the new search is in the URL', () => parameters().get('search') === 'postal');
  await until('the list is shorter', async () => (await lines.count()) < 50);
  await page.reload();
  await lines.first().waitFor();
  assert.equal(await search.inputValue(), 'postal');
  await search.fill('no such thing');
  await page.getByRole('heading', { name: 'No suggestions match.' }).waitFor();
  await studio.axe('nothing matches');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await page.getByText('50 of 148').waitFor();

  // A decided row stays where it is although it no longer matches.
  await page.getByRole('button', { name: /^Unreviewed\s*147$/ }).click();
  await until('the list is unreviewed', async () => (await line(names[1]).count()) === 0);
  await line(names[2]).getByRole('link').first().focus();
  await page.keyboard.press('a');
  await stands(names[2], 'ACCEPTED');
  await page.getByText('49 of 146').waitFor();
  assert.equal(await line(names[2]).getAttribute('data-gone'), 'true');
  await page.keyboard.press('u');
  await stands(names[2], 'UNREVIEWED');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();

  // Order and groups; one table.
  await page.getByText('50 of 148').waitFor();
  await page.getByRole('button', { name: 'Order and groups' }).click();
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Name, Z to A' }).waitFor();
  await studio.axe('order and groups');
  await page.getByRole('option', { name: 'Name, Z to A' }).click();
  await until('the order is in the URL', () => parameters().get('sort') === 'name.desc');
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'As in the database' }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('combobox', { name: 'Table' }).click();
  await page.getByRole('option', { name: /^main\.orders \(\d+\)$/ }).waitFor();
  await studio.axe('one table');
  await page.getByRole('option', { name: /^main\.orders \(\d+\)$/ }).click();
  await until('the table is in the URL', () => parameters().get('table') === 'orders');
  const ofTable = `query($id: ID!) {
    run(id: $id) { suggestions(filter: { schema: "main", table: "orders" }) { totalCount } }
  }`;
  const { totalCount } = (await api(ofTable, { id: (await run()).id })).run.suggestions;
  await page.getByRole('button', { name: new RegExp(`^All\\s*${totalCount}$`) }).waitFor();
  await page.getByRole('button', { name: new RegExp(`^Unreviewed\\s*${totalCount}$`) }).waitFor();
  await page.getByRole('button', { name: /^Skip all/ }).click();
  await page.getByText('Nothing is written for skipped suggestions.').waitFor();
  await studio.axe('skip all');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Clear filters' }).first().click();

  // The last line leads to the next page.
  await page.getByText('50 of 148').waitFor();
  await lines.nth(49).getByRole('link').first().focus();
  await page.keyboard.press('j');
  await until('the next page is there', () => parameters().has('after'));
  await until('its first line is focused', async () => (await line(names[0]).count()) === 0 && (await place()) === 0);
  await page.keyboard.press('k');
  await until('the page before is there', () => parameters().has('before'));
  await until('its last line is focused', async () => (await line(names[0]).count()) === 1 && (await place()) === 49);
  await page.getByRole('button', { name: 'First', exact: true }).click();

  // Some are selected and decided together.
  if (!isPhone) {
    await page.getByText('50 of 148').waitFor();
    await until('the first page is there', async () => (await line(names[0]).count()) === 1);
    await page.getByRole('checkbox', { name: `Select ${names[4]}`, exact: true }).click();
    await page.getByRole('checkbox', { name: `Select ${names[6]}`, exact: true }).click({ modifiers: ['Shift'] });
    await page.getByText('3 selected').waitFor();
    await studio.axe('some selected');
    await page.keyboard.press('s');
    for (const name of names.slice(4, 7)) {
      await stands(name, 'SKIPPED');
    }
    await page.getByRole('button', { name: 'Undo' }).click();
    for (const name of names.slice(4, 7)) {
      await stands(name, 'UNREVIEWED');
    }
  }

  // Low confidence: the least sure first.
  await page.getByRole('button', { name: 'Low confidence', exact: true }).click();
  await until(
    'the preset is in the URL',
    () => parameters().get('band') === 'low' && parameters().get('sort') === 'confidence.asc',
  );
  await until('the least sure are first', async () => {
    const shown = await lines.locator('span', { hasText: /^Low 0\.\d\d$/ }).allInnerTexts();
    const sure = shown.map((text) => Number(text.slice(4)));
    return isPhone || (sure.length > 1 && sure.every((value, index) => index === 0 || sure[index - 1] <= value));
  });
  await studio.axe('low confidence');

  // What the server refuses is taken back, with the reason.
  const refuse = (held = Promise.resolve()) =>
    page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('ReviewDecide')) {
        await held;
        const errors = [{ message: 'The store is read-only.', extensions: { code: 'CONFLICT' } }];
        await route.fulfill({ json: { data: null, errors } });
      } else {
        await route.fallback();
      }
    });
  await refuse();
  const before = await lines.first().getAttribute('data-state');
  await lines
    .first()
    .getByRole('button', { name: /^Accept / })
    .click();
  await page.getByRole('status').getByText('The store is read-only.').waitFor();
  assert.equal(await lines.first().getAttribute('data-state'), before);
  await studio.axe('refused');
  await page.unroute('**/graphql');
  await page.getByRole('button', { name: 'Try again' }).click();
  await until('the decision holds', async () => (await lines.first().getAttribute('data-state')) === 'ACCEPTED');

  // Of several that are refused none is lost: all are named, and sent again in their order.
  await studio.go('/runs/1?tab=results');
  await line(names[4]).getByRole('link').first().focus();
  const refusal = gate();
  await refuse(refusal.opened);
  for (const [at, key, state] of [
    [4, 'a', 'ACCEPTED'],
    [5, 'a', 'ACCEPTED'],
    [6, 's', 'SKIPPED'],
  ]) {
    await until(`${names[at]} has the focus`, async () => (await focused()).startsWith(`${names[at]}, `));
    await page.keyboard.press(key);
    await stands(names[at], state);
  }
  refusal.open();
  const what = `accept ${names[4]}, accept ${names[5]}, skip ${names[6]}`;
  await page.getByRole('status').getByText(`Could not save 3 decisions: ${what}. The store is read-only.`).waitFor();
  await studio.axe('several refused');
  await page.unroute('**/graphql');
  await page.getByRole('button', { name: 'Try again' }).click();
  await stands(names[4], 'ACCEPTED');
  await stands(names[5], 'ACCEPTED');
  await stands(names[6], 'SKIPPED');
  await page.getByRole('button', { name: 'Try again' }).waitFor({ state: 'detached' });
  await status.getByText(`Skipped ${names[6]}.`).waitFor();

  // A run that goes on: finished rows can be reviewed, new ones are appended.
  const model = await studio.model();
  const [second, others] = [gate(), gate()];
  let answered = 0;
  model.answer(async function* (body) {
    answered += 1;
    if (answered > 1) {
      await (answered === 2 ? second : others).opened;
    }
    yield* proper(body);
  });
  const llmProfileId = await model.profile('slow', { concurrency: 1 });
  const tables = ['addresses', 'categories', 'customers'].map((name) => ({ name }));
  const target = { dbProfileId, schemas: [{ name: 'main', tables }] };
  await api(START, { input: { targets: [target], llmProfileId } });
  await studio.go('/runs/2?tab=results');
  await lines.first().waitFor();
  const early = await lines.count();
  assert.equal((await run(2)).status, 'RUNNING');
  await lines.first().getByRole('link').first().focus();
  await page.keyboard.press('a');
  await until('the first is accepted', async () => (await lines.first().getAttribute('data-state')) === 'ACCEPTED');
  const shown = () => lines.evaluateAll((all) => all.map((it) => it.dataset.suggestion));
  const known = await shown();
  second.open();
  await until('new rows arrive', async () => (await lines.count()) > early);
  assert.deepEqual((await shown()).slice(0, known.length), known);
  await studio.axe('a live run');

  // In another order new rows would push others aside: a button shows them.
  await studio.go('/runs/2?tab=results&sort=confidence.desc');
  await lines.first().waitFor();
  // The list is read twice, from the cache and from the server.
  await page.waitForLoadState('networkidle');
  const sorted = await shown();
  others.open();
  const arrived = page.getByRole('button', { name: /^\d+ new suggestions?$/ });
  await arrived.waitFor();
  await until('the run has ended', async () => (await run(2)).status === 'READY_FOR_REVIEW');
  const total = Object.values((await run(2)).reviewCounts).reduce((sum, figure) => sum + figure, 0);
  await until(
    'all that wait are counted',
    async () => Number.parseInt(await arrived.innerText(), 10) === Math.min(total, 50) - sorted.length,
  );
  assert.deepEqual(await shown(), sorted);
  await arrived.click();
  await until('all rows are there', async () => (await lines.count()) === Math.min(total, 50));
}
