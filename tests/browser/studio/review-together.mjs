// Two reviewers of the same run: each sees the other's decisions with the name, an edit in progress is kept and says
// what happened, and a viewer sees everything and may decide nothing.

import assert from 'node:assert/strict';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
const TOKEN = 'mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }';
const RUN =
  'query { runByNumber(number: 1) { id status ' +
  'suggestions(first: 8) { nodes { id asset { display } finalText review { state reviewer text } } } } }';
const BULK = 'mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }';

export default async function journey(studio) {
  const { api, until, url } = studio;
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  await api(START, { input: { targets: [{ dbProfileId }] } });
  const run = async () => (await api(RUN)).runByNumber;
  await until('the run is ready', async () => (await run()).status === 'READY_FOR_REVIEW');
  const token = async (name, role) => (await api(TOKEN, { input: { name, role } })).createApiToken.secret;
  studio.token = await token('root', 'ADMIN');
  const { suggestions } = await run();
  const names = suggestions.nodes.map(({ asset }) => asset.display);

  /** A page of a person's own. */
  const reviewer = async (name, role) => {
    const secret = await token(name, role);
    const page = await studio.newPage();
    const response = await page.request.post(new URL('/session', url).href, {
      data: { token: secret },
      headers: { origin: new URL(url).origin },
    });
    assert.ok(response.ok(), await response.text());
    await page.goto(new URL('/runs/1?tab=results', url).href);
    const line = (asset) =>
      page.locator('[data-suggestion]', { has: page.getByRole('link', { name: new RegExp(`^${asset}, `) }) });
    await line(names[0]).waitFor();
    const stands = (asset, state) =>
      until(`${name} sees ${asset} ${state}`, async () => (await line(asset).getAttribute('data-state')) === state);
    return { page, line, stands };
  };
  const ana = await reviewer('ana', 'OPERATOR');
  const ben = await reviewer('ben', 'OPERATOR');

  // What ana decides, ben sees, and the other way round.
  await ana
    .line(names[1])
    .getByRole('button', { name: `Accept ${names[1]}` })
    .click();
  await ben.stands(names[1], 'ACCEPTED');
  await ben.page.getByRole('status').getByText(`ana accepted ${names[1]}.`).waitFor();
  await ben.page.getByRole('button', { name: /^Accepted\s*1$/ }).waitFor();
  await ben
    .line(names[2])
    .getByRole('button', { name: `Skip ${names[2]}` })
    .click();
  await ana.stands(names[2], 'SKIPPED');
  await ana.line(names[2]).getByRole('link').first().click();
  await ana.line(names[2]).getByText('by ben').waitFor();
  await studio.axe('decided by somebody else', ana.page);

  // An edit in progress outlives what somebody else decides, and says so.
  await ben.line(names[3]).getByRole('link').first().click();
  await ben.page.keyboard.press('e');
  const editor = ben.page.getByRole('textbox', { name: `Text for ${names[3]}` });
  await editor.fill('What ben writes.');
  await ana
    .line(names[3])
    .getByRole('button', { name: `Accept ${names[3]}` })
    .click();
  await ben.line(names[3]).getByText('ana set this to “Accepted” while you were editing.').waitFor();
  assert.equal(await editor.inputValue(), 'What ben writes.');
  await studio.axe('an edit in progress', ben.page);
  await ben.page.getByRole('button', { name: 'Accept edited' }).click();
  await ana.stands(names[3], 'EDITED');
  assert.deepEqual((await run()).suggestions.nodes[3].review, {
    state: 'EDITED',
    reviewer: 'ben',
    text: 'What ben writes.',
  });
  await ana.line(names[3]).getByText('What ben writes.').first().waitFor();

  // More at once than is named: both lists are fetched again, and stay where they are.
  const ids = await ben.page.locator('[data-suggestion]').evaluateAll((all) => all.map((it) => it.dataset.suggestion));
  await api(BULK, { input: { runId: (await run()).id, filter: { states: ['UNREVIEWED'] }, decision: 'SKIP' } });
  for (const { stands } of [ana, ben]) {
    await stands(names[0], 'SKIPPED');
    await stands(names[7], 'SKIPPED');
    await stands(names[1], 'ACCEPTED');
  }
  assert.deepEqual(
    await ben.page.locator('[data-suggestion]').evaluateAll((all) => all.map((it) => it.dataset.suggestion)),
    ids,
  );

  // A viewer sees it all and may decide nothing.
  const viewer = await reviewer('vera', 'VIEWER');
  const accept = viewer.line(names[0]).getByRole('button', { name: `Accept ${names[0]}` });
  assert.equal(await accept.getAttribute('aria-disabled'), 'true');
  assert.match(await accept.getAttribute('aria-description'), /needs OPERATOR/);
  await viewer.line(names[0]).getByRole('link').first().focus();
  await viewer.page.keyboard.press('a');
  await viewer.page.getByRole('status').getByText('needs OPERATOR').waitFor();
  assert.equal((await run()).suggestions.nodes[0].review.state, 'SKIPPED');
  await viewer.line(names[0]).getByRole('link').first().click();
  await viewer.line(names[0]).getByRole('heading', { name: 'Wordings' }).waitFor();
  await studio.axe('a viewer', viewer.page);
}
