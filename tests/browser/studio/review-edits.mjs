// Editing a suggestion's text: an unsaved edit survives a reload, is counted, refused where it is too long or empty,
// and accepted as a text of the reviewer's own.

import assert from 'node:assert/strict';

const START = 'mutation($input: StartRunInput!) { startRun(input: $input) { runs { id number } } }';
const RUN =
  'query { runByNumber(number: 1) { status ' +
  'suggestions(first: 4) { nodes { asset { display } finalText review { state text } } } } }';

export default async function journey(studio) {
  const { page, api, until } = studio;
  const { dbProfiles } = await api('{ dbProfiles { id name } }');
  const dbProfileId = dbProfiles.find(({ name }) => name === 'demo').id;
  await api(START, { input: { targets: [{ dbProfileId }] } });
  const run = async () => (await api(RUN)).runByNumber;
  await until('the run is ready', async () => (await run()).status === 'READY_FOR_REVIEW');
  const { nodes } = (await run()).suggestions;
  const name = nodes[1].asset.display;
  const line = page.locator('[data-suggestion]', { has: page.getByRole('link', { name: new RegExp(`^${name}, `) }) });
  const editor = page.getByRole('textbox', { name: `Text for ${name}` });
  const accept = page.getByRole('button', { name: 'Accept edited' });

  await studio.go('/runs/1?tab=results');
  await line.getByRole('link').first().focus();
  await page.keyboard.press('e');
  await until('the editor has the focus', () => editor.evaluate((it) => it === document.activeElement));
  assert.equal(await editor.inputValue(), nodes[1].finalText);

  // Esc leaves an editor in which nothing was changed, and nothing is left of it.
  await page.keyboard.press('Escape');
  await editor.waitFor({ state: 'detached' });
  assert.equal(await line.getByText('Unsaved edit').count(), 0);

  // Keys are text while somebody types.
  await page.keyboard.press('e');
  await editor.fill('');
  await editor.pressSequentially('sauces 1 j k');
  assert.equal(await editor.inputValue(), 'sauces 1 j k');
  assert.equal((await run()).suggestions.nodes[1].review.state, 'UNREVIEWED');
  await page.getByText('12 / 10,000').waitFor();
  await studio.axe('editing');

  // It survives a reload, folded or not.
  await page.reload();
  await until('the edit is there', async () => (await editor.inputValue()) === 'sauces 1 j k');
  await editor.press('Escape');
  await page.keyboard.press('Escape');
  await editor.waitFor({ state: 'detached' });
  await line.getByText('Unsaved edit').waitFor();
  await page.reload();
  await line.getByText('Unsaved edit').waitFor();
  await line.getByRole('link').first().click();
  await until('the edit is there', async () => (await editor.inputValue()) === 'sauces 1 j k');

  // Too long, and empty.
  await editor.fill('ä'.repeat(10_001));
  await page.getByText('10,001 / 10,000').waitFor();
  assert.equal(await accept.getAttribute('aria-disabled'), 'true');
  assert.match(await accept.getAttribute('aria-description'), /10,001 characters; 10,000 is the most/);
  await editor.fill('   ');
  assert.match(await accept.getAttribute('aria-description'), /The text is empty/);
  await studio.axe('an empty text');

  // Accepted by the keyboard.
  await editor.fill('The address’s number.');
  await editor.press('Control+Enter');
  await until('the edit is accepted', async () => {
    assert.deepEqual((await run()).suggestions.nodes[1].review, { state: 'EDITED', text: 'The address’s number.' });
  });
  await editor.waitFor({ state: 'detached' });
  const next = nodes[2].asset.display;
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? '');
  await until('the next line has the focus', async () => (await focused()).startsWith(`${next}, `));

  // Another accept leaves the edit alone.
  await page.keyboard.press('k');
  await page.keyboard.press('a');
  await page.getByRole('status').getByText(`${name} is accepted already.`).waitFor();
  assert.equal((await run()).suggestions.nodes[1].review.text, 'The address’s number.');
  await until('the next line has the focus', async () => (await focused()).startsWith(`${next}, `));
  const nextLink = page.getByRole('link', { name: new RegExp(`^${next}, `) });
  await page.locator('[data-suggestion]', { has: nextLink }).getByRole('heading', { name: 'Wordings' }).waitFor();
  await line.getByRole('link').first().click();
  await line.getByText('edited by local', { exact: true }).waitFor();
  await line.getByRole('heading', { name: 'Your text' }).waitFor();
  assert.equal(await line.getByText(/Restates|Informative|Confidence and substance|confidence/).count(), 0);
  assert.equal(await line.getByText('Unsaved edit').count(), 0);
  await studio.axe('edited');

  // Undo takes the text back as well.
  await line.getByRole('link').first().focus();
  await page.keyboard.press('u');
  await until(
    'the description is back',
    async () => (await run()).suggestions.nodes[1].finalText === nodes[1].finalText,
  );

  // A bulk accept does not take it, and says so.
  await page.keyboard.press('e');
  await editor.fill('Not by all.');
  await page.getByRole('button', { name: /^Accept all/ }).click();
  await page.getByText('1 suggestion on this page has an unsaved edit').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();

  // While the editor is open, every way to accept takes the edited text: the button, the line's sign, the key.
  const own = async (text) =>
    until(`“${text}” is accepted`, async () => {
      assert.deepEqual((await run()).suggestions.nodes[1].review, { state: 'EDITED', text });
    });
  await page.keyboard.press('e');
  await editor.fill('By the button.');
  await line.getByRole('button', { name: /^Accept( a)?$/ }).click();
  await own('By the button.');
  await editor.waitFor({ state: 'detached' });
  await line.getByRole('link').first().focus();
  await page.keyboard.press('e');
  await editor.fill('By the sign.');
  await line.getByRole('button', { name: `Accept ${name}` }).click();
  await own('By the sign.');
  await editor.waitFor({ state: 'detached' });
  await line.getByRole('link').first().focus();
  await page.keyboard.press('e');
  await editor.fill('By the key.');
  await editor.press('Escape');
  await page.keyboard.press('e');
  assert.equal(await editor.inputValue(), 'By the key.', 'the key e keeps an unsaved edit');
  await editor.press('Escape');
  await page.keyboard.press('a');
  await own('By the key.');
  await until('nothing is unsaved', async () => (await line.getByText('Unsaved edit').count()) === 0);
  await line.getByRole('link').first().focus();
  await page.keyboard.press('e');
  await editor.fill(' ');
  await editor.press('Escape');
  await page.keyboard.press('a');
  await page.getByRole('status').getByText('The text is empty.').waitFor();
  await page.getByRole('button', { name: 'Discard' }).click();

  // Discard.
  await page.keyboard.press('e');
  await editor.fill('Not this.');
  await page.getByRole('button', { name: 'Discard' }).click();
  await editor.waitFor({ state: 'detached' });
  await page.reload();
  await line.first().waitFor();
  assert.equal(await line.getByText('Unsaved edit').count(), 0);
}
