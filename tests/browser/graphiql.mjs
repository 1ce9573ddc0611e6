// Opens /graphiql of a running server in Chromium and works in it as a person would.
//
//   node graphiql.mjs URL FOLDER [--query TEXT --answer TEXT] [--subscription TEXT --event TEXT] [--demo] [--token TEXT]
//     [--tabs NAMES] [--sign-in TOKEN] [--picture FILE]
//
// Operations must have a name. Runs the query and waits until the answer shows; the same with the subscription
// and its event. With `--demo` it does a newcomer's first run in the tabs that are there, which needs a server
// with an empty store. With `--token` it writes the token into the headers editor first. With `--sign-in` it signs in with
// the token in the page's form, and out at the end. With `--tabs` it presses the tabs of these names (separated by commas,
// in this order, a name may come again); each must answer without an error, or say that there is no run yet, and nothing
// in a tab may be underlined. `--picture` is the picture of the docs, of the tab that was pressed last. Screenshots go to
// FOLDER. It fails on a request that leaves the machine, on an error in the console, and when what it waits for does not
// come.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { CHROMIUM, launch, watch } from './chromium.mjs';

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    query: { type: 'string', default: 'query Try { __schema { queryType { name } } }' },
    answer: { type: 'string', default: '"queryType"' },
    subscription: { type: 'string' },
    event: { type: 'string', default: '"data"' },
    demo: { type: 'boolean', default: false },
    token: { type: 'string' },
    tabs: { type: 'string' },
    'sign-in': { type: 'string' },
    picture: { type: 'string' },
    chromium: { type: 'string', default: CHROMIUM },
  },
});
const [server, folder] = positionals;
if (!server || !folder) {
  console.error('usage: node graphiql.mjs URL FOLDER [options]; the head of the file lists them');
  process.exit(2);
}
const url = new URL('/graphiql', server).href;
await mkdir(folder, { recursive: true });

const complaints = [];
// Until the token is written, the schema is refused.
const isRefusal = (complaint) =>
  (options.token !== undefined || options['sign-in'] !== undefined) && /^console: .*401/.test(complaint);

const browser = await launch(options.chromium);

try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(30_000);
  watch(page, server, (complaint) => isRefusal(complaint) || complaints.push(complaint));

  await page.goto(url);
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  if ((await page.title()) !== 'Gloss · GraphiQL') {
    complaints.push(`the title is ${await page.title()}`);
  }
  if (options['sign-in'] !== undefined) {
    await page.locator('.gloss-session input').fill('gloss_wrong');
    await page.locator('.gloss-session button').click();
    await page.locator('.gloss-session [role=alert]').waitFor();
    await page.locator('.gloss-session input').fill(options['sign-in']);
    await page.locator('.gloss-session button').click();
    await page.locator('.gloss-session', { hasText: 'Signed in as' }).waitFor();
    await page.locator('.graphiql-query-editor .view-line').first().waitFor();
    const stored = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]));
    if (stored.includes(options['sign-in'])) {
      complaints.push('the page keeps the token');
    }
  }
  await page.screenshot({ path: join(folder, '1-opened.png') });

  await run(page, options.query, options.answer);
  await page.screenshot({ path: join(folder, '2-query.png') });

  if (options.subscription !== undefined) {
    await run(page, options.subscription, options.event);
    await page.screenshot({ path: join(folder, '3-subscription.png') });
  }

  for (const [at, name] of (options.tabs?.split(',') ?? []).entries()) {
    await open(page, name);
    const answer = await pressed(page);
    if (answer.includes('"errors"') && !answer.includes('There is no ')) {
      complaints.push(`${name} answers ${answer}`);
    }
    await page.screenshot({ path: join(folder, `tab-${at}-${name}.png`) });
    // The editor underlines what its worker finds a moment after it has shown the text.
    await page.waitForTimeout(500);
    const underlined = await page.locator('.squiggly-error, .squiggly-warning').count();
    if (underlined > 0) {
      complaints.push(`${underlined} places are underlined in ${name}`);
    }
    if (await page.locator('.graphiql-execute-button[aria-label^="Stop"]').count()) {
      await page.locator('.graphiql-execute-button').click();
    }
  }

  if (options.picture !== undefined) {
    await page.screenshot({ path: options.picture });
  }

  if (options.demo) {
    // The tabs that a newcomer finds, one after another, as they stand.
    const steps = [
      ['StartHere', '"demo"'],
      ['StartRun', '"number": 1'],
      ['WatchRun', '"status": "READY_FOR_REVIEW"'],
      ['ReadSuggestions', '"confidence"'],
    ];
    for (const [at, [name, expected]] of steps.entries()) {
      await open(page, name);
      await press(page, expected);
      await page.screenshot({ path: join(folder, `${4 + at}-${name}.png`) });
    }
  }
  if (options['sign-in'] !== undefined) {
    await page.locator('.gloss-session button', { hasText: 'Sign out' }).click();
    await page.locator('.gloss-session input').waitFor();
  }
} catch (error) {
  complaints.push(String(error));
} finally {
  await browser.close();
}

for (const complaint of complaints) {
  console.error(complaint);
}
console.log(complaints.length === 0 ? 'ok' : `${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);

/** Writes an operation into a new tab, presses the run button, waits until the response shows a text. */
async function run(page, operation, expected) {
  await page.locator('.graphiql-tab-add').click();
  const editor = page.locator('.graphiql-query-editor .monaco-editor').first();
  await editor.click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(operation);
  // The tab takes the operation's name as soon as the page has understood it.
  const [, name] = operation.match(/^\w+ (\w+)/);
  await page.locator('.graphiql-tab-active', { hasText: name }).waitFor();
  if (options.token !== undefined) {
    await page.locator('.graphiql-editor-tools button', { hasText: 'Headers' }).click();
    await page.locator('.graphiql-editor-tool .monaco-editor:visible').first().click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(JSON.stringify({ authorization: `Bearer ${options.token}` }));
  }
  await press(page, expected);
}

/** Opens a tab by its name. */
async function open(page, name) {
  await page.locator('.graphiql-tab', { hasText: name }).click();
  await page.locator('.graphiql-tab-active', { hasText: name }).waitFor();
}

/** Presses the run button and waits for an answer; gives what is shown of it. A list that nothing happens to has none. */
async function pressed(page) {
  const response = page.locator('.graphiql-response .view-lines');
  await page.locator('.graphiql-execute-button').click();
  const shown = async () => (await response.innerText()).replaceAll('\u00a0', ' ');
  for (let tries = 0; tries < 100; tries += 1) {
    await page.waitForTimeout(100);
    const text = await shown();
    const isQuiet = tries > 20 && (await page.locator('.graphiql-tab-active', { hasText: 'FollowTheList' }).count());
    if (/"(data|errors|message)"/.test(text) || isQuiet) {
      return text;
    }
  }
  return `"errors": nothing came; it shows ${await shown()}`;
}

/** Presses the run button and waits until the response shows a text. */
async function press(page, expected) {
  await page.locator('.graphiql-execute-button').click();
  try {
    await page.waitForFunction(
      (text) => {
        const lines = document.querySelectorAll('.graphiql-response .view-line');
        return [...lines].some((line) => line.textContent.replaceAll('\u00a0', ' ').includes(text));
      },
      expected,
      { polling: 50 },
    );
  } catch {
    await page.screenshot({ path: join(folder, 'failed.png') });
    const shown = await page.locator('.graphiql-response').innerText();
    throw new Error(`no ${expected}; the response shows: ${shown}`);
  }
}
