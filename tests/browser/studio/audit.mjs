// The audit: nothing yet; writes that come in by themselves; one rolled back, then its whole run; a comment that
// somebody changed stays; the writes of a deleted run.

import assert from 'node:assert/strict';

export default async function journey(studio) {
  const { page, api, until, isPhone } = studio;
  const main = page.locator('main');
  const dialog = page.getByRole('dialog');
  const writes = main.getByRole(isPhone ? 'listitem' : 'row');
  const write = (asset) => writes.filter({ hasText: asset });
  const total = async () => Number(/of ([\d,]+)$/m.exec(await main.innerText())?.[1].replace(',', '') ?? 0);
  /** Waits for a new write. The page shows it by itself, or asks first if it was scrolled when the write came. */
  const fresh = (there) =>
    until('the new write is shown', async () => {
      const button = main.getByRole('button', { name: 'Show new writes' });
      if (!(await there.isVisible()) && (await button.isVisible())) {
        // It goes away if the page fetches by itself meanwhile.
        await button.click({ timeout: 1000 }).catch(() => {});
      }
      return there.isVisible();
    });
  const parameters = () => new URL(page.url()).searchParams;

  await studio.go('/audit');
  await page.getByRole('heading', { name: 'Nothing has been written yet.' }).waitFor();
  await studio.axe('nothing written');

  // A run writes while the page is open.
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  const schemas = [{ name: 'main', tables: [{ name: 'customers' }] }];
  const start = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
  const input = { command: 'RUN_APPLY', targets: [{ dbProfileId, schemas }] };
  const [run] = (await api(start, { input })).startRun.runs;
  await write('main.customers').first().waitFor();
  const ended = 'query($id: ID!) { run(id: $id) { status } }';
  await until('the run has written', async () => (await api(ended, { id: run.id })).run.status === 'SUCCESS');
  const written = 'query($id: ID!) { appliedComments(filter: { runId: $id }) { totalCount } }';
  const count = (await api(written, { id: run.id })).appliedComments.totalCount;
  await until('all writes are there', async () => (await total()) === count);
  await studio.axe('writes');

  // Filters are in the URL.
  await main.getByRole('searchbox').fill('no such write');
  await page.getByRole('heading', { name: 'No writes match.' }).waitFor();
  assert.equal(parameters().get('search'), 'no such write');
  await studio.axe('nothing matches');
  await main.getByRole('button', { name: 'Clear filters' }).first().click();
  await studio.go('/audit?run=99');
  await page.getByRole('heading', { name: 'There is no run #99.' }).waitFor();
  await studio.go('/audit?profile=demo&run=1');
  await until('the writes of the run are there', async () => (await total()) === count);

  // One write goes back.
  const ofRun = 'query($id: ID!) { run(id: $id) { suggestions(first: 9) { nodes { asset { display } } } } }';
  const { suggestions } = (await api(ofRun, { id: run.id })).run;
  const { display } = suggestions.nodes.at(-1).asset;
  await main.getByRole('button', { name: `Roll back ${display}` }).click();
  await dialog.getByText('The database loses the text').waitFor();
  await dialog.getByText('There was none before: the comment is removed.').waitFor();
  await studio.axe('the plan of one roll-back');
  await dialog.getByRole('button', { name: 'Roll back 1 comment' }).click();
  await dialog.getByText('1 comment removed.').waitFor();
  await studio.axe('one roll-back done');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await write(display).getByText('Rolled back').waitFor();
  await write(display).locator('s').waitFor();
  await fresh(write(display).getByText('Comment removed'));
  await until('the roll-back is a write of its own', async () => (await total()) === count + 1);
  for (const button of await main.getByRole('button', { name: `Roll back ${display}` }).all()) {
    assert.equal(await button.getAttribute('aria-disabled'), 'true');
    assert.match(await button.getAttribute('aria-description'), /already rolled back|roll-back itself/);
  }

  // Somebody changes a comment that the run wrote: the results say so.
  const [changed] = suggestions.nodes;
  const other = 'mutation($input: GenerateInput!) { generate(input: $input) { runs { id number } } }';
  const input2 = { dbProfileId, schema: 'main', table: 'customers' };
  const [draft] = (await api(other, { input: input2 })).generate.runs;
  const ready = `query($id: ID!) {
    run(id: $id) { status reviewCounts { applied } suggestions(first: 1) { nodes { id } } }
  }`;
  const ofDraft = async () => (await api(ready, { id: draft.id })).run;
  await until('the draft is there', async () => (await ofDraft()).status === 'READY_FOR_REVIEW');
  const [{ id: drafted }] = (await ofDraft()).suggestions.nodes;
  const decide = 'mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }';
  await api(decide, { input: { ids: [drafted], decision: 'ACCEPT', text: 'People who buy.' } });
  const apply = 'mutation($input: ApplyRunInput!) { applyRun(input: $input) { total } }';
  await api(apply, { input: { runId: draft.id } });
  await until('it is written', async () => (await ofDraft()).reviewCounts.applied === 1);
  await studio.go('/runs/1?tab=results');
  const line = page.locator('[data-suggestion]').filter({ hasText: changed.asset.display.split('.').at(-1) }).first();
  await line.getByText('Changed since').waitFor();
  assert.equal(await page.locator('[data-suggestion]').getByText('Changed since').count(), 1);
  await line.getByRole('link').first().click();
  await line.getByText('Changed since. The comment is now: “People who buy.”').waitFor();
  await studio.axe('changed since');
  await studio.go('/audit?run=1');
  await until('the writes of the run are there', async () => (await total()) === count + 1);

  // The rest of the run goes back, and the changed comment is kept. Dialog, button and outcome say the same number.
  const back2 = count - 2;
  await main.getByRole('button', { name: 'Roll back #1…' }).click();
  await dialog.getByText('Kept as it is').waitFor();
  const kept = dialog.locator('[data-change]').first();
  assert.equal(await kept.getAttribute('data-change'), 'KEPT', 'what is kept comes first');
  await kept.getByText('Changed by somebody meanwhile. Not removed.').waitFor();
  await dialog.getByRole('button', { name: `Copy ${back2} statements` }).waitFor();
  await studio.axe('the plan of a whole roll-back');
  await dialog.getByRole('button', { name: `Roll back ${back2} comments` }).click();
  await dialog.getByText(`${back2} comments removed. 1 kept as it is: changed since.`).waitFor();
  await dialog.getByRole('link', { name: 'Open #1' }).click();
  await page.getByText(`${back2} comments removed, 1 conflict kept as it is.`).waitFor();
  assert.equal(await page.locator('[data-change]').first().getAttribute('data-change'), 'KEPT');
  assert.equal(await page.locator('[data-change="REMOVED"]').count(), back2);
  await page.getByRole('button', { name: `Copy ${back2} statements` }).waitFor();
  await studio.axe('the outcome with a conflict');

  // The plan says it in the same way; the comment goes when a person overwrites it.
  await studio.go('/runs/1?tab=apply&plan=rollback');
  await page.getByText('Kept as it is').first().waitFor();
  await studio.axe('a plan with a conflict');
  await page.getByRole('checkbox', { name: /^Overwrite 1 conflict/ }).check();
  await page.getByText('Overwrites').first().waitFor();
  await page.getByRole('button', { name: 'Roll back 1 comment…' }).click();
  await dialog.getByRole('button', { name: 'Roll back 1 comment', exact: true }).click();
  await page.getByText('1 comment removed.').waitFor();
  await studio.go('/audit?run=1');
  await until('each write has its way back', async () => (await total()) === 2 * count);
  await main.getByRole('button', { name: 'Roll back #1…' }).click();
  await dialog.getByText('there is nothing to roll back').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();

  // The writes of a deleted run stay, without a way back.
  await until(
    'the run is at rest',
    async () => (await api('query($id: ID!) { run(id: $id) { status } }', { id: run.id })).run.status !== 'APPLYING',
  );
  await api('mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }', { ids: [run.id] });
  await studio.go('/audit');
  await until('the writes stay', async () => (await total()) === 2 * count + 1);
  const back = main.getByRole('button', { name: `Roll back ${display}` }).first();
  assert.match(await back.getAttribute('aria-description'), /Its run was deleted|already rolled back/);

  // Whoever only looks may not roll back.
  const create = 'mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }';
  await page.goto('about:blank');
  studio.token = (await api(create, { input: { name: 'root', role: 'ADMIN' } })).createApiToken.secret;
  const { secret } = (await api(create, { input: { name: 'looker', role: 'VIEWER' } })).createApiToken;
  studio.expects(/console: .* 401 /);
  await studio.go('/audit');
  await page.getByLabel('Token').first().fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await until('a viewer sees the writes', async () => (await total()) === 2 * count + 1);
  assert.match(await back.getAttribute('aria-description'), /Your role is VIEWER/);
  await studio.axe('a viewer');
}
