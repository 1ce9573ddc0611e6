// Tokens: the first one, made and used at once; a viewer's, who may only look; its end while the page is open.

import assert from 'node:assert/strict';

export default async function journey(studio) {
  const { page, until } = studio;
  const dialog = page.getByRole('dialog');

  // Before the first token every user of this machine has all rights.
  await studio.go('/settings');
  await page.getByText('Local administrator', { exact: true }).first().waitFor();
  await page.getByRole('heading', { name: 'There are no tokens.' }).waitFor();
  await studio.axe('no tokens');

  // The first token: what it changes is said before; the secret outlives the refusals that follow.
  await page.getByRole('button', { name: 'New token' }).click();
  await dialog.getByText('This is the first token.').waitFor();
  await dialog.getByText('The first token is an Admin token').waitFor();
  assert.ok(await dialog.getByRole('radio', { name: 'Viewer' }).isDisabled());
  assert.ok(await dialog.getByRole('radio', { name: 'Admin' }).isChecked());
  await dialog.getByRole('textbox', { name: 'Name' }).fill('root');
  await studio.axe('the first token');
  studio.expects(/console: .* 401 /);
  studio.expects(/4401/);
  // The first token ends the connections that were opened without one, also while they are in use.
  studio.expects(/ERR_SOCKET_NOT_CONNECTED/);
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const secret = dialog.getByLabel('Secret of root');
  await secret.waitFor();
  const root = await secret.innerText();
  assert.match(root, /^gloss_[\w-]{40,}$/);
  studio.token = root;
  await studio.axe('the secret');
  await dialog.getByRole('button', { name: 'Sign in with it' }).click();
  const main = page.locator('main');
  await main.getByText('What you do is recorded under the name root.').waitFor();
  await main.getByRole('row', { name: /root/ }).waitFor();
  await studio.axe('signed in as root');

  // A name is given once.
  await page.getByRole('button', { name: 'New token' }).click();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('root');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await until(
    'the field says that the name is taken',
    async () => (await dialog.getByRole('textbox', { name: 'Name' }).getAttribute('aria-invalid')) === 'true',
  );
  await dialog.getByRole('textbox', { name: 'Name' }).fill('looker');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const looker = await dialog.getByLabel('Secret of looker').innerText();
  await dialog.getByRole('button', { name: 'I have copied it' }).click();
  await main.getByRole('row', { name: /looker/ }).waitFor();

  // The viewer, in a browser of its own: a wrong token is refused, the right one opens the page that was asked for.
  const other = await studio.newPage();
  await other.goto(new URL('/settings', studio.url).href);
  const form = other.locator('form');
  await form.getByLabel('Token').first().fill('hunter2');
  await form.getByRole('button', { name: 'Sign in' }).click();
  await form.getByText('Tokens begin with gloss_.').waitFor();
  await studio.axe('a wrong token', other);
  await form.getByLabel('Token').first().fill(looker);
  await form.getByRole('button', { name: 'Sign in' }).click();
  const seen = other.locator('main');
  await seen.getByText('Your role is VIEWER; this needs ADMIN.').waitFor();
  const create = seen.getByRole('button', { name: 'New token' });
  assert.equal(await create.getAttribute('aria-disabled'), 'true');
  assert.match(await create.getAttribute('aria-description'), /VIEWER/);
  await studio.axe('a viewer', other);

  // The token is revoked while the viewer looks at the runs: the form takes over, and says why.
  await other.goto(new URL('/runs', studio.url).href);
  await seen.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
  await main.getByRole('button', { name: 'Revoke looker' }).click();
  await dialog.getByText('signs out browsers that use it').waitFor();
  await studio.axe('before a token is revoked');
  await dialog.getByRole('button', { name: 'Revoke looker' }).click();
  await main.getByRole('row', { name: /looker/ }).waitFor({ state: 'detached' });
  await other.getByText('The session of looker has ended').waitFor();
  await studio.axe('a session that has ended', other);
  await form.getByLabel('Token').first().fill(looker);
  await form.getByRole('button', { name: 'Sign in' }).click();
  await form.getByText('revoked').nth(1).waitFor();

  // A restart of the server ends the session: the page says so at once and after a reload, and goes on where it was.
  await studio.go('/databases/demo?tab=settings');
  await main.getByText('Databases in scope').waitFor();
  studio.expects(/failed: .*ERR_(CONNECTION|EMPTY)|console: .*(WebSocket|ERR_(CONNECTION|EMPTY))/);
  await studio.server('kill');
  await studio.server('start');
  const ended = page.getByText('The session of root has ended');
  await ended.waitFor();
  await page.reload();
  await ended.waitFor();
  await studio.axe('a session that a restart has ended');
  await page.getByLabel('Token').first().fill(root);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await main.getByText('Databases in scope').waitFor();
  assert.equal(new URL(page.url()).search, '?tab=settings');
  await studio.go('/settings');

  // The last administrator's own token says what is lost with it.
  await main.getByRole('button', { name: 'Revoke root' }).click();
  await dialog.getByText('You are signed in with this token').waitFor();
  await dialog.getByText('It is the last Admin token.').waitFor();
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await dialog.waitFor({ state: 'detached' });
}
