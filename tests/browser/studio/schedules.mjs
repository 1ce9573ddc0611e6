// A schedule's life: made, run now, paused, edited, deleted; and what a viewer sees of it.

import assert from 'node:assert/strict';

const WEEKDAY = /^(Mon|Tue|Wed|Thu|Fri) \d+ \w+( \d{4})?, 02:30/;

export default async function journey(studio) {
  const { page, api, until } = studio;
  const { dbProfiles } = await api('{ dbProfiles { id name } }');

  await studio.go('/schedules');
  await page.getByRole('heading', { name: 'No schedules yet.' }).waitFor();
  await studio.axe('first use');
  await page.getByRole('link', { name: 'New schedule' }).click();
  await page.waitForURL('**/schedules/new');
  assert.ok(
    await page.getByRole('radio', { name: 'Leave for review' }).isChecked(),
    'nothing is written unless chosen',
  );
  assert.equal(await page.getByRole('combobox', { name: 'Time zone' }).inputValue(), 'Europe/Berlin');
  assert.match(await page.getByRole('combobox', { name: 'Model' }).inputValue(), /^builtin/);

  // The expression in words; what the server refuses stands at the field.
  await page.getByLabel('Name').fill('Nightly orders');
  const cron = page.getByLabel('Cron expression');
  for (const [expression, words] of [
    ['@daily', 'Every day at 00:00'],
    ['*/15 9-17 * * 1-5', 'Every 15 minutes from 09:00 to 17:45 on weekdays'],
    ['0 0 13 * FRI', 'On the 13th of every month and on Fridays, at 00:00'],
    ['0 4 L * *', 'The server checks this expression on saving and then shows the next firings.'],
    ['1 2 3', 'A cron expression has five fields; this has 3.'],
  ]) {
    await cron.fill(expression);
    await page.getByText(words, { exact: true }).waitFor();
  }
  await cron.fill('61 2 * * *');
  const orders = page.getByRole('treeitem', { name: /^orders/ });
  const root = page.getByRole('treeitem', { name: /^Everything in/ });
  await root.getByText('Everything in demo', { exact: true }).click();
  await orders.getByText('orders', { exact: true }).click();
  await page.getByText('main.orders').waitFor();
  const create = page.getByRole('button', { name: /^Create schedule/ });
  await create.click();
  await page.getByText('the minute 61 is out of range').first().waitFor();
  assert.equal(await cron.getAttribute('aria-invalid'), 'true');
  await studio.axe('a refused expression');
  await cron.fill('30 2 * * MON-FRI');
  await page.getByText('Every weekday at 02:30', { exact: true }).waitFor();
  await page.reload();
  assert.equal(await page.getByLabel('Name').inputValue(), 'Nightly orders', 'the draft survives a reload');
  await create.click();

  await page.getByRole('heading', { name: 'Nightly orders' }).waitFor();
  const firings = page.getByRole('list', { name: 'Next firings' }).getByRole('listitem');
  await until('five firings show', async () => (await firings.count()) === 5);
  for (const text of await firings.allTextContents()) {
    assert.match(text, WEEKDAY);
  }
  await page.getByText(/^\d+ assets, no cost$/).waitFor();
  await studio.axe('a schedule');

  await page.getByRole('button', { name: 'Run now: Nightly orders' }).click();
  await page.getByText('Nightly orders: run #1 was started.').waitFor();
  await page.getByRole('table').getByText('Ready for review').waitFor();
  await studio.axe('its first run');

  await page.getByRole('button', { name: 'Pause: Nightly orders' }).click();
  await page.getByText('Paused', { exact: true }).waitFor();
  await firings.first().waitFor({ state: 'detached' });

  // Its form holds what it was made with; another moment in words.
  await page.getByRole('button', { name: 'More for Nightly orders' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.getByText('main.orders').waitFor();
  assert.equal(await cron.inputValue(), '30 2 * * MON-FRI');
  await cron.fill('0 4 1 * *');
  await page.getByLabel('Only what is new or changed').check();
  await studio.axe('edit');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Nightly orders', exact: true }).waitFor();
  await page.getByText('On the 1st of every month at 04:00').waitFor();
  const { schedules } = await api(
    '{ schedules { nodes { cron fireAt onChange timeZone reviewStrategy scope { schemas { tables { name } } } } } }',
  );
  assert.deepEqual(schedules.nodes, [
    {
      cron: '0 4 1 * *',
      fireAt: null,
      onChange: true,
      timeZone: 'Europe/Berlin',
      reviewStrategy: 'MANUAL',
      scope: { schemas: [{ tables: [{ name: 'orders' }] }] },
    },
  ]);

  // Nothing is new since its first run: that is said, not shown as a failure.
  await page.getByRole('button', { name: 'Run now: Nightly orders' }).click();
  await page.getByText('nothing is new or changed since its last run').waitFor();

  // One moment, which fires by itself while the list is open.
  const input = { name: 'Once', timeZone: 'UTC', target: { dbProfileId: dbProfiles[0].id } };
  await api('mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }', {
    input: { ...input, fireAt: new Date(Date.now() + 4000).toISOString() },
  });
  await studio.navigate('Schedules');
  const row = (name) =>
    page.locator(studio.isPhone ? 'li' : 'tr', { has: page.getByRole('link', { name, exact: true }) });
  await row('Once').getByText('Active').waitFor();
  await row('Once').getByText('Completed').waitFor();
  await row('Once').getByText('Ready for review').waitFor();
  await row('Nightly orders').getByText('Paused', { exact: true }).waitFor();
  await studio.axe('the list');

  // A long name takes three lines at most; a button shows all of it.
  const long = `Quarterly figures ${'of the northern region '.repeat(3)}and more`;
  const { createSchedule } = await api(
    'mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }',
    { input: { ...input, name: long, cron: '@yearly' } },
  );
  await studio.go(`/schedules/${encodeURIComponent(createSchedule.schedule.id)}`);
  const heading = page.getByRole('heading', { name: long });
  await heading.waitFor();
  if (studio.isPhone) {
    const heightOf = async () => (await heading.boundingBox()).height;
    const clamped = await heightOf();
    assert.ok(clamped <= 3 * 28, `the heading is ${clamped} px high`);
    await page.getByRole('button', { name: 'Show all' }).click();
    await until('the whole name shows', async () => (await heightOf()) > clamped);
    await studio.axe('a long name');
  }
  await api('mutation($id: ID!) { deleteSchedule(input: { id: $id }) { deletedId } }', {
    id: createSchedule.schedule.id,
  });
  await studio.navigate('Schedules');
  await row('Once').waitFor();

  // A list that the server read before the schedule is deleted arrives after that: it does not take the page away.
  let isHeld = true;
  let arrive;
  const later = new Promise((resolve) => (arrive = resolve));
  const read = new Promise((resolve) => {
    page.route('**/graphql', async (route) => {
      if (!isHeld || !route.request().postData()?.includes('query ScheduleList')) {
        await route.fallback();
        return;
      }
      const response = await route.fetch();
      resolve();
      await later;
      await route.fulfill({ response });
    });
  });
  await studio.navigate('Runs');
  await studio.navigate('Schedules');
  await read;
  await page.getByRole('button', { name: 'More for Nightly orders' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete this schedule?' });
  await dialog.waitFor();
  await studio.axe('before a schedule is deleted');
  await dialog.getByRole('button', { name: 'Delete the schedule' }).click();
  await dialog.waitFor({ state: 'detached' });
  isHeld = false;
  arrive();
  await row('Nightly orders').waitFor({ state: 'detached' });
  await row('Once').waitFor();
  await studio.go('/schedules/U2NoZWR1bGU6MQ');
  await page.getByRole('heading', { name: 'This schedule does not exist.' }).waitFor();

  // A viewer sees why nothing can be changed.
  const token = async (name, role) => {
    const made = await api('mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }', {
      input: { name, role },
    });
    return made.createApiToken.secret;
  };
  studio.token = await token('admin', 'ADMIN');
  const secret = await token('viewer', 'VIEWER');
  const other = await studio.newPage();
  studio.expects(/401/);
  await other.goto(new URL('/schedules', studio.url).href);
  await other.getByRole('textbox', { name: 'Token' }).fill(secret);
  await other.getByRole('button', { name: 'Sign in' }).click();
  const runNow = other.getByRole('button', { name: 'Run now: Once' });
  await runNow.waitFor();
  assert.match(await runNow.getAttribute('aria-description'), /Your role is VIEWER/);
  await studio.axe('a viewer', other);
}
