// Questions: answered without a model, then by one that streams, is followed up, is stopped, fails and is asked again.

import assert from 'node:assert/strict';

import { gate, Refusal } from '../model.mjs';

export default async function journey(studio) {
  const { page, until, isPhone } = studio;
  const box = page.getByRole('textbox', { name: /^(Question|Follow-up question)$/ });
  const turn = (question) => page.getByRole('article', { name: question, exact: true });
  const ask = async (question) => {
    await box.fill(question);
    await box.press('Enter');
    await turn(question).waitFor();
  };
  const sessions = async () => {
    if (isPhone) {
      await page.getByRole('button', { name: 'Sessions' }).click();
    }
    return page.getByRole('navigation', { name: 'Sessions' });
  };
  const completed = (question) => turn(question).getByText('The answer is complete.').waitFor();

  // Examples of the real catalog; the builtin describer answers with what matches.
  await studio.go('/ask');
  const example = page.getByRole('button', { name: 'How are addresses and customers joined?' });
  await example.waitFor();
  assert.equal(await page.getByRole('region', { name: 'Examples' }).getByRole('listitem').count(), 3);
  await studio.axe('nothing asked yet');
  await example.click();
  assert.equal(await box.inputValue(), 'How are addresses and customers joined?');
  await page.reload();
  assert.equal(await box.inputValue(), 'How are addresses and customers joined?', 'a draft survives a reload');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.waitForURL('**/ask/*');
  await completed('How are addresses and customers joined?');
  const first = turn('How are addresses and customers joined?');
  const citations = first.getByRole('list', { name: 'Cited assets' });
  const cited = citations.getByRole('link', { name: 'main.addresses.customer_id' });
  assert.equal(await cited.getAttribute('href'), '/databases/demo/main/addresses?column=customer_id');
  assert.equal(await first.getByRole('link', { name: '#1' }).getAttribute('href'), '/runs/1');
  await first.getByText('$0', { exact: true }).waitFor();
  assert.match(await page.title(), /^How are addresses and customers joined\? · Gloss$/);
  await first.getByText('2 look-ups').click();
  await first.getByText('Followed foreign keys').click();
  await first.getByText('"way"').waitFor();
  await studio.axe('answered without a model');

  // A model: its answer comes in pieces, and nothing in it becomes HTML.
  const model = await studio.model();
  await model.profile('scripted', { isDefault: true });
  const middle = gate();
  model.answer(async function* (body) {
    if (!body.messages.some(({ role }) => role === 'tool')) {
      yield { name: 'describe', arguments: { path: 'main.customers' } };
      return;
    }
    yield 'Mail addresses are in **one** place, `main.customers.email`:\n\n';
    await middle.opened;
    yield '- <b>bold</b> [main.customers.email]\n- see [here](http://elsewhere.example/)\nNo more.\n\n';
    yield '| column | holds |\n|---|---|\n| email | mail |\n\n```sql\nSELECT email FROM customers\n```\n';
  });
  await studio.navigate('Ask');
  await page.getByText('answered by scripted').waitFor();
  await ask('Where are mail addresses?');
  const second = turn('Where are mail addresses?');
  await second.getByText('Mail addresses are in one place').waitFor();
  assert.equal(await second.getAttribute('aria-busy'), 'true');
  assert.equal(await second.getByText('bold').count(), 0);
  await studio.axe('an answer on its way');
  await box.fill('Too early?');
  const tooEarly = page.getByRole('button', { name: 'Ask', exact: true });
  assert.match(await tooEarly.getAttribute('aria-description'), /Wait for the answer/);
  await page.reload();
  await second.getByText('Mail addresses are in one place').waitFor();
  assert.equal(await box.inputValue(), 'Too early?');
  middle.open();
  await completed('Where are mail addresses?');
  await second.getByText('<b>bold</b>').waitFor();
  await second.getByText('see [here](http://elsewhere.example/)').waitFor();
  assert.equal(await second.getByText('No more.').evaluate((it) => it.closest('li')), null, 'it is no item');
  await second.getByRole('cell', { name: 'mail', exact: true }).waitFor();
  await second.getByText('SELECT email FROM customers').waitFor();
  assert.equal(await second.getByText('one', { exact: true }).evaluate((it) => it.tagName), 'STRONG');
  const links = await second.getByRole('link', { name: 'main.customers.email' }).all();
  for (const link of links) {
    assert.equal(await link.getAttribute('href'), '/databases/demo/main/customers?column=email');
  }
  assert.equal(links.length, 3, 'as code, in brackets, among the citations');
  await second.getByText('Cites', { exact: true }).waitFor();
  await second.getByText(/\d+ tokens/).waitFor();
  await studio.axe('an answer');

  // A follow-up in the session is stopped in the middle, and asked again.
  model.answer(async function* () {
    yield 'And the phone numbers are';
    await new Promise(() => {});
  });
  await ask('And phone numbers?');
  const third = turn('And phone numbers?');
  await third.getByText('And the phone numbers are').waitFor();
  assert.match(JSON.stringify(model.requests.at(-1).messages), /Where are mail addresses\?/);
  await third.getByRole('button', { name: 'Stop' }).click();
  await third.getByText('You stopped it before the answer was complete.').waitFor();
  assert.equal(await third.getByText('And the phone numbers are').count(), 0, 'half an answer is none');
  await studio.axe('stopped');
  model.answer(async function* () {
    yield 'In [main.customers.phone].';
  });
  await third.getByRole('button', { name: 'Ask again' }).click();
  await completed('And phone numbers?');
  await third.getByText('In main.customers.phone.').waitFor();

  // A failure is an error with Retry.
  model.answer(async function* () {
    throw new Refusal(401, 'the key is worth nothing');
  });
  await ask('And birthdays?');
  const fourth = turn('And birthdays?');
  await fourth.getByRole('alert').getByText('UNAUTHENTICATED').waitFor();
  await fourth.getByText('There is no answer.').waitFor();
  await studio.axe('failed');
  model.answer(async function* () {
    yield 'In [main.customers.birth_date].';
  });
  await fourth.getByRole('button', { name: 'Retry' }).click();
  await completed('And birthdays?');
  await fourth.getByRole('link', { name: 'main.customers.birth_date' }).first().waitFor();
  assert.equal(await fourth.getByRole('alert').count(), 0);

  // The session as another person sees it, live; its list; the builtin again, in a database that is chosen.
  const other = await studio.newPage();
  await other.goto(page.url());
  await other.getByRole('article', { name: 'And birthdays?' }).waitFor();
  assert.equal(await other.getByRole('article').count(), 3);
  await page.getByRole('button', { name: /answered by scripted/ }).click();
  await page.getByRole('combobox', { name: 'Model' }).click();
  await page.getByRole('option', { name: 'builtin' }).click();
  await page.getByRole('combobox', { name: 'Databases' }).click();
  await page.getByRole('option', { name: 'demo' }).click();
  await page.keyboard.press('Escape');
  await studio.axe('profiles and model');
  await ask('Where are prices?');
  await completed('Where are prices?');
  await other.getByRole('article', { name: 'Where are prices?' }).getByText('The answer is complete.').waitFor();
  const list = await sessions();
  await until('both sessions are listed', async () => (await list.getByRole('listitem').count()) === 2);
  await studio.axe('sessions');
  await list.getByRole('link', { name: /How are addresses/ }).click();
  await first.waitFor();
  assert.equal(await page.getByRole('article').count(), 1);

  // What is not there says so.
  await studio.go('/ask/bm90aGluZw');
  await page.getByRole('heading', { name: 'There is no such session.' }).waitFor();
  await studio.axe('no such session');
}
