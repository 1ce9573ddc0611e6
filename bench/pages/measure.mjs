// Measures the Runs page and the Run page in Chromium: first content, time to interactive, the time from a key press to
// the next frame, dropped frames while scrolling, layout shift, and memory. Prints one line per figure.
//
//   node measure.mjs URL RUN_NUMBER      a server with many runs, and a run with many suggestions;
//                                        it starts and cancels 20 runs
//
// The reference of the same run is an empty page of the same server (its GET /healthz), which shows the cost of the
// browser and the machine.

import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../tests/browser/package.json', import.meta.url))('playwright-core');

const [url, number] = process.argv.slice(2);
if (!url || !number) {
  console.error('usage: node measure.mjs URL RUN_NUMBER');
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (what, value, unit) => console.log(`${what.padEnd(58)} ${value.toFixed(unit === '' ? 4 : 1).padStart(9)} ${unit}`);

/** Opens a page in a fresh context; returns it with when it first showed content and when `ready` was there. */
async function open(path, ready) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        window.shift += entry.hadRecentInput ? 0 : entry.value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(url + path);
  await page.waitForSelector(ready);
  const figures = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
    ready: performance.now(),
    script: performance
      .getEntriesByType('resource')
      .filter(({ name }) => name.endsWith('.js'))
      .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
  }));
  return { page, ...figures };
}

/** Milliseconds from a key to the end of the frame that shows what it did. */
async function keys(page, key, times) {
  const took = [];
  for (let i = 0; i < times; i++) {
    await page.evaluate(() => {
      window.took = new Promise((done) => {
        document.addEventListener(
          'keydown',
          ({ timeStamp }) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - timeStamp))),
          { once: true, capture: true },
        );
      });
    });
    await page.keyboard.press(key);
    took.push(await page.evaluate(() => window.took));
  }
  return took;
}

/** Frames that took longer than two of 60 a second while the page's scroll area moves to its end. */
async function scroll(page) {
  return page.evaluate(async () => {
    const area = document.getElementById('scroll');
    let late = 0;
    let frames = 0;
    let last = performance.now();
    for (let top = 0; top <= area.scrollHeight - area.clientHeight; top += 40) {
      area.scrollTop = top;
      const now = await new Promise(requestAnimationFrame);
      late += now - last > 34 ? 1 : 0;
      frames += 1;
      last = now;
    }
    return { late, frames };
  });
}

async function measure(name, path, ready, key) {
  const opened = [];
  for (let i = 0; i < 5; i++) {
    const { page, ...figures } = await open(path, ready);
    opened.push(figures);
    await page.context().close();
  }
  say(`${name}: first content, median of 5`, median(opened.map(({ paint }) => paint)), 'ms');
  say(`${name}: rows are there, median of 5`, median(opened.map(({ ready: at }) => at)), 'ms');
  if (!ready.startsWith('body')) {
    const { page, script } = await open(path, ready);
    say(`${name}: scripts, compressed`, script / 1000, 'kB');
    const took = await keys(page, key, 30);
    say(`${name}: key to next frame, median of 30`, median(took), 'ms');
    say(`${name}: key to next frame, worst of 30`, Math.max(...took), 'ms');
    const { late, frames } = await scroll(page);
    say(`${name}: late frames while scrolling, of ${frames}`, late, 'frames');
    say(`${name}: layout shift`, await page.evaluate(() => window.shift), '');
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    say(`${name}: script memory`, usedSize / 1e6, 'MB');
    await page.context().close();
  }
}

async function api(query, variables) {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  if (errors) {
    throw new Error(errors[0].message);
  }
  return data;
}

/** The list of runs while `count` runs over the database of run `number` work beside each other (`--workers 20`). */
async function live(count) {
  const { page } = await open('/runs?kind=all', 'tbody tr a');
  const { run } = await api('query ($number: Int!) { run: runByNumber(number: $number) { dbProfile { id } } }', {
    number: Number(number),
  });
  const input = { targets: [{ dbProfileId: run.dbProfile.id }] };
  for (let i = 0; i < count; i++) {
    await api('mutation ($input: StartRunInput!) { startRun(input: $input) { runs { id } } }', { input });
  }
  const running = page.locator('tbody tr').filter({ hasText: 'Running' });
  await running.nth(count - 1).waitFor();
  const { late, frames } = await page.evaluate(async () => {
    // A new run pushes the list down, so the shift is measured on an unchanged list.
    window.shift = 0;
    let late = 0;
    let frames = 0;
    const end = performance.now() + 15_000;
    let last = performance.now();
    while (last < end) {
      const now = await new Promise(requestAnimationFrame);
      late += now - last > 34 ? 1 : 0;
      frames += 1;
      last = now;
    }
    return { late, frames };
  });
  say(`Runs, ${count} at work: late frames of ${frames}`, late, 'frames');
  say(`Runs, ${count} at work: layout shift in 15 s`, await page.evaluate(() => window.shift), '');
  await api('mutation ($input: CancelRunsInput!) { cancelRuns(input: $input) { matched } }', {
    input: { filter: { statuses: ['QUEUED', 'RUNNING'] } },
  });
  await page.context().close();
}

await measure('reference (an empty page)', '/healthz', 'body', 'j');
await measure('Runs', '/runs?kind=all', 'tbody tr a', 'j');
await measure('Run, results', `/runs/${number}?tab=results`, '[data-suggestion]', 'j');
await live(20);
await browser.close();
