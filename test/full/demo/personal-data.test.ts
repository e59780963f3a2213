// Goal: a whole demo leaves no name, address or text of its people in Temporal or in a log.
// Method: the demo plays on a platform that goes on afterwards; who was in it is read from the database, and everything else is searched.
import assert from 'node:assert/strict';
import { newDataDir, removeDataDir } from '../../../sandbox/fixtures/stand-ins.ts';
import { startPlatform, type Platform } from '../../../sandbox/platform.ts';
import { platformEnv, sql, withTemporal } from '../../faults/support.ts';
import { judgeDemo, runDemo } from '../../support/demo.ts';
import { tracesInDatabase, tracesInFiles, tracesInTemporal } from '../../support/traces.ts';

/** A shorter word may be a part of anything; it is looked for as a whole text of JSON. */
const WORD_MIN = 10;
/** What the outside world received, who may sign in to it, and the chart that the demo was asked for. */
const OUTSIDE = ['mails.jsonl', 'demo-account.json', 'demo-chart.svg'];

describe('npm run demo, personal data', function () {
  this.timeout(420_000);
  const dataDir = newDataDir();
  let platform: Platform;

  before(async () => {
    platform = await startPlatform({ dataDir, ports: 'free', env: platformEnv({ LOG_LEVEL: 'trace' }) });
  });
  after(async () => {
    await platform?.stop();
    await removeDataDir(dataDir);
  });

  it('after a whole demo, no name, address or text is in Temporal or in a log', async () => {
    const { people } = judgeDemo(await runDemo(['npm', 'run', 'demo', '--', '--json'], dataDir));
    const said = await sql<{ said: string }>(
      platform,
      `select email as said from "user".account union select display_name from "user".account union select display_name from expense.member
       union select description from expense.expense union select name from expense."group"`,
    );
    const words = said.map((row) => row.said).filter((word) => word !== '');
    assert.ok(people.every((name) => words.includes(name)) && words.filter((word) => word.includes('@')).length >= 5, words.join(', '));
    const marks = words.map((word) => (word.length < WORD_MIN ? JSON.stringify(word) : word));
    // Found where they belong, or the search would prove nothing.
    assert.ok((await tracesInDatabase(platform.urls.databaseUrl, words)).length >= 4);

    const { workflows, found } = await withTemporal(platform, (client) => tracesInTemporal(client, marks));

    assert.ok(workflows >= 20, `${workflows} workflows were looked at`);
    assert.deepEqual(found, []);
    assert.deepEqual(tracesInFiles(dataDir, marks, OUTSIDE), []);
  });
});
