// Pictures by a real browser: docs/diff.png, of docs/diff.html; and in target/screenshots/ the site as a reader sees
// it, light, dark and on a phone, while the search, the page of a diff and the page for what is missing are tried.
// Run by `docs/build --screenshots`.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from 'vitepress';

const [root, program] = process.argv.slice(2);
const into = resolve(root, 'target/screenshots');
mkdirSync(into, { recursive: true });
const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
const browser = await chromium.launch({ executablePath: program, args });

/** A page in a window of its own, in which any error fails the run. */
async function open(url, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.on('pageerror', (error) => { throw error; });
  page.on('console', (line) => {
    // the browser says of the page that is missing that it is
    if (line.type() === 'error' && !line.text().includes('404')) throw new Error(line.text());
  });
  await page.goto(url, { waitUntil: 'networkidle' });
  return page;
}

const shot = (page, name) => page.screenshot({ path: `${into}/${name}.png` });

const written = pathToFileURL(resolve(root, 'docs/diff.html')).href;
const diff = await open(written, { viewport: { width: 1100, height: 400 } });
await diff.screenshot({ path: resolve(root, 'docs/diff.png'), fullPage: true });

const port = 4174;
const { server } = await serve({ root: 'pages', port });
const site = `http://localhost:${port}`;
try {
  for (const colorScheme of ['light', 'dark']) {
    await shot(await open(site, { colorScheme }), colorScheme);
    await shot(await open(`${site}/docs/START-PRISMA.html`, { colorScheme }), `${colorScheme}-prisma`);
    const page = await open(site, { colorScheme });
    const frame = page.locator('iframe.page');
    await frame.scrollIntoViewIfNeeded();
    await page.frameLocator('iframe.page').getByText('cl1104').first().waitFor();
    await shot(page, `${colorScheme}-diff`);
  }

  const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
  const small = { phone: '/', 'phone-cli': '/docs/CLI.html', 'phone-coming': '/docs/COMING-FROM.html' };
  for (const [name, path] of Object.entries(small)) {
    const page = await open(site + path, phone);
    const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(wide <= screen, `${path} is ${wide} wide on a phone`);
    await shot(page, name);
  }

  const page = await open(site);
  // the page is there before its script is
  await page.waitForFunction(() => document.querySelector('#app').__vue_app__);
  await page.keyboard.press('Control+k');
  await page.locator('#localsearch-input').fill('undelete');
  const found = page.locator('#localsearch-list .result');
  await found.first().waitFor();
  await shot(page, 'search');
  await found.first().click();
  await page.waitForURL('**/docs/CLI.html#**');
  await page.getByText('undelete', { exact: false }).first().waitFor();

  const missing = await open(`${site}/docs/NONE.html`);
  await missing.getByText('404').waitFor();
  await shot(missing, 'missing');
} finally {
  server.close();
  await browser.close();
}
