import { z } from 'zod';
import { type AccountState, type Gateway, GatewayUnavailable } from '../../../../activities/payment/gateways/gateway.ts';
import { findPayoutAccount, type PayoutAccountView, storePayoutAccount } from '../../../../db/commands/payment/payout-accounts.ts';
import { Problem } from '../../../problems.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { gatewayOf } from '../payment-way.ts';

const tag = 'payout account';
const GATEWAY = 'stripe';

const payoutAccount = z
  .strictObject({
    gateway: z.literal(GATEWAY),
    state: z.enum(['none', 'onboarding', 'restricted', 'active']),
    chargesEnabled: z.boolean(),
    payoutsEnabled: z.boolean(),
    detailsSubmitted: z.boolean(),
    url: z.string().nullable().meta({ description: 'Where the gateway asks for what it needs; short-lived, only in the answer to POST.' }),
  })
  .meta({ id: 'PayoutAccount', description: 'Where I receive money. `active`: others can pay me.' });

const open = route({
  service: 'payment',
  method: 'post',
  path: '/v1/me/payout-account',
  operationId: 'openPayoutAccount',
  tag,
  summary: 'Make my payout account, or go on with it',
  description: 'Makes the account at the gateway once and answers a fresh link to its onboarding page.',
  answers: {
    200: { description: 'The account, which was there.', schema: payoutAccount },
    201: { description: 'The new account.', schema: payoutAccount },
  },
  problems: [409, 503],
  handle: async (request) => {
    const gateway = gatewayOf(request.deps, GATEWAY);
    const { userId } = request.principal;
    const known = await findPayoutAccount(request.read, userId, GATEWAY);
    const { account, url } = await orUnavailable(() => openAt(gateway, known, userId, `${request.deps.publicUrl}/docs`));
    return request.command(async (tx) => {
      await storePayoutAccount(tx, userId, GATEWAY, account);
      return { status: known === null ? 201 : 200, body: present(account, url) };
    });
  },
});

const get = route({
  service: 'payment',
  method: 'get',
  path: '/v1/me/payout-account',
  operationId: 'getPayoutAccount',
  tag,
  summary: 'Read my payout account',
  description: 'While it is not active, the gateway is asked how it stands.',
  answers: { 200: { description: 'The account; `none` where there is none.', schema: payoutAccount } },
  problems: [409],
  handle: async (request) => {
    const gateway = gatewayOf(request.deps, GATEWAY);
    const { userId } = request.principal;
    const known = await findPayoutAccount(request.read, userId, GATEWAY);
    if (known === null) return { status: 200, body: present(null, null) };
    if (known.chargesEnabled && known.payoutsEnabled) return { status: 200, body: present(stateOf(known), null) };
    const account = await currentState(gateway, known);
    return request.command(async (tx) => {
      await storePayoutAccount(tx, userId, GATEWAY, account);
      return { status: 200, body: present(account, null) };
    });
  },
});

/** Operations on the caller's payout account. */
export const payoutAccountRoutes: readonly AnyRoute[] = [open, get];

async function openAt(
  gateway: Gateway,
  known: PayoutAccountView | null,
  userId: string,
  returnUrl: string,
): Promise<{ account: AccountState; url: string }> {
  const account = known === null ? await gateway.createAccount(userId) : await gateway.accountState(known.accountRef);
  return { account, url: await gateway.onboardingLink(account.ref, returnUrl) };
}

/** How the account stands at the gateway; as it was last seen where the gateway cannot be asked. */
async function currentState(gateway: Gateway, known: PayoutAccountView): Promise<AccountState> {
  try {
    return await gateway.accountState(known.accountRef);
  } catch (error) {
    if (error instanceof GatewayUnavailable) return stateOf(known);
    throw error;
  }
}

function stateOf(known: PayoutAccountView): AccountState {
  const { accountRef, chargesEnabled, payoutsEnabled, detailsSubmitted } = known;
  return { ref: accountRef, chargesEnabled, payoutsEnabled, detailsSubmitted };
}

function present(account: AccountState | null, url: string | null): Record<string, unknown> {
  if (account === null)
    return { gateway: GATEWAY, state: 'none', chargesEnabled: false, payoutsEnabled: false, detailsSubmitted: false, url };
  const { chargesEnabled, payoutsEnabled, detailsSubmitted } = account;
  const state = chargesEnabled ? 'active' : detailsSubmitted ? 'restricted' : 'onboarding';
  return { gateway: GATEWAY, state, chargesEnabled, payoutsEnabled, detailsSubmitted, url };
}

async function orUnavailable<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof GatewayUnavailable)) throw error;
    throw new Problem('gateway_unavailable', 'The gateway does not answer; nothing was written. Try again.', {
      headers: { 'Retry-After': '5' },
    });
  }
}
