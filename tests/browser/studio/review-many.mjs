// A bulk decision on more suggestions than an answer names: its undo asks first, with the number. Then all of them are
// written, and their statements copied over all pages. `given.database` is the URL of a database with more than 200
// tables and columns.

import assert from 'node:assert/strict';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
const CREATE = 'mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }';
const RUN = 'query { runByNumber(number: 1) { id status reviewCounts { unreviewed accepted skipped } } }';
const REVIEW = 'mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }';

export default async function journey({ page, api, until, go, given, axe }) {
  const run = async () => (await api(RUN)).runByNumber;
  const input = { name: 'large', url: given.database };
  const dbProfileId = (await api(CREATE, { input })).createDbProfile.dbProfile.id;
  await api(START, { input: { targets: [{ dbProfileId }] } });
  await until('the run is ready', async () => (await run()).status === 'READY_FOR_REVIEW');
  const { id: runId, reviewCounts } = await run();
  const all = reviewCounts.unreviewed;
  assert.ok(all > 200, `${all} suggestions are too few`);

  await go('/runs/1?tab=results');
  const lines = page.locator('[data-suggestion]');
  await lines.first().waitFor();
  const first = await lines.first().getAttribute('data-suggestion');
  await api(REVIEW, { input: { ids: [first], decision: 'SKIP' } });
  await page.locator('[data-suggestion][data-state="SKIPPED"]').waitFor();

  await page.getByRole('button', { name: 'Skip all…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/unreviewed suggestions match\./).waitFor();
  await dialog.getByRole('button', { name: /^Skip all [\d,]+ suggestions$/ }).click();
  await until('all are skipped', async () => (await run()).reviewCounts.skipped === all);
  await dialog.waitFor({ state: 'detached' });

  // Undo says how many, and that one of them was decided before.
  await page.keyboard.press('u');
  await dialog.getByText('1 of them was skipped before or by somebody else.').waitFor();
  await axe('undo of many');
  await dialog.getByRole('button', { name: 'Keep them' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await run()).reviewCounts.skipped, all);
  await page.getByRole('button', { name: 'Undo' }).click();
  await dialog.getByRole('button', { name: /^Restore [\d,]+ suggestions$/ }).click();
  await until('all are undecided again', async () => (await run()).reviewCounts.unreviewed === all);
  await until(
    'the page shows it',
    async () => (await page.locator('[data-suggestion][data-state="UNREVIEWED"]').count()) === 50,
  );

  // Every page but the last is full, and none shows a row twice.
  const seen = new Set();
  for (;;) {
    const ids = await lines.evaluateAll((found) => found.map((it) => it.dataset.suggestion));
    for (const id of ids) {
      assert.ok(!seen.has(id), `${id} is on two pages`);
      seen.add(id);
    }
    const next = page.getByRole('button', { name: 'Next', exact: true });
    if (await next.isDisabled()) {
      break;
    }
    assert.equal(ids.length, 50);
    await next.click();
    await until('the next page is there', async () => !seen.has(await lines.first().getAttribute('data-suggestion')));
  }
  assert.equal(seen.size, all);

  // A cursor that is none: the page says so, with a way out.
  await go('/runs/1?tab=results&after=nonsense');
  await page.getByRole('heading', { name: 'There is no such page of the list.' }).waitFor();
  await axe('a cursor that is none');
  await page.getByRole('button', { name: 'Show the first page' }).click();
  await lines.first().waitFor();
  assert.equal(await lines.first().getAttribute('data-suggestion'), first);

  // Another suggestion than those on the page, by its address.
  await go(`/runs/1?tab=results&open=${encodeURIComponent([...seen].at(-1))}`);
  await page.getByText('This suggestion is not on this page of the list.').waitFor();
  await page.getByRole('heading', { name: 'Wordings' }).waitFor();
  await axe('a suggestion by its address');
  await page.getByRole('button', { name: /^Skip( s)?$/ }).click();
  await until('it is skipped', async () => (await run()).reviewCounts.skipped === 1);
  assert.equal((await run()).id, runId);

  // The statements of all pages are copied, of the plan as of the outcome.
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const copies = async (amount) => {
    await page.evaluate(() => navigator.clipboard.writeText(''));
    await page.getByRole('button', { name: `Copy ${amount} statements`, exact: true }).click();
    await page.getByRole('button', { name: 'Copied', exact: true }).waitFor();
    const script = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(script.match(/^INSERT INTO/gm).length, amount);
  };
  await api(REVIEW, { input: { runId, filter: { states: ['UNREVIEWED'] }, decision: 'ACCEPT' } });
  await go('/runs/1?tab=apply');
  await page.getByRole('button', { name: `Write ${all - 1} comments` }).waitFor();
  await copies(all - 1);
  await page.getByRole('button', { name: `Write ${all - 1} comments` }).click();
  await page.getByText(`${all - 1} comments changed.`).waitFor();
  await page.getByText(`50 of ${all - 1}`).waitFor();
  await copies(all - 1);

  // The next journey finds the database without comments.
  const rollback = 'mutation($input: RollbackRunInput!) { rollbackRun(input: $input) { total } }';
  await api(rollback, { input: { runId } });
  const written = 'query($id: ID!) { run(id: $id) { status reviewCounts { applied } } }';
  await until('the comments are gone', async () => (await api(written, { id: runId })).run.reviewCounts.applied === 0);
}
