// The command palette and the keys: pages, actions, runs, databases, tables, a question; all by the keyboard.

import assert from 'node:assert/strict';

export default async function journey(studio) {
  const { page, api, until, isPhone } = studio;
  const field = page.getByRole('combobox', { name: 'Go to' });
  const option = (name) => page.getByRole('option', { name });
  const path = () => new URL(page.url()).pathname;
  const opener = page.getByRole('button', { name: /^Go to…/ });
  const palette = async (text) => {
    await opener.waitFor();
    await page.keyboard.press('Control+k');
    await field.waitFor();
    await field.fill(text);
  };
  const chosen = (name) => until(`${name} is chosen`, async () => {
    assert.equal(await option(name).first().getAttribute('data-selected'), 'true');
  });

  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const { startRun } = await api('mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }', {
    input: { targets: [{ dbProfileId: dbProfiles[0].id }] },
  });
  const rename = 'mutation($id: ID!) { updateRun(input: { id: $id, title: "Quarterly look" }) { run { id } } }';
  await api(rename, { id: startRun.runs[0].id });

  // It opens by its button too, names the pages, and gives the focus back.
  await studio.go('/runs?kind=all');
  await page.getByRole('link', { name: '#1', exact: true }).waitFor();
  await opener.click();
  await field.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'combobox');
  await chosen('Runs');
  await studio.axe('palette');
  await page.keyboard.press('Escape');
  await field.waitFor({ state: 'detached' });
  await until('the opener has the focus', () => opener.evaluate((it) => it === document.activeElement));

  // A page; an action; a run by its title and by its number.
  await palette('audi');
  await chosen('Audit');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/audit');
  await palette('dark');
  await chosen('Dark theme');
  await page.keyboard.press('Enter');
  await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
  await palette('quarterly');
  await option(/#1 analyze · Quarterly look/).waitFor();
  await studio.axe('a run found');
  await chosen(/#1 analyze/);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/runs/1');
  await studio.go('/usage');
  await palette('#1');
  await chosen(/#1 analyze/);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/runs/1');

  // The run of a number, and a table of a name, come first.
  await palette('1');
  await chosen(/#1 analyze/);
  await field.fill('customers');
  await chosen(/^main\.customers/);
  await page.keyboard.press('Escape');

  // A database; a column by what people call it; a question.
  await palette('demo');
  await option(/^demo sqlite/).waitFor();
  await option(/^demo sqlite/).click();
  await page.waitForURL('**/databases/demo');
  await palette('customer email');
  await option(/main\.customers\.email/).waitFor();
  await studio.axe('assets found');
  await chosen(/main\.customers\.email/);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/databases/demo/main/customers?column=email');
  await palette('where do orders live');
  await option('Ask “where do orders live”').click();
  const box = page.getByRole('textbox', { name: 'Question' });
  await until('the question is in the box', async () => (await box.inputValue()) === 'where do orders live');
  assert.equal(path(), '/ask');
  assert.equal(new URL(page.url()).search, '');

  // What was open lately; what is nowhere.
  await palette('');
  await option('Run #1').waitFor();
  await option('demo', { exact: true }).first().waitFor();
  await page.keyboard.press('Enter');
  await until('the last one is open', () => path() === '/databases/demo/main/customers');
  await palette('zzz nowhere');
  await field.press('Backspace');
  await field.fill('zzzz');
  await page.getByText('Nothing matches.').waitFor();
  await studio.axe('nothing matches');
  await page.keyboard.press('Escape');

  // The keys that work everywhere, but not while somebody types.
  await field.waitFor({ state: 'detached' });
  await page.keyboard.press('Shift+?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  // On another layout no Shift is held.
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await studio.axe('keys');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await studio.go('/runs?kind=all');
  await page.getByRole('link', { name: '#1', exact: true }).waitFor();
  await page.keyboard.press('/');
  const search = page.getByRole('searchbox', { name: 'Search runs' });
  await until('the search has the focus', () => search.evaluate((it) => it === document.activeElement));
  await page.keyboard.type('n?c');
  assert.equal(await search.inputValue(), 'n?c');
  assert.equal(path(), '/runs');
  await search.blur();
  await page.keyboard.press('n');
  await page.waitForURL('**/runs/new');

  // A viewer sees why an action is not for it.
  if (!isPhone) {
    const create = 'mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }';
    await page.goto('about:blank');
    studio.token = (await api(create, { input: { name: 'root', role: 'ADMIN' } })).createApiToken.secret;
    const { secret } = (await api(create, { input: { name: 'looker', role: 'VIEWER' } })).createApiToken;
    studio.expects(/console: .* 401 /);
    await studio.go('/runs');
    await page.getByLabel('Token').first().fill(secret);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    await palette('new run');
    const newRun = option(/^New run/);
    assert.match(await newRun.innerText(), /Your role is VIEWER; this needs OPERATOR\./);
    assert.equal(await newRun.getAttribute('aria-disabled'), 'true');
    await field.fill('sign out');
    await chosen('Sign out');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in to Gloss' }).waitFor();
    // Signing out loads the page anew.
    await until('the next person does not see where this one was', async () =>
      assert.equal(await page.evaluate(() => localStorage.getItem('gloss.palette.visits')), null),
    );
  }
}
