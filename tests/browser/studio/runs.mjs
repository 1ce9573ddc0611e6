// The list of runs: from the first start over filters, selection and keys to a viewer who may only look.

import assert from 'node:assert/strict';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';

export default async function journey(studio) {
  const { page, api, until, isPhone } = studio;
  const link = (number) => page.getByRole('link', { name: `#${number}`, exact: true });
  const row = (number) => page.locator(isPhone ? 'li' : 'tr', { has: link(number) });
  const chip = (label) => page.getByRole('button', { name: new RegExp(`^${label}\\s*[\\d,]*$`) });
  const numbers = () => page.locator('main').getByRole('link', { name: /^#\d+$/ }).allInnerTexts();
  const shows = (...expected) =>
    until(`the list shows ${expected}`, async () => {
      assert.deepEqual(await numbers(), expected.map((number) => `#${number}`));
    });
  const pressed = (label) => chip(label).getAttribute('aria-pressed');
  const parameters = () => new URL(page.url()).searchParams;

  // The first start: one click describes the demo database.
  await studio.go('/');
  await page.getByRole('heading', { name: 'Describe your first database.' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/runs');
  assert.equal(await page.title(), 'Runs · Gloss');
  await studio.axe('first use');
  await page.getByRole('button', { name: 'Describe the demo database' }).click();
  await page.waitForURL('**/runs/1');
  await studio.navigate('Runs');
  await row(1).getByText('Ready for review').waitFor();
  assert.equal(await pressed('Analyze'), 'true');

  // A run that waits for its model is cancelled; a question beside it.
  const model = await studio.model();
  const llmProfileId = await model.profile();
  model.answer(async function* () {
    await new Promise(() => {});
  });
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  const [{ id: slow }] = (await api(START, { input: { targets: [{ dbProfileId }], llmProfileId } })).startRun.runs;
  await api('mutation($id: ID!) { updateRun(input: { id: $id, title: "The slow one" }) { run { id } } }', { id: slow });
  await row(2).getByText('Running').waitFor();
  assert.equal(await row(2).getByRole('img', { name: 'at work' }).count(), 0, 'one spinner, in its status');
  if (isPhone) {
    await row(2).getByText('demo · scripted-model', { exact: true }).waitFor();
  }
  await api('mutation { ask(input: { question: "Where are the orders?" }) { run { id } } }');
  await until('the chips count', async () => {
    assert.match(await chip('All activity').innerText(), /All activity\s*3/);
    assert.match(await chip('Analyze').innerText(), /Analyze\s*2/);
    assert.match(await chip('Ask').innerText(), /Ask\s*1/);
    assert.match(await chip('Running').innerText(), /Running\s*1/);
  });
  await shows(2, 1);
  await studio.axe('a live run');
  if (isPhone) {
    await api('mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }', { id: slow });
  } else {
    await page.getByRole('button', { name: 'Cancel #2' }).click();
  }
  await row(2).getByText('Cancelled').waitFor();
  await page.getByRole('button', { name: 'Cancel #2' }).waitFor({ state: 'detached' });

  if (isPhone) {
    await page.getByRole('button', { name: 'Open navigation' }).click();
    await page.getByRole('dialog', { name: 'Gloss' }).waitFor();
    await studio.axe('navigation');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  // The chosen chip is stored; what the URL says goes before it.
  await chip('Ask').click();
  await shows(3);
  assert.equal(parameters().get('kind'), 'ask');
  await studio.go('/runs');
  await shows(3);
  assert.equal(await pressed('Ask'), 'true');
  await studio.go('/runs?kind=all&status=cancelled');
  await shows(2);
  assert.equal(await pressed('Cancelled'), 'true');
  assert.equal(await pressed('All activity'), 'true');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await shows(3, 2, 1);

  // Search; what is not found; Esc.
  const search = page.getByRole('searchbox', { name: 'Search runs' });
  await page.locator('body').press('/');
  await search.pressSequentially('slow');
  await shows(2);
  assert.equal(parameters().get('search'), 'slow');
  await page.reload();
  await shows(2);
  assert.equal(await search.inputValue(), 'slow');
  await search.fill('no such run');
  await page.getByRole('heading', { name: 'No runs match.' }).waitFor();
  await page.getByText('search “no such run”').waitFor();
  await studio.axe('nothing matches');
  await search.press('Escape');
  await shows(3, 2, 1);

  // Further filters; a view that is kept by name, and deleted.
  await page.getByRole('button', { name: 'Filters' }).click();
  await page.getByLabel('Started from').waitFor();
  await studio.axe('further filters');
  await page.getByRole('checkbox', { name: 'With failed assets' }).click();
  await until('the filter is in the URL', () => parameters().has('failures'));
  await page.keyboard.press('Escape');
  const views = page.getByRole('button', { name: 'Saved views' });
  await views.click();
  await page.getByRole('textbox', { name: 'Name of the view' }).fill('Failures');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Failures' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await shows(3, 2, 1);
  await views.click();
  await page.getByRole('link', { name: 'Failures' }).waitFor();
  await studio.axe('saved views');
  await page.getByRole('link', { name: 'Failures' }).click();
  await until('the view is back', () => parameters().has('failures'));
  await views.click();
  await page.getByRole('button', { name: 'Delete the view Failures' }).click();
  await page.getByRole('link', { name: 'Failures' }).waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Clear filters' }).first().click();
  await shows(3, 2, 1);

  // By the keyboard: walk, select, open, come back.
  await search.blur();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('k');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), '#2');
  const tray = page.getByRole('group', { name: 'Selected runs' });
  await tray.getByRole('button', { name: 'Deselect #2' }).waitFor();
  await studio.axe('two selected');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/runs/2');
  await page.goBack();
  await shows(3, 2, 1);
  await tray.getByRole('button', { name: 'Deselect #1' }).waitFor();

  // By pointer or finger. The selection outlives filters. Questions cannot be compared.
  const box = page.getByRole('checkbox', { name: 'Select #3' });
  await (isPhone ? box.tap() : box.click());
  const compare = tray.getByRole('button', { name: 'Compare 3' });
  assert.match(await compare.getAttribute('aria-description'), /Ask runs/);
  await tray.getByRole('button', { name: 'Deselect #3' }).click();
  await chip('Analyze').click();
  await shows(2, 1);
  await tray.getByRole('button', { name: 'Compare 2' }).click();
  // The oldest run comes first, in whatever order they were selected.
  await page.waitForURL('**/compare?runs=1,2');
  await page.goBack();
  await tray.getByRole('button', { name: 'Clear' }).click();
  await tray.waitFor({ state: 'detached' });

  // Several at once, after a look at how many.
  model.answer(async function* () {
    await new Promise(() => {});
  });
  await api(START, { input: { targets: [{ dbProfileId }], llmProfileId } });
  await shows(4, 2, 1);
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: /^Delete the selected….*Select the runs first/s }).waitFor();
  await studio.axe('actions of the list');
  await page.getByRole('menuitem', { name: 'Cancel all matching…' }).click();
  await page.getByText('1 run in this view can be cancelled').waitFor();
  await studio.axe('cancel all matching');
  await page.getByRole('button', { name: 'Cancel 1 run' }).click();
  await row(4).getByText('Cancelled').waitFor();

  // Deleted with what is lost in view; kept after all.
  await link(4).focus();
  await page.keyboard.press('x');
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete the selected…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Delete/ }).waitFor();
  await studio.axe('delete the selected');
  await page.getByRole('button', { name: 'Keep them' }).click();
  await tray.getByRole('button', { name: 'Clear' }).click();

  // Who only looks sees the same, and why it may not act.
  const create = 'mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }';
  await page.goto('about:blank');
  studio.token = (await api(create, { input: { name: 'root', role: 'ADMIN' } })).createApiToken.secret;
  const { secret } = (await api(create, { input: { name: 'looker', role: 'VIEWER' } })).createApiToken;
  studio.expects(/console: .* 401 /);
  await studio.go('/runs');
  await page.getByRole('heading', { name: 'Sign in to Gloss' }).waitFor();
  await studio.axe('sign in');
  await page.getByLabel('Token').first().fill('gloss_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('form').getByText(/token/i).nth(2).waitFor();
  await page.getByLabel('Token').first().fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await shows(4, 2, 1);
  const newRun = page.getByRole('button', { name: 'New run' });
  assert.equal(await newRun.getAttribute('aria-disabled'), 'true');
  await newRun.hover();
  await page.getByRole('tooltip').getByText('Your role is VIEWER; this needs OPERATOR.').waitFor();
  await page.getByRole('button', { name: 'More actions' }).click();
  const cancelAll = page.getByRole('menuitem', { name: /^Cancel all matching….*this needs OPERATOR/s });
  assert.equal(await cancelAll.getAttribute('aria-disabled'), 'true');
  await studio.axe('a viewer');
}
