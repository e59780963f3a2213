import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { stripeAmount } from '../../activities/payment/gateways/stripe-amounts.ts';
import { parseLedger } from '../../demo/sesterce.ts';
import { testEnv } from '../../sandbox/fixtures/stand-ins.ts';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import { findFreePorts } from '../../sandbox/ports.ts';

/** How a run of the demo ended. */
export interface DemoRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The object that `--json` prints. */
export interface DemoResult {
  readonly ok: boolean;
  readonly people: readonly string[];
  readonly balancesBefore: readonly DemoNet[];
  readonly plan: readonly { from: string; to: string; amount: string; currency: string }[];
  readonly transfers: readonly { id: string; from: string; to: string; amount: string; currency: string; state: string; method: string }[];
  readonly refunds: readonly { amount: string; currency: string; state: string; transferId: string }[];
  readonly balancesAfter: readonly DemoNet[];
  readonly journal: readonly { effect: string; amount: number; metadata: Record<string, string> }[];
  readonly workflows: readonly { id: string; url: string }[];
  readonly signIns: readonly { name: string; method: string }[];
  readonly chart: string;
  readonly explained: {
    readonly from: string;
    readonly to: string;
    readonly amount: string;
    readonly direct: string;
    readonly currency: string;
    readonly items: readonly { kind: string; date: string; description: string | null; amount: string }[];
    readonly steps: readonly { kind: string; amount: string; through: readonly string[] }[];
  };
  readonly import: {
    readonly format: string;
    readonly state: string;
    readonly rows: number;
    readonly imported: number;
    readonly skipped: number;
    readonly balanceCheck: string;
    readonly again: { imported: number; skipped: number };
    readonly balances: readonly DemoNet[];
  };
  readonly recurring: { amount: string; start: string; state: string; recorded: readonly { date: string }[]; next: readonly string[] };
  readonly friends: { names: readonly string[]; net: string; currency: string };
}

interface DemoNet {
  readonly name: string;
  readonly currency: string;
  readonly net: string;
}

/**
 * Runs the demo with a platform of its own, in a folder and on ports of its own.
 *
 * @param command what is started, such as `npm run demo -- --json`.
 * @param onLine hears each line of progress.
 */
export async function runDemo(
  command: readonly string[],
  dataDir: string,
  onLine: (line: string) => void = () => undefined,
): Promise<DemoRun> {
  const [program = '', ...args] = command;
  const [port, ui, sandbox, ops] = await findFreePorts(4);
  const ports = { PORT: String(port), TEMPORAL_UI_PORT: String(ui), SANDBOX_PORT: String(sandbox), OPS_PORT: String(ops) };
  const child = spawn(program, args, {
    cwd: PROJECT_ROOT,
    env: testEnv({ DATA_DIR: dataDir, ...ports }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const output: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
  createInterface(child.stderr).on('line', (line) => {
    lines.push(line);
    onLine(line);
  });
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  return { code, stdout: output.join(''), stderr: lines.join('\n') };
}

/** Reads the one object that a run printed, and checks its figures against the demo's ledger with arithmetic of its own. */
export function judgeDemo(run: DemoRun): DemoResult {
  assert.equal(run.code, 0, run.stderr);
  const result = JSON.parse(run.stdout) as DemoResult;
  const settling = ['ok', 'people', 'balancesBefore', 'plan', 'transfers', 'refunds', 'balancesAfter', 'journal', 'workflows', 'signIns'];
  assert.deepEqual(Object.keys(result), [...settling, 'chart', 'explained', 'import', 'recurring', 'friends']);
  assert.equal(result.ok, true);
  assert.deepEqual(
    result.signIns.map(({ method }) => method),
    ['password', 'openid'],
  );
  assertBefore(result);
  assertAfter(result);
  assertJournal(result);
  assertExplained(result);
  assertFlat(result);
  assertChart(result);
  assert.deepEqual(result.friends, { ...result.friends, names: ['Anna', 'Ben'], net: '12.40', currency: 'EUR' });
  return result;
}

/** The rows one by one, where the demo's oracle adds up columns. */
function assertBefore({ people, balancesBefore }: DemoResult): void {
  const ledger = parseLedger(readFileSync(`${PROJECT_ROOT}/demo/ledger.csv`, 'utf8'));
  assert.deepEqual(people, ledger.people);
  const nets = new Map<string, bigint>();
  const add = (name: string, currency: string, minor: bigint): void =>
    void nets.set(`${name} ${currency}`, (nets.get(`${name} ${currency}`) ?? 0n) + minor);
  for (const row of ledger.rows) {
    const [paid, owed] =
      row.kind === 'expense'
        ? [row.paid, row.owed]
        : [[{ name: row.from, minor: row.totalMinor }], [{ name: row.to, minor: row.totalMinor }]];
    for (const { name, minor } of paid) add(name, row.currency, minor);
    for (const { name, minor } of owed) add(name, row.currency, -minor);
  }
  for (const { name, currency, net } of balancesBefore)
    assert.equal(minorOf(net), nets.get(`${name} ${currency}`) ?? 0n, `${name} ${currency}`);
  assert.ok([...nets].every(([key, minor]) => minor === 0n || balancesBefore.some(({ name, currency }) => `${name} ${currency}` === key)));
}

/** Nobody has anything left in the settled currency but what was refunded; the other currencies are as they were. */
function assertAfter({ transfers, refunds, balancesBefore, balancesAfter }: DemoResult): void {
  const [refund, ...more] = refunds;
  assert.ok(refund !== undefined && more.length === 0 && refund.state === 'succeeded');
  const refunded = transfers.find(({ id }) => id === refund.transferId);
  assert.ok(refunded !== undefined && minorOf(refund.amount) > 0n && minorOf(refund.amount) < minorOf(refunded.amount));
  for (const { name, currency, net } of balancesAfter) {
    const before = balancesBefore.find((entry) => entry.name === name && entry.currency === currency);
    const back: bigint = name === refunded.to ? minorOf(refund.amount) : name === refunded.from ? -minorOf(refund.amount) : 0n;
    assert.equal(minorOf(net), currency === refund.currency ? back : minorOf(before?.net ?? '0'), `${name} ${currency}`);
  }
}

/** One charge of the whole amount for each transfer by card, none for the others, and one refund. */
function assertJournal({ transfers, refunds, journal, plan, workflows }: DemoResult): void {
  assert.deepEqual([...new Set(transfers.map(({ state }) => state))], ['succeeded']);
  assert.equal(transfers.length, plan.length);
  assert.ok(transfers.filter(({ method }) => method === 'stripe').length >= 2 && transfers.some(({ method }) => method === 'manual'));
  for (const { id, amount, currency, method } of transfers) {
    const charges = journal.filter(({ effect, metadata }) => effect === 'charge' && metadata['transfer'] === id);
    const units = Number(stripeAmount(minorOf(amount), currency)?.units);
    assert.deepEqual(
      charges.map((charge) => charge.amount),
      method === 'stripe' ? [units] : [],
      `transfer ${id}`,
    );
    assert.ok(workflows.some((workflow) => workflow.id === `transfer/${id}` && workflow.url.endsWith(`/workflows/transfer%2F${id}`)));
  }
  const back = journal.filter(({ effect }) => effect === 'refund').map(({ amount }) => amount);
  assert.deepEqual(back, [Number(minorOf(refunds[0]?.amount ?? '0'))]);
}

/** Who reads the chart aloud hears every transfer of the plan; around names stand marks that keep their direction. */
function assertChart({ chart, plan }: DemoResult): void {
  const svg = readFileSync(chart, 'utf8');
  assert.ok(svg.startsWith('<svg ') && svg.endsWith('</svg>\n'), svg.slice(0, 100));
  const said = svg.replaceAll(/[\u2068\u2069]/g, '').replaceAll(/(?<=\d),(?=\d{3})/g, '');
  for (const { from, to, amount, currency } of plan) assert.ok(said.includes(`${from} would pay ${amount} ${currency} to ${to}`), from);
}

/** The figure is one of the plan's, and all of its parts are there. */
function assertExplained({ explained, plan }: DemoResult): void {
  const { from, to, amount, currency, direct, items, steps } = explained;
  assert.ok(plan.some((transfer) => transfer.from === from && transfer.to === to && transfer.amount === amount));
  const sum = (parts: readonly { amount: string }[]): bigint => parts.reduce((total, part) => total + minorOf(part.amount), 0n);
  assert.deepEqual([sum(items), sum(items) + sum(steps), currency], [minorOf(direct), minorOf(amount), 'EUR']);
  assert.ok(items.length > 0 && items.every(({ kind, description }) => kind === 'payment' || description));
}

/** The rows of the file one by one, where the demo goes by its totals, and a room for each rent. */
function assertFlat({ import: imported, recurring, workflows }: DemoResult): void {
  const rooms = [455_00n, 415_00n, 375_00n];
  const [, ...rows] = readFileSync(`${PROJECT_ROOT}/demo/flat.csv`, 'utf8').split('\n');
  const nets = rows
    .filter((row) => row !== '' && !row.includes('Total balance'))
    .map((row) => row.split(',').slice(-rooms.length).map(minorOf));
  const { rows: count, balances, again, state, balanceCheck } = imported;
  assert.deepEqual([imported.format, state, balanceCheck], ['splitwise-csv', 'done', 'matches']);
  assert.deepEqual(
    [count, imported.imported, imported.skipped, again],
    [nets.length, nets.length, 0, { imported: 0, skipped: nets.length }],
  );
  const rents = BigInt(recurring.recorded.length);
  assert.ok(rents >= 3n && recurring.state === 'ended' && recurring.recorded[0]?.date === recurring.start);
  assert.equal(new Set([...recurring.recorded.map(({ date }) => date), ...recurring.next]).size, Number(rents) + recurring.next.length);
  for (const [index, { name, net }] of balances.entries()) {
    const past = nets.reduce((total, row) => total + (row[index] ?? 0n), 0n);
    const paid = index === 0 ? rents * minorOf(recurring.amount) : 0n;
    assert.equal(minorOf(net), past + paid - rents * (rooms[index] ?? 0n), name);
  }
  for (const kind of ['import', 'recurring'])
    assert.ok(
      workflows.some(({ id }) => id.startsWith(`${kind}/`)),
      kind,
    );
}

function minorOf(amount: string): bigint {
  return BigInt(amount.replace('.', ''));
}
