// From the first start to comments in the database and back: the demo run is watched, reviewed, applied, rolled back.
// And what else a run's page does: its name, a re-run, the way to a comparison, deleting.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

const PLAN = '{ runByNumber(number: 1) { id reviewCounts { accepted applied } } }';
const COMMENTS = '{ appliedComments(first: 0) { totalCount } }';
const VERSIONS = `{ runByNumber(number: 2) { suggestions(first: 1) { nodes {
  id versions { id review { state text } } } } } }`;
const REVIEW = 'mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }';

export default async function journey(studio) {
  const { page, api, until } = studio;
  const tab = (name) =>
    page.getByRole('navigation', { name: /^Run #/ }).getByRole('link', { name: new RegExp(`^${name}`) });
  const button = (name) => page.getByRole('button', { name, exact: typeof name === 'string' });
  const menu = async (item) => {
    await button('More actions').click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const parameters = () => new URL(page.url()).searchParams;
  const icon = () => page.locator('link[rel="icon"]').getAttribute('href');

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  /** The statements that were copied. */
  const copied = async () =>
    (await page.evaluate(() => navigator.clipboard.readText())).match(/^(INSERT|DELETE)\b.*/gm) ?? [];

  // Watching: the page goes from the queue to the end by itself.
  await studio.go('/');
  await button('Describe the demo database').click();
  await page.waitForURL('**/runs/1');
  await page.getByText('Ready for review').first().waitFor();
  await until('the tab tells number and state', async () => (await page.title()) === '#1 · Ready for review · Gloss');
  assert.match(await icon(), /^data:image\/svg/);
  // A run that ended before its page was there opens on its results.
  await tab('Summary').click();
  await page.getByRole('link', { name: 'Open 148 results' }).click();
  await page.locator('[data-suggestion]').first().waitFor();
  await studio.go('/runs/1');
  await page.locator('[data-suggestion]').first().waitFor();
  assert.equal(await tab('Results').getAttribute('aria-current'), 'page', 'a run that has ended opens on its results');

  // The summary's figures lead to the results behind them.
  await tab('Summary').click();
  await page.getByText('Everything in the database.').waitFor();
  await studio.axe('summary');
  await page.getByRole('link', { name: /^Low\s+confidence/ }).click();
  await page.waitForURL('**/runs/1?tab=results&band=low');
  await page.locator('[data-suggestion]').first().waitFor();
  await tab('Summary').click();

  // Nothing is written before something is accepted.
  if (!studio.isPhone) {
    assert.match(await button('Apply…').getAttribute('aria-description'), /Accept suggestions first/);
  }
  const [{ id }] = [(await api(PLAN)).runByNumber];
  const { changed } = (await api(REVIEW, { input: { runId: id, filter: { table: 'orders' }, decision: 'ACCEPT' } }))
    .reviewSuggestions;

  // The plan, with the exact statements.
  await page.getByRole('link', { name: 'Apply…' }).click();
  await button(`Write ${changed} comments`).waitFor();
  await page.getByRole('link', { name: 'Apply…' }).waitFor({ state: 'detached' });
  await button('Show statements').click();
  await page
    .getByText(/INSERT INTO main\.gloss_comments/)
    .first()
    .waitFor();
  await studio.axe('plan');
  await button(`Copy ${changed} statements`).click();
  await button('Copied').waitFor();
  assert.equal((await copied()).length, changed);
  const download = page.waitForEvent('download');
  await menu(/^Statements as SQL/);
  const script = await readFile(await (await download).path(), 'utf8');
  assert.equal(script.match(/^INSERT INTO main\.gloss_comments/gm).length, changed);
  assert.equal((await api(COMMENTS)).appliedComments.totalCount, 0);

  // Written: the outcome stands where the plan stood.
  await button(`Write ${changed} comments`).click();
  await page.getByText(`${changed} comments changed.`).waitFor();
  assert.equal(parameters().get('plan'), 'last');
  assert.equal((await api(PLAN)).runByNumber.reviewCounts.applied, changed);
  await button(`Copy ${changed} statements`).waitFor();
  await studio.axe('written');

  // The results say what is applied.
  await studio.go('/runs/1?tab=results&table=orders');
  const applied = page.locator('[data-suggestion]').getByText('Applied', { exact: true });
  await until('all are applied', async () => (await applied.count()) === changed);

  // The present comment is the one that was written.
  const first = page.locator('[data-suggestion]').first();
  await first.getByRole('link').first().click();
  const present = first.locator('section', { has: page.getByRole('heading', { name: 'Present comment' }) });
  await present.getByText(/^Written by Gloss, /).waitFor();
  const asked = 'query($id: ID!) { node(id: $id) { ... on Suggestion { finalText } } }';
  const { node } = await api(asked, { id: await first.getAttribute('data-suggestion') });
  await present.getByText(node.finalText, { exact: true }).waitFor();
  await studio.axe('an applied suggestion');

  // Rolled back after a question: the plan says what becomes of each comment, the reviews stay.
  await menu('Roll back…');
  await page.getByText(`removes ${changed} comments where there was none before`).waitFor();
  await studio.axe('roll-back plan');
  await button(`Roll back ${changed} comments…`).click();
  const question = page.getByRole('dialog', { name: 'Roll back #1' });
  await question.getByText(`removes ${changed} comments where there was none before`).waitFor();
  await studio.axe('roll back or not');
  await question.getByRole('button', { name: 'Keep them' }).click();
  await question.waitFor({ state: 'detached' });
  assert.equal((await api(PLAN)).runByNumber.reviewCounts.applied, changed);
  await button(`Roll back ${changed} comments…`).click();
  await question.getByRole('button', { name: `Roll back ${changed} comments`, exact: true }).click();
  await page.getByText(`${changed} comments removed.`).waitFor();
  await page.getByText('Removed').first().waitFor();
  assert.equal((await api(PLAN)).runByNumber.reviewCounts.applied, 0);
  assert.equal((await api(PLAN)).runByNumber.reviewCounts.accepted, changed);
  await button(`Copy ${changed} statements`).click();
  await button('Copied').waitFor();
  const undone = await copied();
  assert.ok(undone.length > 0 && undone.every((statement) => statement.startsWith('DELETE')));

  // All results as a file.
  for (const format of ['csv', 'json']) {
    const saved = page.waitForEvent('download');
    await menu(new RegExp(`^Results as ${format.toUpperCase()}`));
    assert.equal((await saved).suggestedFilename(), `gloss-run-1.${format}`);
    const text = await readFile(await (await saved).path(), 'utf8');
    assert.equal(format === 'csv' ? text.match(/^main\./gm).length : JSON.parse(text).length, 148);
  }

  // The events of all this, each once, with links into the catalog.
  await tab('Events').click();
  const sequences = () =>
    page.locator('[data-sequence]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.sequence)));
  await page.locator('[data-sequence]').first().waitFor();
  while ((await button('Show older events').count()) > 0) {
    const [first] = await sequences();
    await button('Show older events').click();
    await until('older events come', async () => (await sequences())[0] < first);
  }
  const all = await sequences();
  assert.deepEqual(
    all,
    Array.from({ length: all.length }, (_, at) => at + 1),
  );
  assert.equal(
    await page.getByRole('link', { name: 'main.orders.id', exact: true }).first().getAttribute('href'),
    '/databases/demo/main/orders?column=id',
  );
  await studio.axe('events');
  await studio.go('/runs/1?tab=events&type=STATUS_CHANGED&type=FINISHED');
  await until('the filter holds', async () => (await sequences()).length === 5);

  // What can be done, and what cannot, with the reason.
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: /^Delete/ }).waitFor();
  await studio.axe('actions');
  await page.keyboard.press('Escape');

  // A name for it, kept across a reload.
  await menu('Title and labels…');
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Title' }).fill('The shop, first pass');
  await dialog.getByLabel('Labels', { exact: true }).last().fill('pilot');
  await page.keyboard.press('Enter');
  await studio.axe('title and labels');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByText('The shop, first pass').waitFor();
  assert.equal(await page.getByRole('link', { name: 'pilot' }).getAttribute('href'), '/runs?kind=all&label=pilot');

  // Again, with instructions: another run, which says what it does again.
  await menu('Re-run…');
  await dialog.getByRole('radio', { name: 'Rephrase' }).check();
  await dialog.getByRole('textbox', { name: 'Instructions' }).fill('Say “client”, not “customer”.');
  await studio.axe('re-run');
  await dialog.getByRole('button', { name: /^Re-run \d+ assets$/ }).click();
  await page.waitForURL('**/runs/2');
  await until('the re-run is done', async () => (await page.title()) === '#2 · Ready for review · Gloss');
  await tab('Summary').click();
  await page.getByRole('link', { name: '#1 The shop, first pass' }).waitFor();
  await page.getByText('Say “client”, not “customer”.').waitFor();

  // Another version: accepting it skips the edit of the first one and says so; undo brings both back.
  const states = async () =>
    (await api(VERSIONS)).runByNumber.suggestions.nodes[0].versions.map(({ review }) => [review.state, review.text]);
  const repeated = (await api(VERSIONS)).runByNumber.suggestions.nodes[0];
  const edit = { ids: [repeated.versions[0].id], decision: 'ACCEPT', text: 'In my own words.' };
  await api(REVIEW, { input: edit });
  await studio.go('/runs/2?tab=results');
  await page.locator('[data-suggestion]').first().getByRole('link').first().focus();
  await page.keyboard.press('a');
  await page.getByText('Version 1 in #1, which was edited, is skipped now.').waitFor();
  await until('the second version is accepted', async () => (await states())[1][0] === 'ACCEPTED');
  assert.deepEqual((await states())[0], ['SKIPPED', null]);
  await page.keyboard.press('u');
  await until('both are as they were', async () => {
    assert.deepEqual(await states(), [
      ['EDITED', 'In my own words.'],
      ['SKIPPED', null],
    ]);
  });

  // Some suggestions again, with what that costs and a limit.
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('2 selected').waitFor();
  await page.keyboard.press('r');
  await dialog.getByText('A new run repeats 2 suggestions of this one.').waitFor();
  await dialog.getByText('No cost.').waitFor();
  await dialog.getByRole('textbox', { name: 'Tokens' }).fill('1000');
  await studio.axe('re-run of some');
  await dialog.getByRole('button', { name: 'Re-run 2 assets' }).click();
  await page.waitForURL('**/runs/3');
  const limited = (await api('{ runByNumber(number: 3) { budget { maxTokens } progress { total } } }')).runByNumber;
  assert.deepEqual(limited, { budget: { maxTokens: 1000 }, progress: { total: 2 } });
  await studio.go('/runs/2?tab=summary');

  // To a comparison: the run waits in the tray until another one is chosen.
  await menu('Compare with…');
  await page.waitForURL(/\/runs$/);
  await studio.go('/runs/1?tab=summary');
  await menu('Compare with #2');
  await page.waitForURL('**/compare?runs=1,2');

  // Deleted: the dialog says what is lost, and the address says that it is gone.
  await studio.go('/runs/1?tab=summary');
  await menu('Delete…');
  await dialog.getByText(/148 suggestions, \d+ reviews and \d+ events are lost/).waitFor();
  await studio.axe('delete');
  await dialog.getByRole('button', { name: 'Delete #1' }).click();
  await page.waitForURL(/\/runs$/);
  await studio.go('/runs/1');
  await page.getByRole('heading', { name: 'Run #1 was deleted.' }).waitFor();
  await studio.axe('deleted');
  await studio.go('/runs/77');
  await page.getByRole('heading', { name: 'There is no run #77.' }).waitFor();
  await page.getByText('The newest run is #3.').waitFor();
  await studio.go('/runs/seven');
  await page.getByRole('heading', { name: 'Not a run number.' }).waitFor();
}
