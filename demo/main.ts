// What `npm run demo` runs: a real ledger goes in through the REST API, and a settled group comes out.
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exitWithParent } from '../config/parent-watch.ts';
import type { PlatformUrls } from '../sandbox/running.ts';
import { describeFailure } from '../sandbox/start-error.ts';
import { type Client, createClient } from './client.ts';
import { CHART_FILE, prepareChart } from './drawing.ts';
import { type DemoOptions, HELP, parseOptions } from './options.ts';
import { dataDirOf, enterStage, type Stage } from './platform.ts';
import { newStory, play, type Story } from './play.ts';
import { createProgress } from './progress.ts';
import { checksTable, isGood, toJson, toText } from './report.ts';
import { LedgerError, parseLedger } from './sesterce.ts';

const OWN_LEDGER = fileURLToPath(new URL('ledger.csv', import.meta.url));
/** In our own ledger these two have no account: a grandparent and a child. In another file everybody gets one. */
const WITHOUT_ACCOUNT = ['Oma Ruth', 'Mia'];
const GROUP_NAME_MAX = 60;
const USAGE_ERROR = 2;

const dataDir = dataDirOf(process.env);
const progress = createProgress();
const giveUp = new AbortController();
let stage: Stage | undefined;

// A closed pipe must not end the stop half way.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void leaveEarly());
exitWithParent(leaveEarly);

const options = readOptions();
if (options.help) process.stdout.write(HELP);
else await exitAfterOutput(await run(options));

function readOptions(): DemoOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return process.exit(USAGE_ERROR);
  }
}

async function run({ json, input, chart }: DemoOptions): Promise<number> {
  const file = input === undefined ? OWN_LEDGER : resolve(input);
  const chartFile = chart === undefined ? join(dataDir, CHART_FILE) : resolve(chart);
  let story: Story | undefined;
  let urls: PlatformUrls | null = null;
  let failure: string | null = null;
  try {
    const text = await readFile(file, 'utf8');
    const ledger = parseLedger(text);
    story = newStory({ text, ledger });
    progress.step(`${basename(file)}: ${ledger.rows.length} rows, ${ledger.people.length} people, ${ledger.currencies.join(', ')}`);
    if (chart !== undefined) await prepareChart(chartFile);
    stage = await enterStage(dataDir, progress, giveUp.signal);
    urls = stage.urls;
    const { apiUrl, sandboxUrl, stripeUrl } = urls;
    if (sandboxUrl === undefined || stripeUrl === undefined)
      throw new Error('This platform runs with real parts. The demo needs the sandbox: its mails, and the journal of its gateway.');
    const clientOf = (url: string): Client => createClient(url, (trouble) => progress.note(trouble));
    const [api, sandbox] = [clientOf(apiUrl), clientOf(sandboxUrl)];
    const withoutAccount = new Set(file === OWN_LEDGER ? WITHOUT_ACCOUNT : []);
    const groupName =
      basename(file)
        .replace(/\.csv$/i, '')
        .slice(0, GROUP_NAME_MAX) || 'ledger';
    await play({ text, ledger, groupName: `Demo: ${groupName}`, withoutAccount, chartFile, api, apiUrl, sandbox, progress }, story);
  } catch (error) {
    failure = describe(error, file);
  }
  const good = story !== undefined && isGood(story, failure);
  if (json) process.stdout.write(`${JSON.stringify(toJson(story ?? emptyStory(), failure, urls), null, 2)}\n`);
  else if (story !== undefined && urls !== null && failure === null) process.stdout.write(toText(story, urls, stage?.own ?? false));
  const outcome = good
    ? 'The ledger and the gateway agree.'
    : (failure ?? `They do not agree:\n${story === undefined ? '' : checksTable(story)}`);
  progress.step(outcome);
  if (stage?.own) progress.step('Stopping the platform');
  await stage?.leave();
  return good ? 0 : 1;
}

function emptyStory(): Story {
  return newStory({ text: 'Currency\n', ledger: { people: [], rows: [], currencies: [] } });
}

function describe(error: unknown, file: string): string {
  if (error instanceof LedgerError) return `${file}: ${error.message}`;
  const { code, path } = error as { code?: string; path?: string };
  if (code === 'ENOENT' && path === file) return `There is no file ${file}.`;
  return describeFailure(error, dataDir);
}

async function leaveEarly(): Promise<void> {
  if (giveUp.signal.aborted) return;
  giveUp.abort();
  progress.step('Stopped.');
  await stage?.leave();
  process.exit(130);
}

/** Sockets that are kept open must not hold the end up, and a pipe that is read slowly must get everything. */
async function exitAfterOutput(code: number): Promise<never> {
  await new Promise((done) => process.stdout.write('', done));
  process.exit(code);
}
