// A schedule's life: made, run now, paused, edited, deleted.

import assert from 'node:assert/strict';

export default async function schedules(studio) {
  const { page } = studio;
  await page.goto(new URL('/schedules', studio.url).href);
  await page.getByRole('link', { name: 'New schedule' }).first().click();
  await page.waitForURL(/\/schedules\/new$/);
  assert.ok(await page.getByRole('radio', { name: 'Leave for review' }).isChecked(), 'nothing is written unless chosen');

  await page.getByLabel('Name').fill('Nightly orders');
  const cron = page.getByLabel('Cron expression');
  await cron.fill('61 2 * * *');
  await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Berlin');
  await page.getByRole('option', { name: 'Europe/Berlin' }).click();
  await page.getByRole('button', { name: 'demo', exact: true }).click();
  const orders = page.getByRole('treeitem', { name: /^orders/ });
  await orders.getByText('orders', { exact: true }).click();
  await page.getByText('main.orders').waitFor();
  await page.getByRole('button', { name: /^Create schedule/ }).click();
  await page.getByText('the minute 61 is out of range', { exact: false }).first().waitFor();
  await cron.fill('30 2 * * MON-FRI');
  await page.getByText('Every weekday at 02:30').waitFor();
  await page.reload();
  assert.equal(await page.getByLabel('Name').inputValue(), 'Nightly orders', 'the draft survives a reload');
  await page.getByRole('button', { name: /^Create schedule/ }).click();

  await page.getByRole('heading', { name: 'Nightly orders' }).waitFor();
  const firings = page.getByRole('list', { name: 'Next firings' }).getByRole('listitem');
  await firings.first().waitFor();
  assert.equal(await firings.count(), 5);
  for (const text of await firings.allTextContents()) {
    assert.match(text, /^(Mon|Tue|Wed|Thu|Fri) \d+ \w+( \d{4})?, 02:30/);
  }

  await page.getByRole('button', { name: 'Run now: Nightly orders' }).click();
  await page.getByText(/run #\d+ was started/).waitFor();
  await page.getByRole('table').getByText('Ready for review').waitFor();

  await page.getByRole('button', { name: 'Pause: Nightly orders' }).click();
  await page.getByText('Paused', { exact: true }).first().waitFor();
  await firings.first().waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'More for Nightly orders' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.getByText('main.orders').waitFor();
  await page.getByLabel('Cron expression').fill('0 4 1 * *');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('On the 1st of every month at 04:00').waitFor();

  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByRole('row', { name: /Nightly orders.*Paused.*Ready for review/ }).waitFor();
  await page.getByRole('button', { name: 'More for Nightly orders' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: 'Delete the schedule' }).click();
  await page.getByRole('link', { name: 'Nightly orders' }).waitFor({ state: 'detached' });
}
