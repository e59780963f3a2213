// `npm run bench -- NAME`: runs one measurement, shows its progress, prints its settings, a table, and last one JSON line.
import { arch, cpus, platform } from 'node:os';
import Table from 'cli-table3';
import { exitWithParent } from '../config/parent-watch.ts';
import { closeAll } from './support/cleanup.ts';
import type { Measurement, RunOptions } from './support/measurement.ts';

/** Every measurement ends within this. */
const LIMIT_MS = 6 * 60_000;

type Run = (options: RunOptions) => Promise<Measurement>;

/** What each name measures, and the file that does it. */
const MEASUREMENTS: Readonly<Record<string, { readonly what: string; readonly load: () => Promise<{ run: Run }> }>> = {
  record: { what: 'POST expense through the whole API against a bare server', load: () => import('./record.ts') },
  hot: { what: 'all writers in one group against writers spread', load: () => import('./hot.ts') },
  balances: { what: 'the balances of a group with 100,000 expenses against one with 100', load: () => import('./balances.ts') },
  search: { what: 'searches among 100,000 expenses of a group against 1,000', load: () => import('./search.ts') },
  stats: { what: 'figures over 100,000 expenses of a group', load: () => import('./stats.ts') },
  plan: { what: 'plans of settlements: proven minimal, and how fast', load: () => import('./plan.ts') },
  relay: { what: 'from the outbox to started workflows against a bare loop of starts', load: () => import('./relay.ts') },
  outage: { what: 'POST expense with Temporal stopped against running', load: () => import('./outage.ts') },
  settle: { what: 'transfers from pay to succeeded against a skeleton workflow', load: () => import('./settle.ts') },
  memory: { what: 'resident memory after the demo, and of a parked workflow', load: () => import('./memory.ts') },
  signin: { what: 'reads while 20 people a second sign in, against reads alone', load: () => import('./signin.ts') },
  enumeration: { what: 'whether the time of an answer tells who has an account', load: () => import('./enumeration.ts') },
  import: { what: 'a file of 10,000 rows, and what memory the worker takes', load: () => import('./import.ts') },
  peers: { what: 'bills and balances beside I Hate Money', load: () => import('./peers.ts') },
  ready: { what: 'from npm start to /readyz', load: () => import('./ready.ts') },
};

const [name = '', ...rest] = process.argv.slice(2);
const measurement = Object.hasOwn(MEASUREMENTS, name) ? MEASUREMENTS[name] : undefined;
if (measurement === undefined || rest.length > 0) {
  const lines = Object.entries(MEASUREMENTS).map(([known, { what }]) => `  ${known.padEnd(10)}${what}\n`);
  process.stderr.write(`Usage: npm run bench -- NAME\n\n${lines.join('')}`);
  process.exit(2);
}

const began = Date.now();
let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(1));
exitWithParent(() => void end(1));
setTimeout(() => {
  process.stderr.write(`\n${name} was ended: it took longer than ${LIMIT_MS / 60_000} minutes.\n`);
  void end(1);
}, LIMIT_MS).unref();

try {
  const { run } = await measurement.load();
  const found = await run({ progress });
  clearLine();
  await closeAll();
  print(found);
} catch (error) {
  clearLine();
  // What fails because its platform is being stopped tells nothing.
  if (!isEnding) process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  await end(1);
}
await end(0);

async function end(code: number): Promise<void> {
  isEnding = true;
  process.exitCode ??= code;
  await closeAll();
  process.exit();
}

function progress(text: string): void {
  const line = `${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`;
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line.slice(0, Math.max(40, process.stderr.columns - 1))}` : `${line}\n`);
}

function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function print({ settings = {}, table, notes = [], result }: Measurement): void {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${platform()} ${arch()}`;
  const known = { measurement: name, machine, node: process.version, seconds: ((Date.now() - began) / 1000).toFixed(0), ...settings };
  for (const [key, value] of Object.entries(known)) process.stdout.write(`${key.padEnd(28)}${value}\n`);
  const [head = [], ...rows] = table;
  const drawn = new Table({ head: [...head], style: { head: [], border: [] } });
  drawn.push(...rows.map((row) => [...row]));
  process.stdout.write(`\n${drawn.toString()}\n\n`);
  for (const note of notes) process.stdout.write(`${note}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
