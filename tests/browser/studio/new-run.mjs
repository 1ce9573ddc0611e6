// The form for new runs: two databases at once, each in part, by mouse and by keyboard; what cannot be started.

import assert from 'node:assert/strict';

const CREATE = 'mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }';

export default async function journey(studio) {
  const { page, api } = studio;
  const profiles = async () => (await api('{ dbProfiles { id name displayUrl } }')).dbProfiles;
  const [demo] = await profiles();
  const button = (name) => page.getByRole('button', { name, exact: true });
  const scopeOf = (name) => page.locator('section', { has: page.getByRole('heading', { name: `Scope of ${name}` }) });
  const first = scopeOf('demo');
  const second = scopeOf('second');
  const checked = (item) => item.getAttribute('aria-checked');

  // The only profile is chosen, and so is its only database.
  await studio.go('/runs/new');
  await button('Start run · no cost').waitFor();
  assert.equal(await page.title(), 'New run · Gloss');
  await studio.axe('one database');

  await api(CREATE, { input: { name: 'second', url: demo.displayUrl } });
  await api(CREATE, { input: { name: 'unreachable', url: 'postgres://gloss:secret@127.0.0.1:1/none' } });
  await page.reload();
  await button('Start over').click();
  await page.getByText('Choose one or several.').waitFor();
  await button('unreachable').click();
  await scopeOf('unreachable').getByText('cannot connect to PostgreSQL').waitFor();
  await scopeOf('unreachable').getByRole('button', { name: 'Retry' }).waitFor();
  await page.getByText('No database of unreachable is chosen yet.').waitFor();
  await studio.axe('a database that does not answer');
  await button('unreachable').click();

  // A click takes one table out, and in again; to take only one, everything is unticked first.
  await button('demo').click();
  await button('second').click();
  await first.getByText('Everything in demo. Untick').waitFor();
  const orders = first.getByRole('treeitem', { name: /^orders/ });
  const schema = first.getByRole('treeitem', { name: /^main/ });
  const tick = () => orders.getByText('orders', { exact: true }).click();
  await tick();
  assert.equal(await checked(orders), 'false', 'it alone is out');
  assert.equal(await checked(schema), 'mixed', 'a part of the schema is ticked');
  await tick();
  assert.equal(await checked(orders), 'true');
  assert.equal(await checked(schema), 'true', 'the whole schema is');
  const root = first.getByRole('treeitem', { name: /^Everything in demo/ });
  await root.getByText('Everything in demo', { exact: true }).click();
  await first.getByText('Nothing yet.').waitFor();
  assert.equal(await checked(schema), 'false');
  await tick();
  assert.equal(await checked(orders), 'true');
  assert.equal(await checked(schema), 'mixed');
  await first.getByRole('button', { name: 'Remove main.orders from the scope' }).waitFor();

  // The other database by keyboard: search, unfold, tick a column.
  await second.getByRole('searchbox').fill('customers');
  await second.getByText('1 table found').waitFor();
  await second.getByRole('tree').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await second.getByText('Nothing yet.').waitFor();
  await page.keyboard.type('customers');
  await page.keyboard.press('ArrowRight');
  await second.getByRole('treeitem', { name: /^email/ }).waitFor();
  await page.keyboard.type('email');
  await page.keyboard.press('Space');
  await second.getByText('main.customers.email').waitFor();
  await studio.axe('two narrowed scopes');

  // A pattern leaves tables out at once; so does Delete on a row, and it takes them in again.
  await second.getByRole('searchbox').fill('');
  await second.getByRole('treeitem', { name: /^addresses/ }).waitFor();
  await second.getByRole('button', { name: 'Remove main.customers.email from the scope' }).click();
  await second.getByText('Nothing yet.').waitFor();
  await second.getByRole('tree').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await second.getByText('Everything in demo. Untick').waitFor();
  await page.keyboard.type('orders');
  await page.keyboard.press('Delete');
  const left = second.getByRole('treeitem', { name: /orders.*left out by main\.orders/ });
  await left.waitFor();
  await page.keyboard.press('Delete');
  await left.waitFor({ state: 'detached' });
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await page.keyboard.type('customers');
  await page.keyboard.press('ArrowRight');
  await second.getByRole('treeitem', { name: /^email/ }).waitFor();
  await page.keyboard.type('email');
  await page.keyboard.press('Space');
  await second.getByText('main.customers.email').waitFor();

  // What a field does not take stays as it was typed, is told there, and nothing is started with it.
  await page.getByRole('button', { name: /^Options/ }).click();
  const wordings = page.getByLabel('Wordings of each description');
  for (const wrong of ['9', '99999999999', '1.5', 'two']) {
    await wordings.fill(wrong);
    await page.getByText('Enter a whole number from 1 to 5.', { exact: true }).waitFor();
    assert.equal(await wordings.inputValue(), wrong);
    assert.equal(await wordings.getAttribute('aria-invalid'), 'true');
  }
  await page.getByText('Correct the marked field.').waitFor();
  await studio.axe('a marked option');
  const start = page.getByRole('button', { name: /^Start \d* ?runs?\b/ });
  assert.equal(await start.getAttribute('aria-description'), 'Correct the marked field.');
  await wordings.fill('2');
  const tokens = page.getByLabel('Tokens', { exact: true });
  for (const [typed, shown] of [['5k', '5,000'], ['1e3', '1,000'], ['1.5M', '1,500,000'], ['five', 'five'], ['-3', '-3'], ['', '']]) {
    await tokens.fill(typed);
    await tokens.blur();
    assert.equal(await tokens.inputValue(), shown);
    assert.equal(await tokens.getAttribute('aria-invalid'), typed === shown && typed !== '' ? 'true' : null);
  }

  // SQLite has no partitions.
  await second.getByLabel('Leave out').waitFor();
  assert.equal(await second.getByRole('combobox', { name: 'Partitions' }).count(), 0);

  // A model with prices: what leaves the house, and what it costs.
  const scripted = await studio.model();
  await scripted.profile('priced', { inputCostPerMillionTokens: 100, outputCostPerMillionTokens: 500 });
  await page.reload();
  await page.getByRole('combobox', { name: 'Model' }).click();
  await page.getByRole('option', { name: /^priced/ }).waitFor();
  await studio.axe('models to choose');
  await page.getByRole('option', { name: /^priced/ }).click();
  await page.getByText(/receives names, types, keys and comments, and no data of your tables/).waitFor();
  await page.getByRole('button', { name: /^Start 2 runs · about \$\d/ }).waitFor();
  await page.getByRole('radio', { name: 'Apply at once' }).click();
  await page.getByRole('button', { name: /^Start 2 runs and write to the databases · about \$\d/ }).waitFor();
  await studio.axe('runs that write');
  await page.getByRole('radio', { name: 'Leave for review' }).click();
  await page.getByRole('combobox', { name: 'Model' }).click();
  await page.getByRole('option', { name: /^builtin/ }).click();

  // The draft survives a reload.
  await button('Start 2 runs · no cost').waitFor();
  await page.reload();
  await second.getByText('main.customers.email').waitFor();
  assert.equal(await wordings.inputValue(), '2');
  await button('Start 2 runs · no cost').click();
  await page.waitForURL(/\/runs\?.*db=/);
  await page.getByText('2 of 2', { exact: true }).waitFor();
  const { runs } = await api(
    '{ runs { nodes { dbProfileName options { alternatives } scope { schemas { name tables { name columns } } } } } }',
  );
  const started = runs.nodes.map(({ dbProfileName, options, scope }) => [
    dbProfileName,
    options.alternatives,
    scope.schemas,
  ]);
  assert.deepEqual(started.sort(), [
    ['demo', 2, [{ name: 'main', tables: [{ name: 'orders', columns: [] }] }]],
    ['second', 2, [{ name: 'main', tables: [{ name: 'customers', columns: ['email'] }] }]],
  ]);

  // The form is fresh again; an address fills it, and one run opens its page.
  await studio.go('/runs/new');
  await page.getByText('Choose one or several.').waitFor();
  await studio.go(`/runs/new?profile=${encodeURIComponent(demo.id)}&schema=main&table=payments`);
  await first.getByText('main.payments').waitFor();
  await page.getByRole('combobox', { name: 'Model' }).click();
  await page.getByRole('option', { name: /^priced/ }).click();
  await page.getByRole('button', { name: /^Start run · about \$\d/ }).click();
  await page.waitForURL('**/runs/3');

  // The next run begins with the model of this one, a schedule with the default model.
  await studio.go('/runs/new');
  await page.getByText(/receives names, types, keys and comments, and no data of your tables/).waitFor();
  assert.match(await page.getByRole('combobox', { name: 'Model' }).inputValue(), /^priced/);
  await studio.go('/schedules/new');
  await page.getByText('The builtin describer runs inside Gloss').waitFor();
  assert.match(await page.getByRole('combobox', { name: 'Model' }).inputValue(), /^builtin/);
}
