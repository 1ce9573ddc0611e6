// Three runs side by side: what differs, who wins, the grid with its filters, the baseline, the exports; a run that still
// goes; and every way in which runs cannot be compared.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { gate, proper } from '../model.mjs';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';

export default async function journey(studio) {
  const { page, api, until, isPhone } = studio;
  const parameters = () => new URL(page.url()).searchParams;
  const main = page.locator('main');
  const row = (name) => main.getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: false }) });
  /** The values of a row, one per run; on a phone by way of the switch. */
  const values = async (name, runs) => {
    if (!isPhone) {
      return row(name).first().getByRole('cell').allInnerTexts();
    }
    const found = [];
    for (const number of runs) {
      await main.getByText(`#${number}`, { exact: true }).first().click();
      await main
        .getByRole('columnheader')
        .getByRole('link', { name: `#${number}` })
        .waitFor();
      found.push(await row(name).first().getByRole('cell').innerText());
    }
    await main.getByText(`#${runs[0]}`, { exact: true }).first().click();
    return found;
  };
  const chip = (label) => main.getByRole('button', { name: new RegExp(`^${label}\\s*[\\d,]*$`) });
  const figure = async (label) => Number((await chip(label).innerText()).replace(/\D/g, ''));
  const pages = main.getByText(/^[\d,]+ of [\d,]+$/).last();
  const total = async () => Number(/of ([\d,]+)$/.exec(await pages.innerText())[1].replace(',', ''));

  // Three runs of the demo database: by the builtin describer, by a model, and by the describer over one table alone.
  const model = await studio.model();
  const llmProfileId = await model.profile('small', { inputCostPerMillionTokens: 1, outputCostPerMillionTokens: 2 });
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  const start = async (more, target = {}) =>
    (await api(START, { input: { targets: [{ dbProfileId, ...target }], ...more } })).startRun.runs[0];
  const ended = (run) =>
    until(`#${run.number} has ended`, async () => {
      const { status } = (await api('query($id: ID!) { run(id: $id) { status } }', { id: run.id })).run;
      return status === 'READY_FOR_REVIEW';
    });
  const schemas = [{ name: 'main', tables: [{ name: 'customers' }] }];
  const brief = { llmProfileId, options: { verbosity: 'BRIEF' } };
  const runs = [await start({}), await start(brief), await start({}, { schemas, exclude: ['*_bak'] })];
  for (const run of runs) {
    await ended(run);
  }

  // Too few: the page asks for another one.
  await studio.go('/compare?runs=1');
  await page.getByRole('heading', { name: 'Choose another run to compare with #1.' }).waitFor();
  await studio.axe('one run');
  await page.getByRole('textbox', { name: 'Number of a run' }).fill('2');
  await page.getByRole('button', { name: 'Add this run' }).click();
  await page.getByRole('heading', { name: 'Compare #1, #2' }).waitFor();
  assert.equal(await page.title(), 'Compare #1, #2 · Gloss');

  // Differing settings come first; the others on request.
  await studio.go('/compare?runs=1,2,3');
  await main.getByRole('heading', { name: 'Texts' }).waitFor();
  assert.deepEqual(await values('Length', [1, 2, 3]), ['Detailed', 'Brief', 'Detailed']);
  assert.match((await values('Left out', [1, 2, 3]))[2], /^\*_bak$/m);
  assert.equal(await row('Temperature').count(), 0);
  await main.getByRole('button', { name: /^Show \d+ that are the same$/ }).click();
  await row('Temperature').waitFor();
  assert.equal(parameters().get('settings'), 'all');
  await studio.axe('settings and metrics');

  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem').first().waitFor();
  await studio.axe('exports');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add a run' }).click();
  await page.getByRole('textbox', { name: 'Number of a run' }).waitFor();
  await studio.axe('a run to add');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Actions for #1' }).first().click();
  await page.getByRole('menuitem').first().waitFor();
  await studio.axe('actions for a run');
  await page.keyboard.press('Escape');

  // What was not measured is no zero and never wins, nor does what one run alone has; equal best values share the win.
  const [sent, asked] = await values('Tokens sent', [1, 2, 3]);
  assert.match(sent, /—/);
  assert.match(sent, /the builtin describer sends nothing to a model/);
  assert.match(asked, /^[\d,]+$/m);
  assert.equal(await row('Tokens sent').getByRole('img', { name: /^Best/ }).count(), 0);
  assert.match((await values('Cost', [1, 2, 3]))[0], /^\$0$/m);
  const best = ['Best, with #2 and #3', 'Best, with #1 and #3', 'Best, with #1 and #2'];
  for (const label of isPhone ? best.slice(0, 1) : best) {
    await row('Failed assets').getByRole('img', { name: label }).waitFor();
  }

  // The first run is the baseline unless another one is chosen, or none. Shares show their counts.
  assert.equal(await main.getByRole('combobox', { name: 'Baseline' }).inputValue(), 'Baseline #1');
  await main.getByText('Differences are to #1, the baseline.').waitFor();
  assert.match((await values('High confidence', [1, 2, 3]))[0], /\d% · [\d,]+ of [\d,]+/);
  assert.deepEqual((await values('LLM profile', [1, 2, 3])).slice(0, 2), ['builtin', 'small']);
  assert.deepEqual((await values('Provider', [1, 2, 3])).slice(0, 2), ['Builtin describer', 'OpenAI-compatible']);
  await main.getByRole('combobox', { name: 'Baseline' }).click();
  await page.getByRole('option', { name: 'No baseline' }).click();
  await main.getByText('Comments that people wrote are the reference.').waitFor();
  assert.equal(parameters().get('baseline'), 'none');

  // The three actions stand in one line.
  const tops = await Promise.all(
    [
      main.getByRole('combobox', { name: 'Baseline' }),
      page.getByRole('button', { name: 'Add a run' }),
      page.getByRole('button', { name: 'Export' }),
    ].map(async (action) => {
      const { y, height } = await action.boundingBox();
      return Math.round(y + height / 2);
    }),
  );
  assert.ok(Math.max(...tops) - Math.min(...tops) <= 1, `the actions stand at ${tops}`);

  // Another baseline gives differences; the URL keeps it.
  await main.getByRole('combobox', { name: 'Baseline' }).click();
  await page.getByRole('option', { name: 'Baseline #2' }).click();
  await until('the baseline is in the URL', () => parameters().get('baseline') === '2');
  await main.getByText('Differences are to #2, the baseline.').waitFor();
  const [chrf, own] = await values('chrF', [1, 2, 3]);
  assert.match(chrf, /^0\.\d{3}/m);
  assert.match(own, /this run is the baseline/);
  assert.match((await values('Suggestions', [1, 2, 3]))[2], /−[\d,]+/);

  // The grid: assets that a run lacks, filters with figures, search, word diff.
  const all = await total();
  const missing = await figure('Missing');
  assert.equal((await figure('Same')) + (await figure('Similar')) + (await figure('Different')) + missing, all);
  assert.ok(missing > 0 && missing < all);
  await chip('Missing').click();
  await until('only assets that #3 lacks are left', async () => (await total()) === missing);
  assert.equal(parameters().get('agreement'), 'missing');
  await chip('Tables').click();
  await until('only tables are left', async () => (await total()) < missing);
  assert.equal(parameters().get('kinds'), 'table');
  await main.getByRole('searchbox').fill('no asset like it');
  await page.getByRole('heading', { name: 'No assets match.' }).waitFor();
  await studio.axe('nothing matches');
  await main.getByRole('button', { name: 'Clear filters' }).first().click();
  await main.getByRole('searchbox').fill('customers');
  await until('the search finds the table', async () => (await total()) < all);
  const asset = page.getByRole('button', { name: 'main.customers', exact: true });
  const cells = main.getByRole(isPhone ? 'listitem' : 'row').filter({ has: asset });
  if (isPhone) {
    await main.getByText('#2', { exact: true }).first().click();
  }
  await cells.locator('ins').first().waitFor();
  await cells.locator('del').first().waitFor();
  await main.getByRole('checkbox', { name: 'Word diff' }).click();
  await cells.locator('ins').first().waitFor({ state: 'detached' });
  await asset.click();
  assert.equal(parameters().get('open'), 'main.customers');
  await cells.getByText('Reference, from #2:').waitFor();
  await studio.axe('an unfolded row');
  await page.reload();
  await cells.getByText('Reference, from #2:').waitFor();
  await cells.getByRole('link', { name: `main.customers in #${isPhone ? 1 : 2}` }).click();
  await page.waitForURL(new RegExp(`/runs/${isPhone ? 1 : 2}\\?`));
  await page.goBack();
  await cells.waitFor();

  // All three exports hold the whole comparison.
  const download = async (format) => {
    await main.getByRole('button', { name: 'Export' }).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: format }).click();
    return readFile(await (await coming).path(), 'utf8');
  };
  assert.equal(JSON.parse(await download('JSON')).assets.length, all);
  assert.match(await download('CSV'), /main\.customers/);
  assert.match(await download('Markdown'), /\| .*main\.customers/);

  // A column's menu: another first run, one run less.
  if (!isPhone) {
    await main.getByRole('button', { name: 'Actions for #3' }).click();
    await page.getByRole('menuitem', { name: 'Put first' }).click();
    await page.getByRole('heading', { name: 'Compare #3, #1, #2' }).waitFor();
    await main.getByRole('button', { name: 'Actions for #1' }).click();
    await page.getByRole('menuitem', { name: 'Leave out' }).click();
    await page.getByRole('heading', { name: 'Compare #3, #2' }).waitFor();
  }

  // A run that still goes: the page says so, and becomes whole by itself.
  const hold = gate();
  model.answer(async function* (body) {
    await hold.opened;
    yield* proper(body);
  });
  const live = await start({ llmProfileId }, { schemas });
  await studio.go(`/compare?runs=1,${live.number}`);
  await main.getByText(`#${live.number} is still describing`).waitFor();
  await studio.axe('a live run');
  hold.open();
  await main.getByText(`#${live.number} is still describing`).waitFor({ state: 'detached' });

  // What cannot be compared, and the way out.
  await api('mutation { ask(input: { question: "Where are the orders?" }) { run { id } } }');
  await studio.go('/compare?runs=1,5,2');
  await page.getByRole('heading', { name: 'Only runs that describe assets can be compared.' }).waitFor();
  await studio.axe('a question');
  await page.getByRole('link', { name: 'Compare #1, #2' }).click();
  await main.getByRole('heading', { name: 'Metrics' }).waitFor();
  await studio.go('/compare?runs=1,2,3,4,6');
  await page.getByRole('heading', { name: '5 runs are too many.' }).waitFor();
  await studio.go('/compare?runs=1,99');
  await page.getByRole('heading', { name: 'There is no run #99.' }).waitFor();
  await studio.axe('an unknown run');

  // A model judges the texts: what that costs, the verdicts, and their reasons.
  model.answer(async function* ({ messages }) {
    const length = (name) => new RegExp(`^Text ${name}: (.*)$`, 'm').exec(messages.at(-1).content)[1].length;
    const better = length('A') > length('B') ? 'A' : 'B';
    yield JSON.stringify({ reason: 'It says more of what the column means.', better });
  });
  await studio.go(`/compare?runs=3,${live.number}`);
  await page.getByRole('button', { name: 'Judge', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Judge the texts' });
  await dialog.getByText(/^About \$.*26 requests/).waitFor();
  await studio.axe('the dialog of the judge');
  await dialog.getByRole('button', { name: 'Judge 13 pairs' }).click();
  await dialog.waitFor({ state: 'detached' });
  await row('Preferred by the judge').first().getByText(/^[01]\.\d{3}$/).first().waitFor();
  await main.getByRole('button', { expanded: false, name: /customers/ }).first().click();
  await main.getByText('It says more of what the column means.').first().waitFor();
  await main.getByText(/ is better than #\d+, says scripted-model in #6$/).first().waitFor();
  await studio.axe('verdicts');

  // A run that is deleted while it is compared.
  await studio.go('/compare?runs=1,3');
  await main.getByRole('heading', { name: 'Metrics' }).waitFor();
  await api('mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }', { ids: [runs[2].id] });
  await page.getByRole('heading', { name: 'There is no run #3.' }).waitFor();
}
