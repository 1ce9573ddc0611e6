// A PostgreSQL database of one's own: from its profile over the catalog, a draft, an edit and a conflict to the
// comments that stand in it; then the profile is moved, refused and deleted. `--given postgres=URL` is a server's
// administrator.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PASSWORD = 'p@ss/w:rd #1';

export default async function journey(studio) {
  const { page, api, until, isPhone, given } = studio;
  const admin = new URL(given.postgres);
  const database = `shop_${process.pid}`;
  const sql = (statement, name = database) => {
    const target = Object.assign(new URL(admin), { pathname: `/${name}` });
    return execFileSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', statement, target.href], {
      encoding: 'utf8',
    }).trim();
  };
  const comment = (table, column) =>
    column
      ? sql(
          `SELECT col_description(attrelid, attnum) FROM pg_attribute
            WHERE attrelid = '${table}'::regclass AND attname = '${column}'`,
        )
      : sql(`SELECT obj_description('${table}'::regclass)`);
  const button = (name, exact = true) => page.getByRole('button', { name, exact });
  const field = (label) => page.getByLabel(label, { exact: true });
  const dialog = page.getByRole('dialog');
  const profiles = async () => (await api('{ dbProfiles { id name displayUrl } }')).dbProfiles;

  sql(`CREATE ROLE ${database} LOGIN PASSWORD '${PASSWORD}'`, 'postgres');
  sql(`CREATE DATABASE ${database} OWNER ${database}`, 'postgres');
  sql(`CREATE SCHEMA "odd. / names" AUTHORIZATION ${database};
    SET ROLE ${database};
    CREATE TABLE customer (id int PRIMARY KEY, email text NOT NULL);
    CREATE TABLE invoice (id int PRIMARY KEY, customer_id int REFERENCES customer, total_eur numeric(10, 2));
    CREATE TABLE "odd. / names"."50 % ""off""?" ("a.b" int PRIMARY KEY, buyer int REFERENCES customer);
    COMMENT ON TABLE customer IS 'People who bought something.'`);

  // A form that says what it lacks, tests before it saves, and saves what does not answer only when told to.
  await studio.go('/databases');
  await page.getByRole('link', { name: 'demo', exact: true }).waitFor();
  await page.getByText('Can write comments').waitFor();
  await studio.axe('databases');
  await button('Add database').click();
  await dialog.waitFor();
  await button('Test and save').click();
  await page.getByText('Enter a host').waitFor();
  await studio.axe('a form that lacks something');
  await field('Host').fill('127.0.0.1');
  await field('Port').fill('1');
  await field('User').fill(database);
  await field('Password').fill(PASSWORD);
  await field('Database').fill(database);
  await field('Name').fill('My shop');
  await field('About this database').fill('Invoices of a small shop.');
  await button('Test and save').click();
  await page.getByText('Not connected:').waitFor();
  await button('Save anyway').waitFor();
  await studio.axe('a connection that fails');
  assert.equal((await profiles()).length, 1, 'nothing is saved that was not asked for');

  // Fields and URL say the same; the URL does not show the password that was typed.
  await field('Port').fill(admin.port);
  await dialog.getByText('URL', { exact: true }).click();
  const url = `postgres://${database}:•••@127.0.0.1:${admin.port}/${database}`;
  assert.equal(await page.getByRole('textbox', { name: 'URL' }).inputValue(), url);
  await dialog.getByText('Fields', { exact: true }).click();
  assert.equal(await field('Password').inputValue(), PASSWORD);
  await button('Only test').click();
  await page.getByText('Connected:').waitFor();
  assert.equal((await profiles()).length, 1, 'a test alone saves nothing');
  await button('Test and save').click();
  await page.waitForURL('**/databases/My%20shop');
  await dialog.waitFor({ state: 'detached' });
  const [saved] = (await profiles()).filter(({ name }) => name === 'My shop');
  assert.equal(saved.displayUrl, `postgres://${database}@127.0.0.1:${admin.port}/${database}`);
  const kept = await page.evaluate(() =>
    JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.body.outerHTML]),
  );
  assert.ok(!kept.includes(PASSWORD) && !kept.includes(encodeURIComponent(PASSWORD)), 'the password stands nowhere');

  // The catalog: coverage once it is read, schemas, a filter, the search with its why.
  await page.getByText('Can write comments').waitFor();
  await button('Read the catalog').click();
  await page.getByText('1 documented').waitFor();
  await page.getByRole('heading', { name: 'Documented: 10% · 1 of 10' }).waitFor();
  await page.getByText('9 missing').waitFor();
  await page.getByRole('link', { name: 'table invoice', exact: true }).waitFor();
  await studio.axe('a database');

  // An export: the format, the texts and a schema are chosen, and the server streams the file.
  await button('More actions for My shop').click();
  await page.getByRole('menuitem', { name: 'Export…' }).click();
  await dialog.waitFor();
  await page.getByRole('combobox', { name: 'Format' }).click();
  await page.getByRole('option', { name: 'dbt', exact: true }).click();
  await page.getByRole('combobox', { name: 'Texts' }).click();
  await page.getByRole('option', { name: 'Comments', exact: true }).click();
  await page.getByRole('combobox', { name: 'Schemas' }).click();
  const schemas = page.getByRole('listbox', { name: 'Schemas' });
  await schemas.getByRole('option', { name: 'public', exact: true }).click();
  await page.keyboard.press('Tab');
  await studio.axe('an export');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'descriptions-My-shop.yml');
  const exported = readFileSync(await download.path(), 'utf8');
  assert.match(exported, /- name: public\n/);
  assert.match(exported, /- name: customer\n {8}description: "People who bought something."\n/);
  await page.getByRole('button', { name: 'Close', exact: true }).last().click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByLabel('Search My shop').fill('customer e-mail');
  await page.getByText('Matches: ').first().waitFor();
  await page.getByRole('link', { name: 'column public.customer.email' }).waitFor();
  await studio.axe('what a search found');
  await page.getByLabel('Search My shop').press('Escape');
  if (isPhone) {
    await page.getByLabel('Schema', { exact: true }).selectOption('odd. / names');
  } else {
    await page.getByRole('navigation', { name: 'Schemas' }).getByRole('link', { name: /odd/ }).click();
  }
  await page.getByRole('link', { name: 'table 50 % "off"?', exact: true }).click();
  await button('buyer', false).first().click();
  await page.getByRole('link', { name: 'public.customer.id' }).locator('visible=true').first().click();
  await page.getByText('People who bought something.').waitFor();
  await page.reload();
  await button('email', false).first().waitFor();
  assert.equal(new URL(page.url()).pathname, '/databases/My%20shop/public/customer');

  // A draft for a column: generated, reviewed, written; the history tells of it.
  await studio.go('/databases/My%20shop/public/invoice?column=total_eur');
  await button('Generate a draft for invoice.total_eur').click();
  await button('Generate a draft for invoice.total_eur now').click();
  await button('Accept').waitFor();
  await studio.axe('a draft to review');
  await field('Comment on invoice.total_eur').fill('Gross sum in euros.');
  await page.reload();
  await button('Accept').waitFor();
  assert.equal(
    await field('Comment on invoice.total_eur').inputValue(),
    'Gross sum in euros.',
    'an edit survives a reload',
  );
  await button('Accept').click();
  await page.getByText('COMMENT ON COLUMN').waitFor();
  await studio.axe('a comment to write');
  assert.equal(comment('invoice', 'total_eur'), '');
  await button('Write the comment').click();
  await page.getByText('Written to the database').waitFor();
  assert.equal(comment('invoice', 'total_eur'), 'Gross sum in euros.');
  await page.getByRole('region', { name: 'Suggestions for invoice.total_eur' }).getByText('written by local').waitFor();
  await studio.axe('a written comment');

  // An edit by hand meets another person's comment.
  await studio.go('/databases/My%20shop/public/customer');
  await button('Edit the comment on customer').click();
  await button('Edit the comment on customer now').click();
  await button('Accept').waitFor();
  assert.equal(await field('Comment on customer').inputValue(), 'People who bought something.');
  await field('Comment on customer').fill('People and companies that bought something.');
  await button('Accept').click();
  await button('Write, replacing the comment').waitFor();
  sql("COMMENT ON TABLE customer IS 'Buyers.'");
  await button('Write, replacing the comment').click();
  await page.getByText('The comment is now: “Buyers.”').waitFor();
  assert.equal(comment('customer'), 'Buyers.');
  await studio.axe('a conflict');
  await button('Replace the comment').click();
  await page.getByText('Written to the database').waitFor();
  assert.equal(comment('customer'), 'People and companies that bought something.');

  // Coverage and activity follow the runs of others without a reload.
  await studio.go('/databases/My%20shop');
  await page.getByText('2 documented').waitFor();
  const run = `mutation($id: ID!) {
    startRun(input: { targets: [{ dbProfileId: $id }], command: RUN_APPLY }) { runs { number } }
  }`;
  const { number } = (await api(run, { id: saved.id })).startRun.runs[0];
  await page.getByText('10 documented').waitFor();
  assert.ok(comment('customer', 'email').length > 0);
  await page.getByRole('link', { name: 'Runs and writes' }).click();
  await page.getByRole('link', { name: /^All \d+ writes$/ }).waitFor();
  await studio.axe('runs and writes');
  const all = page.getByRole('link', { name: /^All \d+ runs$/ });
  const [, figure] = /(\d+)/.exec(await all.innerText());
  await all.click();
  await page.getByText(`${figure} of ${figure}`, { exact: true }).waitFor();
  await page.goBack();
  await all.waitFor();
  await page.getByRole('navigation', { name: 'Parts of the database' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByText('Invoices of a small shop.').waitFor();
  await page.getByRole('button', { name: 'Edit My shop' }).waitFor();
  await page.getByText('belong to the login or a superuser').waitFor();
  await studio.axe('settings of a profile');
  await studio.go('/databases/demo?tab=settings');
  await page.getByText('Not read', { exact: true }).waitFor();
  assert.equal(await page.getByText(/superuser|login/).count(), 0, 'SQLite has no logins');
  await studio.go('/databases/My%20shop?tab=settings');
  await page.getByRole('button', { name: 'Edit My shop' }).waitFor();
  assert.match(
    await page.getByRole('link', { name: 'Describe My shop' }).getAttribute('href'),
    /^\/runs\/new\?profile=/,
  );

  // A roll-back that has to wait: its rows wait, with what they are about. Dialog, button and outcome say one number.
  const { id } = (await api('query($number: Int!) { runByNumber(number: $number) { id } }', { number })).runByNumber;
  const plan = 'query($id: ID!) { applyPlan(runId: $id, rollback: true) { nodes { status } } }';
  const { length: applied } = (await api(plan, { id })).applyPlan.nodes.filter(({ status }) => status === 'PLANNED');
  await studio.go(`/runs/${number}?tab=apply&plan=rollback`);
  await button(`Roll back ${applied} comments…`).waitFor();
  const lock = 'BEGIN; LOCK TABLE customer, invoice, "odd. / names"."50 % ""off""?"; SELECT pg_sleep(600)';
  const locker = spawn('psql', ['-Xq', '-c', lock, Object.assign(new URL(admin), { pathname: `/${database}` }).href]);
  const waiting = "FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
  await until('the tables are locked', () => sql(`SELECT count(*) ${waiting} AND wait_event = 'PgSleep'`) === '1');
  await button(`Roll back ${applied} comments…`).click();
  await dialog.getByRole('button', { name: `Roll back ${applied} comments`, exact: true }).click();
  await page.getByRole('heading', { name: 'Rolling back' }).waitFor();
  const rows = page.locator('[data-change="WAITING"]');
  await until('all rows wait', async () => (await rows.count()) === applied);
  for (const text of await rows.allInnerTexts()) {
    assert.ok(!/No comment/.test(text) && text.split('\n').length > 2, `a row that waits shows its comment: ${text}`);
  }
  await studio.axe('a roll-back that waits');
  sql(`SELECT pg_terminate_backend(pid) ${waiting}`);
  locker.kill();
  await page.getByText(`${applied} comments removed.`).waitFor();
  assert.equal(comment('customer', 'email'), '');
  await studio.go('/databases/My%20shop');

  // The connection changes: the password is asked for again, and whether it is the same database.
  await button('More actions for My shop').click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await field('Name').fill('Shop / 2');
  await button('Change…').click();
  assert.equal(await field('Password').inputValue(), '');
  await field('Password').fill(PASSWORD);
  await field('Host').fill('localhost');
  await button('Test and save').click();
  await page.getByText('Choose one').waitFor();
  await studio.axe('a moved database');
  await page.getByLabel('Yes, the same database').check();
  await button('Test and save').click();
  await page.waitForURL('**/databases/Shop%20%2F%202');
  await dialog.waitFor({ state: 'detached' });

  // A profile that a schedule uses cannot be deleted; the dialog says why, and what to do.
  const { createSchedule } = await api(
    `mutation($id: ID!) {
      createSchedule(input: { name: "nightly", cron: "0 3 * * *", target: { dbProfileId: $id } }) { schedule { id } }
    }`,
    { id: saved.id },
  );
  await button('More actions for Shop / 2').click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await button('Delete the profile').click();
  await dialog.getByText('CONFLICT').waitFor();
  await dialog.getByRole('link', { name: 'schedules' }).waitFor();
  await studio.axe('a profile that is in use');
  await api('mutation($id: ID!) { deleteSchedule(input: { id: $id }) { deletedId } }', {
    id: createSchedule.schedule.id,
  });
  await button('Delete the profile').click();
  await page.waitForURL('**/databases');
  await until('the list is without it', async () => (await page.getByText('Shop / 2').count()) === 0);
  await studio.go('/databases/My%20shop');
  await page.getByText('There is no profile “My shop”.').waitFor();
  await studio.axe('a profile that is gone');

  // A database that does not answer: the page says so in each place, and asks no more than it must.
  await api(
    `mutation {
      createDbProfile(input: { name: "gone", url: "postgres://nobody@127.0.0.1:1/none" }) { dbProfile { id } }
    }`,
  );
  let asked = 0;
  page.on('request', (request) => {
    asked += request.url().endsWith('/graphql') ? 1 : 0;
  });
  await studio.go('/databases/gone');
  await page.getByText('Unreachable').waitFor();
  await page.getByText('cannot connect to PostgreSQL').waitFor();
  await studio.axe('an unreachable database');
  await button('Test gone').click();
  await page.getByText('Not connected:').waitFor();
  assert.ok(asked < 12, `the page asked ${asked} times`);
  await studio.go('/databases/gone/public/orders');
  await page.getByText('cannot connect to PostgreSQL').waitFor();
  await studio.axe('a table of an unreachable database');
}
