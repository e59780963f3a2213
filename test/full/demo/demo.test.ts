// Goal: `npm run demo -- --json` prints one object whose figures are true, and leaves nothing running; other files and options too.
// Method: the command itself, with a platform of its own; its figures are computed again from the ledger, row by row.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDataDir, removeDataDir } from '../../../sandbox/fixtures/stand-ins.ts';
import { processStartedAt } from '../../../sandbox/processes.ts';
import { findRunningPlatform, type RunningPlatform } from '../../../sandbox/running.ts';
import { type DemoResult, judgeDemo, runDemo } from '../../support/demo.ts';

const HEADER = 'Date,Title,Paid by Xi,Paid by Yo,Paid for Xi,Paid for Yo,Currency,Category,Exchange rate';

describe('npm run demo', function () {
  this.timeout(420_000);
  const dataDir = newDataDir();

  after(() => removeDataDir(dataDir));

  it('its own ledger: one object on standard output, true to the file, and nothing left running', async () => {
    let running: RunningPlatform | undefined;
    const run = await runDemo(['npm', 'run', 'demo', '--', '--json'], dataDir, () => (running ??= findRunningPlatform(dataDir)));

    const { balancesBefore, people } = judgeDemo(run);
    assert.equal(people.length, 7);
    assert.deepEqual([...new Set(balancesBefore.map(({ currency }) => currency))], ['EUR', 'JPY', 'CHF']);
    assert.ok((running?.children.length ?? 0) >= 5);
    assert.deepEqual(
      running?.children.filter(({ pid }) => processStartedAt(pid) !== undefined),
      [],
    );
  });

  it('another file of two people: a plan of one transfer is paid in three parts', async () => {
    const file = join(dataDir, 'two.csv');
    const rows = [
      '2026-01-01,Tea,10.255,0,5.128,5.127,KWD,Food,',
      '2026-01-02,Ramen,0,1200,600,600,JPY,,0.0021',
      '2026-01-03,Back,0,3.5,3.5,0,KWD,Payment,',
    ];
    writeFileSync(file, [HEADER, ...rows, ''].join('\n'));

    const chart = join(dataDir, 'charts', 'two.svg');

    const run = await runDemo(['npm', 'run', 'demo', '--', '--json', '--input', file, '--chart', chart], dataDir);

    assert.equal(run.code, 0, run.stderr);
    const { ok, transfers, balancesBefore, journal, ...more } = JSON.parse(run.stdout) as DemoResult;
    assert.deepEqual([more.chart, more.friends.net, more.explained.amount], [chart, '1.240', transfers[0]?.amount]);
    assert.match(readFileSync(chart, 'utf8'), /Xi.*KWD|KWD.*Xi/s);
    assert.deepEqual(
      more.import.balances.map(({ name }) => name),
      ['Xi', 'Yo', 'Priya'],
    );
    assert.deepEqual([ok, transfers.length], [true, 1]);
    assert.equal(balancesBefore.find(({ name, currency }) => name === 'Xi' && currency === 'KWD')?.net, '1.627');
    assert.equal(journal.filter(({ effect }) => effect === 'charge').length, 2);
  });

  it('a malformed file is refused with its line, a chart that cannot be saved at once, and an unknown option with the help', async () => {
    const file = join(dataDir, 'bad.csv');
    writeFileSync(file, [HEADER, '2026-01-01,Tea,10.255,0,5.128,5.128,KWD,Food,', ''].join('\n'));

    const bad = await runDemo(['npm', 'run', 'demo', '--', '--json', '--input', file], dataDir);
    assert.deepEqual([bad.code, (JSON.parse(bad.stdout) as DemoResult).ok], [1, false]);
    assert.match(bad.stderr, /bad\.csv: Line 2: .*do not add up/);

    const nowhere = await runDemo(['npm', 'run', 'demo', '--', '--json', '--chart', dataDir], dataDir);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /The chart cannot be saved as .*: that is a folder\./);
    assert.doesNotMatch(nowhere.stderr, /Starting the platform/);

    const unknown = await runDemo(['npm', 'run', 'demo', '--', '--inputs', file], dataDir);
    assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
    assert.match(unknown.stderr, /'--inputs'/);
  });
});
