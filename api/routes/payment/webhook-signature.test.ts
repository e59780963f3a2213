// Goal: nobody but the gateway tells us news. Method: one well-formed event, signed rightly and in each wrong way, by HTTP.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { startApi, type TestApi } from '../../../test/support/api.ts';
import { testDatabaseUrl } from '../../../test/support/servers.ts';

const SECRET = 'whsec_of_this_test';
/** Stripe's own tolerance is five minutes. */
const STALE_SECONDS = 301;

describe('signature of a webhook', function () {
  this.timeout(30_000);
  let api: TestApi;

  before(async () => {
    api = await startApi(await testDatabaseUrl(), { STRIPE_SECRET_KEY: 'sk_test_signature', STRIPE_WEBHOOK_SECRET: SECRET });
  });

  after(() => api?.stop());

  it('right, is received and kept', async () => {
    const { id, body } = event();
    assert.equal((await deliver(body, sign(body))).status, 200);
    assert.equal(await kept(id), 1);
  });

  it('missing, of another secret, over another body or stale, is 400 and nothing is kept', async () => {
    const { id, body } = event();
    const wrong = [
      undefined,
      sign(body, { secret: 'whsec_other' }),
      sign(`${body} `),
      sign(body, { ageSeconds: STALE_SECONDS }),
      't=1,v1=00',
    ];
    for (const signature of wrong) {
      const answer = await deliver(body, signature);
      assert.deepEqual([answer.status, (answer.body as { code: string }).code], [400, 'signature_invalid'], signature);
    }
    assert.equal(await kept(id), 0);
  });

  function deliver(body: string, signature: string | undefined): ReturnType<TestApi['call']> {
    return api.call('POST', '/v1/webhooks/stripe', body, signature === undefined ? {} : { 'stripe-signature': signature });
  }

  async function kept(eventId: string): Promise<number> {
    const { rows } = await api.deps.databases.payment!.pool.query<{ count: string }>(
      `select count(*) from payment.gateway_event where gateway = 'stripe' and event_id = $1`,
      [eventId],
    );
    return Number(rows[0]?.count);
  }
});

function event(): { id: string; body: string } {
  const id = `evt_${uuidv7().replaceAll('-', '')}`;
  const object = { id: `pi_${uuidv7().replaceAll('-', '')}`, object: 'payment_intent', metadata: {} };
  return { id, body: JSON.stringify({ id, object: 'event', type: 'payment_intent.succeeded', data: { object } }) };
}

function sign(body: string, { secret = SECRET, ageSeconds = 0 } = {}): string {
  const at = Math.floor(Date.now() / 1000) - ageSeconds;
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
}
