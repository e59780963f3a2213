// Goal: kill -9 of the starter, and with it of everything, costs no acknowledged expense and no process.
// Method: `npm start`'s own program on free ports; killed under load, started again on the same folder.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { newDataDir, removeDataDir } from '../../sandbox/fixtures/stand-ins.ts';
import { PROJECT_ROOT } from '../../sandbox/parts.ts';
import { findFreePorts } from '../../sandbox/ports.ts';
import { findRunningPlatform, type RunningPlatform } from '../../sandbox/running.ts';
import type { TestAnswer } from '../support/api.ts';
import { until } from '../support/until.ts';
import {
  assertLedgerAgrees,
  balancesOf,
  debtOf,
  newGroup,
  openSettlement,
  owe,
  platformEnv,
  post,
  reaches,
  RECOVERY_MS,
} from './support.ts';

const BEFORE = 20;

describe('faults, the starter is killed', function () {
  this.timeout(240_000);
  const dataDir = newDataDir();
  const starters: ChildProcess[] = [];
  let env: NodeJS.ProcessEnv;

  before(async () => {
    // The worker's operations port is the one after OPS_PORT.
    const [port, ui, sandbox, ops] = await findFreePorts(4);
    const ports = { PORT: port, TEMPORAL_UI_PORT: ui, SANDBOX_PORT: sandbox, OPS_PORT: ops };
    env = platformEnv({
      DATA_DIR: dataDir,
      ...Object.fromEntries(Object.entries(ports).map(([name, value]) => [name, String(value)])),
    });
  });
  after(async () => {
    for (const starter of starters.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      starter.kill('SIGTERM');
      await once(starter, 'exit');
    }
    await removeDataDir(dataDir);
  });

  it('killed under load and started again, ledger and processes are as they were acknowledged', async () => {
    const { starter, urls } = await start();
    const group = await newGroup(urls.apiUrl, 2);
    const settling = await newGroup(urls.apiUrl, 2);
    await owe(settling, '14.00');
    const { settlementId, transferId } = await openSettlement(settling);
    const acknowledged = new Set<string>();
    const [user] = group.users;
    const record = (): Promise<TestAnswer> =>
      post(user!, `/v1/groups/${group.groupId}/expenses`, debtOf(group.members[0]!, group.members[1]!, '0.01'));
    const load = (async () => {
      for (;;) {
        const answer = await record().catch(() => null);
        if (answer === null) return;
        // Parts end one after the other: the database may be gone while the API still answers.
        if (answer.status === 201) acknowledged.add(answer.body.id as string);
      }
    })();
    await until('load runs', async () => acknowledged.size >= BEFORE, RECOVERY_MS);

    starter.kill('SIGKILL');
    await Promise.all([once(starter, 'exit'), load]);
    const second = await start();

    for (const id of acknowledged) assert.equal((await user!.call('GET', `/v1/expenses/${id}`)).status, 200, id);
    // What was written and not answered may be there too, once.
    const cents = Math.round(Number((await balancesOf(group))[group.members[0]!]) * 100);
    assert.ok(cents === acknowledged.size || cents === acknowledged.size + 1, `${cents} of ${acknowledged.size}`);
    await assertLedgerAgrees(second);
    await post(settling.users[1]!, `/v1/transfers/${transferId}/pay`, { method: 'manual' });
    await post(settling.users[0]!, `/v1/transfers/${transferId}/confirm`);
    await reaches(settling.users[0]!, `/v1/settlements/${settlementId}`, 'settled');
  });

  async function start(): Promise<{ starter: ChildProcess; urls: RunningPlatform }> {
    const starter = spawn(process.execPath, ['sandbox/start.ts'], { cwd: PROJECT_ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    starters.push(starter);
    let said = '';
    for (const output of [starter.stdout, starter.stderr]) output.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const urls = await until(
      'the platform runs',
      async () => {
        assert.equal(starter.exitCode, null, said);
        return findRunningPlatform(dataDir);
      },
      RECOVERY_MS,
    );
    return { starter, urls };
  }
});
