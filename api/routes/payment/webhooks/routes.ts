import { z } from 'zod';
import {
  type AccountState,
  type Gateway,
  type GatewayNotice,
  GatewayUnavailable,
} from '../../../../activities/payment/gateways/gateway.ts';
import { gatewaysOf } from '../../../../activities/payment/gateways/registry.ts';
import { recordGatewayEvent } from '../../../../db/commands/payment/gateway-events.ts';
import { findAccountByRef, storePayoutAccount } from '../../../../db/commands/payment/payout-accounts.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';

const receive = route({
  service: 'payment',
  method: 'post',
  path: '/v1/webhooks/:gateway',
  operationId: 'receiveWebhook',
  tag: 'webhooks',
  summary: 'Receive news of a gateway',
  description:
    'The signature is checked over the raw body. Each event is kept once; its body is not trusted, but the current object is fetched.',
  rate: 'none',
  rawBody: true,
  params: z.strictObject({ gateway: z.enum(['stripe']) }),
  answers: { 200: { description: 'Received.', schema: z.strictObject({ received: z.literal(true) }) } },
  problems: [400, 404, 503],
  handle: async (request) => {
    const gateway = gatewaysOf(request.deps.env).find(request.params.gateway);
    if (gateway === null) throw new Problem('not_found', 'This gateway is not set up here.');
    const notice = gateway.parseWebhook(request.rawBody, request.headers);
    if (notice === null) throw new Problem('signature_invalid', 'The signature does not fit the body.');
    // An account has no process of its own: its state is fetched here, and the gateway sends again where that fails.
    const known = notice.about === 'account' ? await findAccountByRef(request.read, gateway.name, notice.ref) : null;
    const account = known === null ? null : await fetchAccount(gateway, notice);
    return request.command(async (tx) => {
      await recordGatewayEvent(tx, { gateway: gateway.name, ...notice });
      if (known !== null && account !== null) await storePayoutAccount(tx, known.userId, gateway.name, account);
      return { status: 200, body: { received: true } };
    });
  },
});

/** Operations that gateways call. */
export const webhookRoutes: readonly AnyRoute[] = [receive];

async function fetchAccount(gateway: Gateway, notice: GatewayNotice): Promise<AccountState> {
  try {
    return await gateway.accountState(notice.ref);
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error;
    throw new Problem('gateway_unavailable', 'The gateway cannot be asked now; send again.', { headers: { 'Retry-After': '5' } });
  }
}
