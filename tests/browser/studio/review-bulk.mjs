// Bulk decisions: the number beforehand, what is left out because people wrote comments, accepting those too, and the
// undo of more than an answer names.

import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
const PROFILES = '{ dbProfiles { id name displayUrl } }';
const CREATE = 'mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }';
const RUN =
  'query($number: Int!) { runByNumber(number: $number) { id status ' +
  'reviewCounts { unreviewed accepted skipped applied } } }';
const REVIEW = 'mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }';
const APPLY = 'mutation($input: ApplyRunInput!) { applyRun(input: $input) { total } }';

export default async function journey(studio) {
  const { page, api, until } = studio;
  const run = async (number) => (await api(RUN, { number })).runByNumber;
  const reaches = (number, status) =>
    until(`run #${number} is ${status}`, async () => (await run(number)).status === status);

  // A database with comments that Gloss did not write: a copy, under another name, of one that it wrote comments to.
  const demo = (await api(PROFILES)).dbProfiles.find(({ name }) => name === 'demo');
  await api(START, { input: { targets: [{ dbProfileId: demo.id }] } });
  await reaches(1, 'READY_FOR_REVIEW');
  const filter = { schema: 'main', table: 'addresses' };
  const first = await run(1);
  const { changed } = (await api(REVIEW, { input: { runId: first.id, filter, decision: 'ACCEPT' } })).reviewSuggestions;
  await api(APPLY, { input: { runId: first.id } });
  await until('the comments are written', async () => (await run(1)).reviewCounts.applied === changed);
  await reaches(1, 'READY_FOR_REVIEW');
  const copy = join(studio.folder, 'people.db');
  await copyFile(demo.displayUrl.replace('sqlite://', ''), copy);
  const input = { name: 'people', url: `sqlite://${copy}` };
  const dbProfileId = (await api(CREATE, { input })).createDbProfile.dbProfile.id;
  await api(START, { input: { targets: [{ dbProfileId }] } });
  await reaches(2, 'READY_FOR_REVIEW');
  const { unreviewed: all } = (await run(2)).reviewCounts;

  await studio.go('/runs/2?tab=results');
  await page.locator('[data-suggestion]').first().waitFor();

  // The dialog says how many, and how many have a comment.
  await page.getByRole('button', { name: `Accept all ${all}…` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(`${all} unreviewed suggestions match.`).waitFor();
  await dialog.getByText(`${changed} of them have a comment in the database.`).waitFor();
  await studio.axe('accept all');

  // It says how many texts add nothing, and leaves them out when asked to.
  const substances = `query($id: ID!) {
    run(id: $id) { suggestions(filter: { substances: [INFORMATIVE] }) { totalCount } }
  }`;
  const informative = (await api(substances, { id: (await run(2)).id })).run.suggestions.totalCount;
  await dialog.getByText(`${all - informative} of them only restate the name or the present comment.`).waitFor();
  await dialog.getByRole('checkbox', { name: 'Accept informative texts only' }).check();
  await dialog.getByText(`${informative} unreviewed suggestions match.`).waitFor();
  await studio.axe('informative only');
  await dialog.getByRole('checkbox', { name: 'Accept informative texts only' }).uncheck();
  await dialog.getByRole('button', { name: 'Accept all that match', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText(`Accepted ${all - changed} suggestions. ${changed} suggestions left out`).waitFor();
  assert.equal((await run(2)).reviewCounts.accepted, all - changed);
  assert.equal((await run(2)).reviewCounts.unreviewed, changed);
  await page.getByRole('button', { name: new RegExp(`^Accepted\\s*${all - changed}$`) }).waitFor();
  await studio.axe('left out');

  // Those are accepted only when a person says so.
  await page.getByRole('button', { name: 'Accept these too…' }).click();
  await dialog.getByText(`${changed} suggestions were left out because a person wrote the comment or edited another version.`).waitFor();
  await dialog.getByRole('button', { name: `Accept ${changed} suggestions` }).click();
  await until('all are accepted', async () => (await run(2)).reviewCounts.accepted === all);
  await page.getByText(`Accepted ${changed} suggestions.`).waitFor();

  // Undo: these by their ids, the decision before them as well.
  await page.getByRole('button', { name: 'Undo' }).click();
  await until('these are undecided again', async () => (await run(2)).reviewCounts.unreviewed === changed);
  await page.keyboard.press('u');
  await until('all are undecided again', async () => (await run(2)).reviewCounts.unreviewed === all);
  const accepted = page.locator('[data-suggestion][data-state="ACCEPTED"]');
  await until('the page shows it', async () => (await accepted.count()) === 0);

  // A decision is about what the filter leaves, and not about what was decided before.
  await page.getByRole('button', { name: /^Tables\s*\d+$/ }).click();
  await page.getByRole('button', { name: /^Skip all…$/ }).click();
  await dialog.getByText(/unreviewed suggestions match: tables\./).waitFor();
  await dialog.getByRole('button', { name: /^Skip all \d+ suggestions$/ }).click();
  await dialog.waitFor({ state: 'detached' });
  const skips = async () => (await run(2)).reviewCounts.skipped;
  await until('some are skipped', async () => (await skips()) > 0);
  const skipped = await skips();
  assert.ok(skipped < all);
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await page.getByRole('button', { name: `Accept all ${all - skipped}…` }).waitFor();
}
