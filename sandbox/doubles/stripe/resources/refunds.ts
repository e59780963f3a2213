import { z } from 'zod';
import { addToBalance } from '../charging.ts';
import { mergeMetadata, ok, operation, required, type Call, type Operation, type Reply } from '../call.ts';
import { checkAmountStep } from '../currencies.ts';
import { invalid } from '../errors.ts';
import { newId, nowSeconds } from '../ids.ts';
import { page } from '../lists.ts';
import { amount, boolean, expandField, listFields, metadata, range, text } from '../params.ts';
import type { Charge, Refund, Transfer, TransferReversal } from '../types.ts';
import type { Work } from '../work.ts';

const createSchema = z.strictObject({
  ...expandField,
  amount: amount.optional(),
  charge: text.optional(),
  metadata: metadata.optional(),
  payment_intent: text.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
  refund_application_fee: boolean.optional(),
  reverse_transfer: boolean.optional(),
});
const listSchema = z.strictObject({ ...listFields, charge: text.optional(), created: range.optional(), payment_intent: text.optional() });

/** Routes of `/v1/refunds`. */
export const refundOperations: readonly Operation[] = [
  operation('POST', '/v1/refunds', createSchema, create),
  operation('GET', '/v1/refunds', listSchema, ({ work, params }) => {
    const refunds = work
      .list('refund')
      .filter((refund) => params.payment_intent === undefined || refund.payment_intent === params.payment_intent)
      .filter((refund) => params.charge === undefined || refund.charge === params.charge);
    return ok(page(refunds, params, '/v1/refunds'));
  }),
  operation('GET', '/v1/refunds/:id', z.strictObject(expandField), ({ work, id }) => ok(required(work, 'refund', id))),
  operation('POST', '/v1/refunds/:id', z.strictObject({ ...expandField, metadata: metadata.optional() }), ({ work, id, params }) => {
    const refund = required(work, 'refund', id);
    return ok(work.put<Refund>({ ...refund, metadata: mergeMetadata(refund.metadata, params.metadata) }));
  }),
];

function create({ work, params }: Call<z.infer<typeof createSchema>>): Reply {
  const charge = chargeToRefund(work, params);
  const left = charge.amount - charge.amount_refunded;
  const refunded = params.amount ?? left;
  if (left === 0) throw invalid(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded', 'charge');
  if (refunded > left) {
    throw invalid(
      `Refund amount (${refunded}) is greater than unrefunded amount on charge (${left}), in the smallest unit of ${charge.currency}.`,
      undefined,
      'amount',
    );
  }
  checkAmountStep(refunded, charge.currency);
  const id = newId('re');
  const reversal = params.reverse_transfer ? reverseTransfer(work, charge, refunded, id) : undefined;
  const refund = work.put<Refund>({
    id,
    object: 'refund',
    amount: refunded,
    balance_transaction: newId('txn'),
    charge: charge.id,
    created: nowSeconds(),
    currency: charge.currency,
    destination_details: { type: 'card', card: { type: 'refund', reference_status: 'pending' } },
    metadata: mergeMetadata({}, params.metadata),
    payment_intent: charge.payment_intent,
    reason: params.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: reversal?.id ?? null,
  });
  addToBalance(work, 'platform', charge.currency, -refunded + (reversal?.amount ?? 0));
  record(work, refund, charge, reversal);
  return ok(refund);
}

function chargeToRefund(work: Work, params: z.infer<typeof createSchema>): Charge {
  if ((params.charge === undefined) === (params.payment_intent === undefined)) {
    throw invalid('One of the following params should be provided for this request: payment_intent or charge.', 'parameter_missing');
  }
  if (params.charge !== undefined) return succeeded(required(work, 'charge', params.charge, 'charge'), params.charge);
  const intent = required(work, 'payment_intent', params.payment_intent ?? '', 'payment_intent');
  return succeeded(intent.latest_charge === null ? undefined : work.get('charge', intent.latest_charge), intent.id);
}

function succeeded(charge: Charge | undefined, of: string): Charge {
  if (charge?.status === 'succeeded') return charge;
  throw invalid(`This PaymentIntent (${of}) does not have a successful charge to refund.`, 'charge_not_refundable', 'payment_intent');
}

/** Takes back from the receiver in the refund's proportion; the last refund takes all that is left. */
function reverseTransfer(work: Work, charge: Charge, refunded: number, refundId: string): TransferReversal {
  const transfer = charge.transfer === undefined ? undefined : work.get('transfer', charge.transfer);
  if (!transfer)
    throw invalid('Cannot reverse transfer on a charge that does not have an associated transfer.', undefined, 'reverse_transfer');
  const isLast = charge.amount_refunded + refunded === charge.amount;
  const left = transfer.amount - transfer.amount_reversed;
  const reversed = isLast ? left : Math.min(left, Math.round((transfer.amount * refunded) / charge.amount));
  addToBalance(work, transfer.destination, transfer.currency, -reversed);
  work.put<Transfer>({ ...transfer, amount_reversed: transfer.amount_reversed + reversed, reversed: reversed === left });
  return work.put<TransferReversal>({
    id: newId('trr'),
    object: 'transfer_reversal',
    amount: reversed,
    balance_transaction: newId('txn'),
    created: nowSeconds(),
    currency: transfer.currency,
    destination_payment_refund: newId('pyr'),
    metadata: {},
    source_refund: refundId,
    transfer: transfer.id,
  });
}

function record(work: Work, refund: Refund, charge: Charge, reversal: TransferReversal | undefined): void {
  const total = charge.amount_refunded + refund.amount;
  const next = work.put<Charge>({ ...charge, amount_refunded: total, refunded: total === charge.amount });
  const destination = charge.transfer === undefined ? null : (work.get('transfer', charge.transfer)?.destination ?? null);
  // The intent's pairs come too, so that a refund is found under the payment's reference; the refund's own win.
  const intent = work.get('payment_intent', charge.payment_intent);
  const common = { paymentIntent: charge.payment_intent, currency: charge.currency, metadata: { ...intent?.metadata, ...refund.metadata } };
  work.effect({ ...common, effect: 'refund', id: refund.id, amount: refund.amount, destination: reversal ? destination : null });
  if (reversal) work.effect({ ...common, effect: 'reversal', id: reversal.id, amount: reversal.amount, destination });
  work.event('refund.created', refund);
  work.event('charge.refunded', next, { previous: { amount_refunded: charge.amount_refunded, refunded: charge.refunded } });
  work.event('refund.updated', refund);
}
