// Goal: the program keeps what it answered through kill -9 and ends quickly when told. Method: the real process, killed while it is busy.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JournalView } from './stripe/journal.ts';
import { eventually, sdkFor } from './test-world.ts';

interface Ready {
  readonly ready: true;
  readonly sandboxUrl: string;
  readonly stripePort: number;
}

describe('doubles as a process', () => {
  let dataDir: string;
  const children: ChildProcess[] = [];
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'doubles-main-'));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  const run = async (extra: NodeJS.ProcessEnv = {}, ports: NodeJS.ProcessEnv = {}) => {
    const env = {
      PATH: process.env['PATH'],
      DATA_DIR: dataDir,
      SANDBOX_PORT: '0',
      STRIPE_DOUBLE_PORT: '0',
      SMTP_DOUBLE_PORT: '0',
      ...ports,
      ...extra,
    };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return { child, ready: JSON.parse(line) as Ready };
  };

  it('kill -9 while charges are made, restart, every charge is there once', async () => {
    const first = await run();
    const port = String(first.ready.stripePort);
    const sdk = sdkFor(first.ready.stripePort, 20);
    const keys = Array.from({ length: 40 }, () => randomUUID());
    const charges = keys.map((key) =>
      sdk.paymentIntents.create(
        {
          amount: 100,
          currency: 'eur',
          confirm: true,
          payment_method: 'pm_card_visa',
          allowed_payment_method_types: ['card'],
          metadata: { key },
        },
        { idempotencyKey: key },
      ),
    );
    const all = Promise.all(charges);
    await Promise.race(charges);
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const second = await run({}, { STRIPE_DOUBLE_PORT: port });
    const paid = await all;
    const view = (await (await fetch(`${second.ready.sandboxUrl}/_sandbox/journal`)).json()) as JournalView;
    assert.equal(view.totals.charges, 40);
    assert.deepEqual(view.chargedTwice, []);
    for (const intent of paid) assert.equal(view.byPaymentIntent[intent.id]?.charges, 1);
  });

  it('SIGTERM, and the end of the one that watches, both end it within a second', async () => {
    const told = await run();
    const started = performance.now();
    told.child.kill('SIGTERM');
    await once(told.child, 'exit');
    const orphan = await run({ SANDBOX_PARENT_WATCH: '1' });
    orphan.child.stdin?.end();
    await eventually(() => orphan.child.exitCode !== null);
    assert.equal(orphan.child.exitCode, 0);
    assert.ok(performance.now() - started < 4_000);
  });
});
