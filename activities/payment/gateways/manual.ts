import { formatAmount } from '../../../domain/money.ts';
import type { ChargeOutcome, Gateway } from './gateway.ts';

/**
 * Cash and bank transfers between people: no money passes here, and the receiver's word is the evidence. A charge waits
 * for the receiver, who confirms through the API; a refund was approved by the receiver, who gave the money back.
 */
export function manualGateway(): Gateway {
  const waits: ChargeOutcome = { kind: 'later', reason: 'the receiver confirms' };
  const none = (): never => {
    throw new Error('manual payments have no accounts');
  };
  return {
    name: 'manual',
    capabilities: { confirmedBy: 'receiver', needsPayoutAccount: false, hasWebhooks: false },
    amount: (minor, currency) => (formatAmount(minor, currency) !== '' && minor > 0n ? { units: minor, currency } : null),
    charge: async () => waits,
    confirmAgain: async () => waits,
    cancel: async (charge, ref) => ({
      kind: 'canceled',
      ref,
      seen: { reference: charge.reference, amount: charge.amount, destination: charge.destination },
    }),
    lookup: async () => waits,
    refund: async (order) => ({
      kind: 'succeeded',
      ref: `manual:${order.reference}`,
      seen: { reference: order.reference, amount: order.amount },
    }),
    lookupRefund: async (order) => ({
      kind: 'succeeded',
      ref: `manual:${order.reference}`,
      seen: { reference: order.reference, amount: order.amount },
    }),
    createAccount: async () => none(),
    accountState: async () => none(),
    onboardingLink: async () => none(),
    parseWebhook: () => null,
  };
}
