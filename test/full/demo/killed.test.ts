// Goal: API and worker killed by -9 in the middle of the demo, the run still ends with the same ledger and nothing paid twice.
// Method: the demo as a process with a platform of its own; each kill is triggered by a line of its progress.
import assert from 'node:assert/strict';
import { newDataDir, removeDataDir } from '../../../sandbox/fixtures/stand-ins.ts';
import { findRunningPlatform } from '../../../sandbox/running.ts';
import { judgeDemo, runDemo } from '../../support/demo.ts';

/** After which line which program is killed: while rows are recorded, plans are paid, and a declined card is paid again. */
const KILLS: readonly (readonly [RegExp, 'api' | 'worker'])[] = [
  [/rows: 4\d of 173/, 'api'],
  [/rows: 8\d of 173/, 'worker'],
  [/rows: 13\d of 173/, 'api'],
  [/^• Settling EUR/, 'worker'],
  [/by card: failed, card_declined/, 'api'],
  [/by another card$/, 'worker'],
  [/^• .* asks .* back$/, 'api'],
];

describe('npm run demo, API and worker are killed meanwhile', function () {
  this.timeout(600_000);
  const dataDir = newDataDir();

  after(() => removeDataDir(dataDir));

  it('the run ends with the same ledger, and the gateway has charged each transfer once', async () => {
    const waiting = [...KILLS];
    const killed: string[] = [];
    const run = await runDemo([process.execPath, 'demo/main.ts', '--json'], dataDir, (line) => {
      const [next] = waiting;
      if (next?.[0].test(line) !== true) return;
      waiting.shift();
      const child = findRunningPlatform(dataDir)?.children.find(({ name }) => name === next[1]);
      if (child === undefined) return;
      process.kill(child.pid, 'SIGKILL');
      killed.push(next[1]);
    });

    judgeDemo(run);
    assert.deepEqual(waiting, []);
    // One that is just starting again when its next turn comes is passed over.
    assert.ok(killed.length >= KILLS.length - 2, `killed: ${killed.join(', ')}`);
    assert.match(run.stderr, /it is repeated/);
  });
});
