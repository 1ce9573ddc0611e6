// Two databases are described at once, each in part: chips, scope trees, estimate, the list filtered to the new runs.

import assert from 'node:assert/strict';

/** Asks the server that serves the pages. */
async function ask(studio, query, variables) {
  const response = await fetch(new URL('/graphql', studio.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

export default async function newRun(studio) {
  const { page } = studio;
  const { dbProfiles } = await ask(studio, '{ dbProfiles { name displayUrl } }');
  const demo = dbProfiles.find(({ name }) => name === 'demo');
  await ask(studio, 'mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }', {
    input: { name: 'second', url: demo.displayUrl },
  });

  await page.goto(new URL('/runs/new', studio.url).href);
  const start = page.getByRole('button', { name: /^Start \d* ?runs?/ });
  await page.getByRole('button', { name: 'demo', exact: true }).click();
  await page.getByRole('button', { name: 'second', exact: true }).click();
  const [first, second] = ['demo', 'second'].map((name) => page.locator('section', { hasText: `Scope of ${name}` }));

  // Everything at first; one tick narrows the scope to it, the same tick again widens it to the whole schema.
  const orders = first.getByRole('treeitem', { name: /^orders/ });
  await first.getByText(/^Everything in demo\. Tick/).waitFor();
  await orders.getByText('orders', { exact: true }).click();
  assert.equal(await orders.getAttribute('aria-checked'), 'true');
  const schema = first.getByRole('treeitem', { name: /^main/ });
  assert.equal(await schema.getAttribute('aria-checked'), 'mixed', 'a part of the schema was ticked');
  await orders.getByText('orders', { exact: true }).click();
  assert.equal(await schema.getAttribute('aria-checked'), 'true', 'the last tick widens to all of the schema');
  await orders.getByText('orders', { exact: true }).click();

  // The second by keyboard alone: search, unfold, tick a column.
  await second.getByRole('searchbox').fill('customers');
  await second.getByRole('treeitem', { name: /^customers/ }).waitFor();
  await second.getByRole('tree').focus();
  await page.keyboard.type('customers');
  await page.keyboard.press('ArrowRight');
  await second.getByRole('treeitem', { name: /^email/ }).waitFor();
  await page.keyboard.type('email');
  await page.keyboard.press('Space');
  await second.getByText('main.customers.email').waitFor();

  // What the server refuses stands at its field.
  await page.getByRole('button', { name: /^Options/ }).click();
  const wordings = page.getByLabel('Wordings of each description');
  await wordings.fill('9');
  await page.getByText('`alternatives` is 9; it goes from 1 to 5', { exact: true }).waitFor();
  await wordings.fill('2');

  await page.getByRole('button', { name: 'Start 2 runs · no cost' }).waitFor();
  await page.reload();
  await second.getByText('main.customers.email').waitFor();
  await page.getByRole('button', { name: 'Start 2 runs · no cost' }).waitFor();
  assert.equal(await page.getByLabel('Wordings of each description').inputValue(), '2', 'the draft survives a reload');

  await start.click();
  await page.waitForURL(/\/runs\?.*db=/);
  await page.getByText('2 of 2', { exact: true }).waitFor();
  const { runs } = await ask(
    studio,
    '{ runs(first: 2) { nodes { dbProfileName options { alternatives } scope { schemas { name tables { name columns } } } } } }',
  );
  const scopes = Object.fromEntries(runs.nodes.map(({ dbProfileName, scope }) => [dbProfileName, scope.schemas]));
  assert.deepEqual(scopes, {
    demo: [{ name: 'main', tables: [{ name: 'orders', columns: [] }] }],
    second: [{ name: 'main', tables: [{ name: 'customers', columns: ['email'] }] }],
  });
  assert.deepEqual(runs.nodes.map(({ options }) => options.alternatives), [2, 2]);

  // The form is fresh again; an address fills it.
  await page.goto(new URL('/runs/new', studio.url).href);
  await page.getByText('Choose one or several.', { exact: false }).waitFor();
  const { dbProfiles: all } = await ask(studio, '{ dbProfiles { id name } }');
  const { id } = all.find(({ name }) => name === 'demo');
  await page.goto(new URL(`/runs/new?profile=${encodeURIComponent(id)}&schema=main&table=payments`, studio.url).href);
  await first.getByText('main.payments').waitFor();
  await page.getByRole('button', { name: 'Start run · no cost' }).click();
  await page.waitForURL(/\/runs\/\d+$/);
}
