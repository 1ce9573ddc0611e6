// Models: a profile for a scripted endpoint is tested, refused, saved, made the default, edited with its key kept, and
// deleted.

import assert from 'node:assert/strict';

export default async function journey(studio) {
  const { page, api, until } = studio;
  const button = (name) => page.getByRole('button', { name, exact: true });
  const field = (label) => page.getByLabel(label, { exact: true });
  const dialog = page.getByRole('dialog');
  const profiles = async () =>
    (await api('{ llmProfiles { id name model baseUrl hasApiKey isDefault inputCostPerMillionTokens } }')).llmProfiles;
  const model = await studio.model();
  const { Refusal } = await import('../model.mjs');

  await studio.go('/models');
  await page.getByRole('heading', { name: 'builtin', exact: true }).waitFor();
  await page.getByText('Default', { exact: true }).waitFor();
  await studio.axe('models');

  // What is missing is said at its field.
  await button('Add model').click();
  await page.getByRole('combobox', { name: 'Provider' }).click();
  await page.getByRole('option', { name: 'Another endpoint' }).click();
  await button('Test and save').click();
  await page.getByText('Enter the model as the provider spells it').waitFor();
  await page.getByText('Enter the endpoint’s URL').waitFor();
  await studio.axe('a form that lacks something');

  // An endpoint that refuses: the reason in place, nothing saved.
  model.answer(() => {
    throw new Refusal(401, 'this key is not known');
  });
  await field('Model').fill('lab/scripted-model');
  await field('Base URL').fill(model.baseUrl);
  await page.getByText('Gloss sends names, types and comments of your tables to the endpoint').waitFor();
  await button('Only test').click();
  await page.getByText('the endpoint wants an API key').waitFor();
  await field('API key, if it needs one').fill('sk-secret-1');
  await button('Test and save').click();
  await page.getByText('Not connected:').waitFor();
  await button('Save anyway').waitFor();
  await studio.axe('a key that is refused');
  assert.equal((await profiles()).length, 1);

  // It answers: tested and saved in one step, with its prices.
  model.answer();
  await button('Prices and limits').click();
  await field('Sent').fill('0.15');
  await field('Received').fill('0.6');
  await studio.axe('prices and limits');
  await button('Test and save').click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'scripted-model', exact: true }).waitFor();
  await page.getByText('$0.15 in, $0.60 out').waitFor();
  const [added] = (await profiles()).filter(({ name }) => name === 'scripted-model');
  assert.equal(added.model, 'lab/scripted-model');
  assert.equal(added.hasApiKey, true);
  const kept = await page.evaluate(() =>
    JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.body.outerHTML]),
  );
  assert.ok(!kept.includes('sk-secret-1'), 'the key stands nowhere');
  await button('Test scripted-model').click();
  await page.getByText('Connected:').waitFor();
  await studio.axe('a model that answers');

  // The default moves.
  await button('More actions for scripted-model').click();
  await page.getByRole('menuitem', { name: 'Make it the default' }).click();
  await until(
    'it is the default',
    async () => (await profiles()).find(({ name }) => name === 'scripted-model').isDefault,
  );
  await until(
    'one profile shows as the default',
    async () => (await page.getByText('Default', { exact: true }).count()) === 1,
  );

  // A change that keeps the key is saved and tested with it; a key goes to no other address.
  await button('More actions for scripted-model').click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await page.getByText('A key is set.').waitFor();
  await studio.axe('a key that is kept');
  await field('Base URL').fill('http://127.0.0.1:1/v1');
  await button('Save and test').click();
  await page.getByText('A key is used only with the address').waitFor();
  await field('Base URL').fill(model.baseUrl);
  await field('Name').fill('The lab’s model');
  await button('Save and test').click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'The lab’s model', exact: true }).waitFor();
  assert.equal((await profiles()).find(({ id }) => id === added.id).hasApiKey, true);

  await button('More actions for The lab’s model').click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await dialog.getByText('and its key').waitFor();
  await studio.axe('a profile to delete');
  await button('Delete the profile').click();
  await page.getByText('No profile is the default').waitFor();
  assert.equal((await profiles()).length, 1);
  await studio.axe('no default');
}
