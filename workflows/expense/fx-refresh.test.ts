// Goal: rates come by themselves, once each, and an ECB that is away loses none. Method: the real activity on a real Postgres against the
// sandbox's double, on the time-skipping server.
import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { fxActivities } from '../../activities/expense/fx-activities.ts';
import { activityEdge } from '../../activities/edge.ts';
import { readEnv } from '../../config/env.ts';
import { createLogger } from '../../config/logger.ts';
import { generateSecrets } from '../../config/secrets.ts';
import type { ServiceDatabase } from '../../db/orm.ts';
import { EcbDouble, ECB_PATH } from '../../sandbox/doubles/ecb/ecb-double.ts';
import { listen, type Listening } from '../../sandbox/doubles/http.ts';
import { recordHistory } from '../../test/support/histories.ts';
import { testDatabase } from '../../test/support/servers.ts';
import { startTimeSkipping, startWorker, type TestWorker } from '../../test/support/temporal.ts';
import { TASK_QUEUES } from '../shared/task-queues.ts';
import { FX_REFRESH } from './contract.ts';

describe('fxRefresh', function () {
  this.timeout(60_000);
  let env: TestWorkflowEnvironment;
  let worker: TestWorker;
  let db: ServiceDatabase;
  let server: Listening;
  let now = new Date('2026-10-29T12:00:00Z');
  let failures = 0;
  let asked = 0;
  const double = new EcbDouble(() => now);

  before(async () => {
    db = await testDatabase('expense');
    server = await listen(0, async (request, response) => {
      asked++;
      if (failures-- > 0) return void response.writeHead(503).end();
      double.serve(request, response);
    });
    env = await startTimeSkipping();
    const activities = fxActivities({
      db,
      dispatcher: { dispatch: () => undefined, counts: { woken: 0, failed: 0, skipped: 0, inFlight: 0 }, close: () => Promise.resolve() },
      temporal: env.client,
      env: readEnv({ SANDBOX: '1', ECB_RATES_URL: `http://127.0.0.1:${server.port}${ECB_PATH}` }),
      secrets: generateSecrets(),
      logger: createLogger('test', 'silent'),
    });
    worker = await startWorker(env.nativeConnection, 'expense', activityEdge(activities, createLogger('test', 'silent')));
  });
  after(async () => {
    await worker?.stop();
    await env?.teardown();
    await server?.close();
    await db?.close();
  });

  const run = (workflowId: string): Promise<unknown> =>
    env.client.workflow.execute(FX_REFRESH, { taskQueue: TASK_QUEUES.expense, workflowId });
  const count = async (): Promise<number> =>
    Number((await db.pool.query<{ n: string }>('select count(*) as n from expense.fx_rate')).rows[0]?.n);

  it('first run, keeps all of history; again, adds nothing', async () => {
    const first = (await run('fx-refresh/first')) as { ecb: { newestOn: string; added: number; corrected: number } };
    // The day's rates are not out at noon.
    assert.equal(first.ecb.newestOn, '2026-10-28');
    assert.equal(first.ecb.corrected, 0);
    assert.equal(await count(), first.ecb.added);
    assert.deepEqual(await run('fx-refresh/again'), { ecb: { newestOn: '2026-10-28', added: 0, corrected: 0 } });
    await recordHistory(env.client, 'expense', 'fx-refresh/first', 'fx-refresh-first');
  });

  it('next business days, are added, whoever else refreshes at the same moment', async () => {
    const before = await count();
    now = new Date('2026-10-30T16:00:00Z');
    await Promise.all([run('fx-refresh/one'), run('fx-refresh/two')]);
    assert.equal((await count()) - before, 2 * 29);
  });

  it('source away for a while, is asked again until it answers', async () => {
    now = new Date('2026-11-02T16:00:00Z');
    failures = 5;
    asked = 0;
    assert.deepEqual(await run('fx-refresh/away'), { ecb: { newestOn: '2026-11-02', added: 29, corrected: 0 } });
    assert.ok(asked > 5);
    await recordHistory(env.client, 'expense', 'fx-refresh/away', 'fx-refresh-source-away');
  });

  it('after the end of the file, the double goes on with the figures of 52 weeks before', async () => {
    const figure = async (day: string): Promise<string | undefined> =>
      (
        await db.pool.query<{ rate: string }>(
          `select trim_scale(per_euro)::text as rate from expense.fx_rate where currency = 'USD' and published_on = $1`,
          [day],
        )
      ).rows[0]?.rate;
    assert.equal(await figure('2026-11-02'), await figure('2025-11-03'));
  });
});
