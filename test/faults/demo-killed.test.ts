// Goal: the demo ends with the same ledger, and nothing paid twice, however often API and worker are killed while it plays.
// Method: the whole platform; the demo runs as a process of its own, and what it reports decides when kill -9 comes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../sandbox/doubles/seeded-random.ts';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import type { Platform } from '../../sandbox/platform.ts';
import { until } from '../support/until.ts';
import { allServe, assertLedgerAgrees, faultPlatform, journalOf, killPart, platformEnv, setFaults } from './support.ts';

const LEDGER = fileURLToPath(new URL('ledger.csv', import.meta.url));
/** Four people and 20 rows take some seconds; each kill costs a restart, and a call that it cut off 15 s. */
const RUN_MS = 240_000;
/** The gateway's answers are held back so long after their effect, so that a kill surely falls between the two. */
const SLOW_MS = 1_500;
const RANDOM_KILLS = 5;
const SEED = 20_261_122;

/** What the demo says with --json. */
interface Report {
  readonly ok: boolean;
  readonly plan: readonly object[];
  readonly transfers: readonly { id: string; from: string; to: string; amount: string; state: string; method: string }[];
  readonly refunds: readonly { amount: string; state: string }[];
  readonly balancesBefore: readonly object[];
  readonly balancesAfter: readonly object[];
  readonly journal: readonly { effect: string }[];
  readonly explained: { items: readonly object[]; steps: readonly object[] };
  readonly import: { rows: number; imported: number; skipped: number; balanceCheck: string; again: object; balances: readonly object[] };
  readonly recurring: { state: string; recorded: readonly { date: string }[]; next: readonly string[] };
  readonly friends: { names: readonly string[]; net: string };
}

describe('faults, API and worker are killed while the demo plays', function () {
  this.timeout(RUN_MS + 60_000);
  const random = seededRandom(SEED);
  let platform: Platform;
  let undisturbed: Report;

  before(async () => {
    platform = await faultPlatform();
    await allServe(platform);
    undisturbed = await playDemo(() => undefined);
  });
  afterEach(async () => {
    await setFaults(platform, []);
    await allServe(platform);
  });

  for (const name of ['api', 'worker'] as const) {
    it(`${name} killed during rows, settlement, payment, refund, import and rent, ends with the same ledger`, async () => {
      await setFaults(
        platform,
        ['/v1/payment_intents', '/v1/refunds'].map((path) => ({
          match: { method: 'POST', path },
          fault: { kind: 'slow', ms: SLOW_MS, when: 'after' },
        })),
      );
      const { entries } = await journalOf(platform);
      const kills = killer(name);
      const report = await playDemo((line) => {
        if (line.includes('rows: 5 of 20')) kills.when('rows', async () => true);
        if (line.includes('Settling EUR')) kills.when('settlement', () => delay(random() * 300).then(() => true));
        if (line.includes('can receive card payments')) kills.when('payment', () => moved('charge', entries.length));
        if (/asks .* back/.test(line)) kills.when('refund', () => moved('refund', entries.length));
        if (line.includes('importing its file')) kills.when('import', () => delay(random() * 300).then(() => true));
        if (line.includes('pays the rent')) kills.when('rent', () => delay(random() * 300).then(() => true));
      });
      assert.deepEqual(await kills.struck(), ['rows', 'settlement', 'payment', 'refund', 'import', 'rent']);
      await assertSame(report);
    });
  }

  it(`API or worker killed ${RANDOM_KILLS} times at random, ends with the same ledger`, async () => {
    const over = new AbortController();
    const struck = strikeAtRandom(over.signal);
    const report = await playDemo(() => undefined).finally(() => over.abort());
    assert.ok((await struck) > 1, 'kills fell into the run');
    await assertSame(report);
  });

  /** Plays the demo on the platform. @returns its report, once it has ended with 0. */
  async function playDemo(onLine: (line: string) => void): Promise<Report> {
    const began = Date.now();
    const demo = spawn(process.execPath, ['demo/main.ts', '--json', '--input', LEDGER], {
      cwd: PROJECT_ROOT,
      env: platformEnv({ DATA_DIR: platform.dataDir }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    const output: Buffer[] = [];
    demo.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    createInterface(demo.stderr).on('line', (line) => {
      lines.push(`${((Date.now() - began) / 1000).toFixed(1)} s ${line}`);
      onLine(line);
    });
    const timer = setTimeout(() => demo.kill('SIGKILL'), RUN_MS);
    const [code] = (await once(demo, 'close')) as [number | null];
    clearTimeout(timer);
    assert.equal(code, 0, lines.join('\n'));
    return JSON.parse(Buffer.concat(output).toString()) as Report;
  }

  /** Kills the part if it runs just now. */
  function strike(name: string): boolean {
    if (!platform.children().some((child) => child.name === name)) return false;
    killPart(platform, name);
    return true;
  }

  /** Kills one part once at each of several moments. */
  function killer(name: string) {
    const struck: string[] = [];
    const pending: Promise<unknown>[] = [];
    return {
      /** Waits for the condition, and for the part to run again after the last kill, and kills it. */
      when(moment: string, condition: () => Promise<boolean>): void {
        const blow = until(moment, condition, RUN_MS).then(() => until(`${name} runs`, async () => strike(name), RUN_MS));
        pending.push(blow.then(() => struck.push(moment)));
      },
      /** The moments at which it was killed, in order. */
      async struck(): Promise<readonly string[]> {
        await Promise.all(pending);
        return struck;
      },
    };
  }

  /** @returns how often something was killed before the signal aborted. */
  async function strikeAtRandom(over: AbortSignal): Promise<number> {
    for (let count = 0; ;) {
      await delay(500 + random() * 2_500);
      if (over.aborted || count === RANDOM_KILLS) return count;
      if (strike(random() < 0.5 ? 'api' : 'worker')) count += 1;
    }
  }

  /** Whether money has moved since the run began; who asked for it has no answer yet. */
  async function moved(effect: string, before: number): Promise<boolean> {
    return (await journalOf(platform)).entries.slice(before).some((entry) => entry.effect === effect);
  }

  async function assertSame(report: Report): Promise<void> {
    assert.ok(report.ok);
    assert.deepEqual(outcomeOf(report), outcomeOf(undisturbed));
    const { chargedTwice, byReference } = await journalOf(platform);
    assert.deepEqual(chargedTwice, []);
    for (const { id, method } of report.transfers)
      assert.equal(byReference[`transfer=${id}`]?.charges ?? 0, method === 'stripe' ? 1 : 0, id);
    await assertLedgerAgrees(platform);
  }
});

/** What two runs of one file have in common. */
function outcomeOf(report: Report): object {
  const { plan, transfers, refunds, balancesBefore, balancesAfter, journal, explained, recurring, friends } = report;
  const { rows, imported, skipped, balanceCheck, again, balances } = report.import;
  return {
    plan,
    transfers: transfers.map(({ from, to, amount, state, method }) => ({ from, to, amount, state, method })),
    refunds: refunds.map(({ amount, state }) => ({ amount, state })),
    balancesBefore,
    balancesAfter,
    effects: journal.map(({ effect }) => effect),
    explained: { ...explained, items: new Set(explained.items) },
    import: { rows, imported, skipped, balanceCheck, again, balances },
    rent: { state: recurring.state, recorded: recurring.recorded.map(({ date }) => date), next: recurring.next },
    friends: { names: friends.names, net: friends.net },
  };
}
