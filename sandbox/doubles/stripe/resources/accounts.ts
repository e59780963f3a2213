import { z } from 'zod';
import { mergeMetadata, ok, operation, required, type Operation } from '../call.ts';
import { newId, nowSeconds } from '../ids.ts';
import { page } from '../lists.ts';
import { boolean, currency, expandField, listFields, metadata, range, text } from '../params.ts';
import type { Account, AccountLinkRecord, CapabilityState } from '../types.ts';
import type { Work } from '../work.ts';

const capabilities = z.record(z.string().regex(/^[a-z0-9_]+$/), z.strictObject({ requested: boolean }));
const open = z.record(z.string(), z.unknown());
const controller = z.strictObject({
  fees: z.strictObject({ payer: z.enum(['account', 'application']) }).optional(),
  losses: z.strictObject({ payments: z.enum(['application', 'stripe']) }).optional(),
  requirement_collection: z.enum(['application', 'stripe']).optional(),
  stripe_dashboard: z.strictObject({ type: z.enum(['express', 'full', 'none']) }).optional(),
});

const changeable = {
  ...expandField,
  business_profile: open.optional(),
  business_type: z.enum(['individual', 'company', 'non_profit', 'government_entity']).optional(),
  capabilities: capabilities.optional(),
  default_currency: currency.optional(),
  email: text.optional(),
  individual: open.optional(),
  metadata: metadata.optional(),
  settings: open.optional(),
};
const createSchema = z.strictObject({
  ...changeable,
  type: z.enum(['express', 'custom', 'standard']).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional(),
  controller: controller.optional(),
});
const linkSchema = z.strictObject({
  ...expandField,
  account: text,
  type: z.enum(['account_onboarding', 'account_update']),
  collect: text.optional(),
  collection_options: z.strictObject({ fields: text.optional(), future_requirements: text.optional() }).optional(),
  refresh_url: text.optional(),
  return_url: text.optional(),
});

/** How long an onboarding page can be used. Stripe's live only minutes; a person at a sandbox takes longer. */
const LINK_LIFETIME_S = 3_600;

/** Routes of `/v1/accounts` and `/v1/account_links`. */
export const accountOperations: readonly Operation[] = [
  operation('POST', '/v1/accounts', createSchema, ({ work, params }) => ok(work.put(newAccount(params)))),
  operation('GET', '/v1/accounts', z.strictObject({ ...listFields, created: range.optional() }), ({ work, params }) =>
    ok(page(work.list('account'), params, '/v1/accounts')),
  ),
  operation('GET', '/v1/accounts/:id', z.strictObject(expandField), ({ work, id }) => ok(required(work, 'account', id, 'id'))),
  operation('POST', '/v1/accounts/:id', z.strictObject(changeable), ({ work, id, params }) => {
    const account = required(work, 'account', id);
    return ok(
      work.put<Account>({
        ...account,
        business_type: params.business_type ?? account.business_type,
        capabilities: { ...account.capabilities, ...requested(params.capabilities, account.details_submitted) },
        default_currency: params.default_currency ?? account.default_currency,
        email: params.email ?? account.email,
        metadata: mergeMetadata(account.metadata, params.metadata),
      }),
    );
  }),
  operation('POST', '/v1/account_links', linkSchema, ({ work, params, baseUrl }) => {
    required(work, 'account', params.account, 'account');
    const link = work.put<AccountLinkRecord>({
      id: newId('link', 32),
      object: 'account_link',
      created: nowSeconds(),
      expires_at: nowSeconds() + LINK_LIFETIME_S,
      account: params.account,
      refresh_url: params.refresh_url ?? null,
      return_url: params.return_url ?? null,
    });
    return ok({ object: 'account_link', created: link.created, expires_at: link.expires_at, url: `${baseUrl}/onboarding/${link.id}` });
  }),
  operation('GET', '/v1/balance', z.strictObject(expandField), ({ work, account }) => {
    if (account !== undefined) required(work, 'account', account);
    const amounts = Object.entries(work.get('balance', account ?? 'platform')?.amounts ?? {});
    const available = amounts.map(([code, held]) => ({ amount: held, currency: code, source_types: { card: held } }));
    return ok({ object: 'balance', available, connect_reserved: [], instant_available: [], livemode: false, pending: [] });
  }),
];

/**
 * Gives an account everything that its holder would have typed in, and tells the platform by `account.updated`.
 * An account that has it already stays as it is, without an event.
 */
export function completeOnboarding(work: Work, account: Account): Account {
  if (account.details_submitted) return account;
  const next = work.put<Account>({
    ...account,
    capabilities: Object.fromEntries(Object.keys({ transfers: '', ...account.capabilities }).map((name) => [name, 'active' as const])),
    charges_enabled: true,
    details_submitted: true,
    payouts_enabled: true,
    requirements: noRequirements(),
    external_accounts: { object: 'list', data: [], has_more: false, total_count: 0, url: `/v1/accounts/${account.id}/external_accounts` },
  });
  work.event('account.updated', next, {
    account: account.id,
    previous: {
      charges_enabled: account.charges_enabled,
      details_submitted: account.details_submitted,
      payouts_enabled: account.payouts_enabled,
    },
  });
  return next;
}

function newAccount(params: z.infer<typeof createSchema>): Account {
  const id = newId('acct', 16);
  const dashboard =
    params.controller?.stripe_dashboard?.type ?? (params.type === 'custom' ? 'none' : params.type === 'standard' ? 'full' : 'express');
  return {
    id,
    object: 'account',
    business_profile: params.business_profile ?? null,
    business_type: params.business_type ?? null,
    capabilities: requested(params.capabilities, false),
    charges_enabled: false,
    controller: {
      type: 'application',
      is_controller: true,
      fees: { payer: params.controller?.fees?.payer ?? 'application' },
      losses: { payments: params.controller?.losses?.payments ?? 'application' },
      requirement_collection: params.controller?.requirement_collection ?? 'stripe',
      stripe_dashboard: { type: dashboard },
    },
    country: params.country ?? 'US',
    created: nowSeconds(),
    default_currency: params.default_currency ?? 'usd',
    details_submitted: false,
    email: params.email ?? null,
    external_accounts: { object: 'list', data: [], has_more: false, total_count: 0, url: `/v1/accounts/${id}/external_accounts` },
    future_requirements: noRequirements(),
    metadata: mergeMetadata({}, params.metadata),
    payouts_enabled: false,
    requirements: {
      ...noRequirements(),
      currently_due: ['external_account', 'tos_acceptance.date', 'tos_acceptance.ip'],
      disabled_reason: 'requirements.past_due',
      past_due: ['external_account', 'tos_acceptance.date', 'tos_acceptance.ip'],
    },
    settings: params.settings ?? {},
    type: params.type ?? (dashboard === 'express' ? 'express' : 'none'),
  };
}

function requested(
  wanted: Readonly<Record<string, { readonly requested: boolean }>> | undefined,
  submitted: boolean,
): Record<string, CapabilityState> {
  const names = Object.entries(wanted ?? {}).filter(([, capability]) => capability.requested);
  return Object.fromEntries(names.map(([name]) => [name, submitted ? 'active' : 'inactive']));
}

function noRequirements(): object {
  return {
    alternatives: [],
    current_deadline: null,
    currently_due: [],
    disabled_reason: null,
    errors: [],
    eventually_due: [],
    past_due: [],
    pending_verification: [],
  };
}
