// Goal: a server is made to match what is declared, once. Method: a real dev server, applied to twice and side by side.
import assert from 'node:assert/strict';
import { startDevServer, type DevServer } from '../test/support/temporal.ts';
import { applyTemporalConfig } from './apply.ts';
import { SCHEDULES } from './schedules.ts';
import { DECLARED_SEARCH_ATTRIBUTES, KEYWORDS_MAX } from './search-attributes.ts';

describe('temporal-config', function () {
  this.timeout(60_000);
  let server: DevServer;
  before(async () => {
    server = await startDevServer();
  });
  after(() => server.stop());

  it('apply, to a fresh server, creates every schedule; again, changes nothing', async () => {
    const first = await applyTemporalConfig(server);
    const second = await applyTemporalConfig(server);

    assert.equal(first.namespace, 'updated');
    assert.deepEqual(
      first.schedules,
      SCHEDULES.map(({ scheduleId }) => scheduleId),
    );
    assert.deepEqual(second, { namespace: 'kept', searchAttributes: [], schedules: [] });
  });

  it('apply, to a schedule that was changed and paused by hand, restores it and leaves it paused', async () => {
    await applyTemporalConfig(server);
    const handle = server.client.schedule.getHandle('settlement-run');
    await handle.pause('a holiday');
    await handle.update((previous) => ({
      ...previous,
      action: { ...previous.action, memo: { config: 'older' } },
      spec: { intervals: [{ every: '3 hours' }] },
    }));

    const applied = await applyTemporalConfig(server);
    const found = await handle.describe();

    assert.deepEqual(applied.schedules, ['settlement-run']);
    assert.equal(found.state.paused, true);
    assert.equal(found.state.note, 'a holiday');
    assert.equal(found.spec.intervals?.length ?? 0, 0);
    assert.equal(found.policies.overlap, 'SKIP');
  });

  it('apply, by two at once, ends with the same server', async () => {
    await server.client.schedule.getHandle('settlement-run').delete();
    await Promise.all([applyTemporalConfig(server), applyTemporalConfig(server)]);

    assert.deepEqual((await applyTemporalConfig(server)).schedules, []);
  });

  it('search attributes, declared, fit into the keywords that SQL visibility has', () => {
    assert.ok(DECLARED_SEARCH_ATTRIBUTES.filter(({ type }) => type === 'KEYWORD').length <= KEYWORDS_MAX);
  });
});
