// node test/full/browser/screenshots.ts [FOLDER]: plays a scene on a platform of its own and takes the pictures of the
// documentation; into FOLDER, or into one that goes again. Each page must show what it is for, and ask nothing of elsewhere.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPlatform, type Platform } from '../../../sandbox/platform.ts';
import { startChromium, type Browser } from './chromium.ts';
import { CHARTS, playScene, type Scene } from './world.ts';

/** One picture: which page, what it must show, and how large it is in pixels. */
interface Shot {
  readonly name: string;
  readonly url: string;
  readonly texts: readonly string[];
  readonly width: number;
  readonly height: number;
  /** Bytes below which the picture is of an empty or broken page. */
  readonly leastBytes?: number;
}

/** An empty or broken page makes a file smaller than this, in bytes. */
const PICTURE_MIN_BYTES = 20_000;
/** The same of a chart, which is smaller. */
const CHART_MIN_BYTES = 8_000;
/** Until fonts and pictures of a page are there. */
const SETTLED =
  'Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => null))]).then(() => true)';

const folder = mkdtempSync(join(tmpdir(), 'safesplitx-screenshots-'));
const target = process.argv[2] ?? join(folder, 'images');
mkdirSync(target, { recursive: true });
const platform = await startPlatform({ dataDir: join(folder, 'data'), ports: 'free', env: { ...process.env, LOG_LEVEL: 'warn' } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void finish().then(() => process.exit(1)));
let browser: Browser | undefined;
try {
  const { apiUrl, sandboxUrl = '' } = platform.urls;
  const scene = await playScene({ apiUrl, sandboxUrl });
  browser = await startChromium();
  const shots = shotsOf(platform, scene);
  let failed = 0;
  for (const shot of shots) {
    const problem = await take(browser, shot).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (problem !== undefined) failed += 1;
    say(problem === undefined ? `taken  ${shot.name}` : `FAILED ${shot.name}: ${problem}`);
  }
  say(`${shots.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await browser?.close();
  await finish();
}

function shotsOf({ urls }: Platform, { settlementId, pendingExpenseId, charts, mailed }: Scene): readonly Shot[] {
  const workflowOf = (id: string): string => `${urls.uiUrl}/namespaces/${urls.temporalNamespace}/workflows/${encodeURIComponent(id)}`;
  const workflow = workflowOf(`settlement/${settlementId}`);
  return [
    {
      name: 'api-docs.png',
      url: `${urls.apiUrl}/docs`,
      texts: ['SafeSplitX', 'Groups of people who share expenses', 'Expenses that are recorded again and again', 'A plan being paid'],
      width: 1280,
      height: 1400,
    },
    {
      name: 'sandbox.png',
      url: `${urls.sandboxUrl}/`,
      texts: ['78.10 EUR', 'partly refunded', 'needs a payment method', 'Verify your address', 'payment_intent.succeeded', mailed[0] ?? ''],
      width: 1280,
      height: 1240,
    },
    {
      name: 'temporal-settlement.png',
      url: `${workflow}#user-metadata`,
      texts: [`Settlement ${settlementId}`, 'Reserves and plans', 'collecting', '2 of 3 transfers are open', 'reserve and plan'],
      width: 1280,
      height: 900,
    },
    {
      name: 'temporal-search-attributes.png',
      url: `${workflow}#search-attributes`,
      texts: ['"ProcessState": "collecting"', `"SubjectId": "${settlementId}"`, '"GroupId"', '"NextStepAt"'],
      width: 1280,
      height: 680,
    },
    {
      name: 'temporal-approval.png',
      url: `${workflowOf(`expense-approval/${pendingExpenseId}`)}#user-metadata`,
      texts: [`expense ${pendingExpenseId}`, '1 of 2 voters have voted on version 1', 'expireNow'],
      width: 1280,
      height: 900,
    },
    ...Object.entries(charts).map(([name, svg]) => chartShot(name, svg)),
  ];
}

/** A chart by itself, in a page that has nothing else. */
function chartShot(name: string, svg: string): Shot {
  const [, width = '0', height = '0'] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
  const page = `<!doctype html><meta charset="utf-8"><body style="margin:0">${svg}`;
  return {
    name: `chart-${name}.png`,
    url: `data:text/html;base64,${Buffer.from(page).toString('base64')}`,
    texts: CHARTS[name.split('-')[0] ?? ''] ?? [],
    width: Number(width),
    height: Number(height),
    leastBytes: CHART_MIN_BYTES,
  };
}

async function take(chromium: Browser, shot: Shot): Promise<void> {
  const page = await chromium.page(shot.width, shot.height);
  const [address = '', tab] = shot.url.split('#');
  await page.open(address);
  if (tab !== undefined) await page.open(`${await workflowRun(page)}/${tab}`);
  await page.shows(shot.texts);
  await page.evaluate(SETTLED);
  const picture = await page.picture();
  assert.ok(picture.length > (shot.leastBytes ?? PICTURE_MIN_BYTES), `the picture has only ${picture.length} bytes`);
  const elsewhere = page.requests().filter((url) => !isHere(url));
  assert.deepEqual(elsewhere, [], 'requests that leave this machine');
  writeFileSync(join(target, shot.name), picture);
}

/** The Web UI leads from a workflow to its latest run, whose pages have tabs. */
async function workflowRun(page: Awaited<ReturnType<Browser['page']>>): Promise<string> {
  await page.shows(['Event History']);
  return (await page.evaluate<string>('location.href')).replace(/\/history.*$/, '');
}

function isHere(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === 'data:' || protocol === 'blob:' || hostname === '127.0.0.1' || hostname === 'localhost';
}

async function finish(): Promise<void> {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
