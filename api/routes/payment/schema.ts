import { z } from 'zod';
import { id, money, positiveAmount, text } from '../../schemas.ts';

/** How money moves. */
export const method = z.enum(['stripe', 'manual']).meta({ description: '`manual`: cash or a bank transfer that the receiver confirms.' });

/** A gateway's own id of a payment method. */
export const paymentMethodId = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,255}$/, 'must be an id of the gateway')
  .meta({
    example: 'pm_card_visa',
    description: 'Without one the answer has `nextAction`; where the gateway takes longer than 2.5 s to give it, read the transfer again.',
  });

/** Why somebody asks or disagrees. */
export const reason = text(500).pipe(z.string().min(1));

const nextAction = z.strictObject({ type: z.string(), url: z.string().optional(), clientSecret: z.string().optional() });

export const paymentOfTransfer = z
  .strictObject({
    id,
    money,
    method,
    state: z.enum(['succeeded', 'partly_refunded', 'refunded', 'disputed']),
    refunded: positiveAmount,
  })
  .meta({ id: 'PaymentOfTransfer' });

export const transfer = z
  .strictObject({
    id,
    settlementId: id.nullable(),
    groupId: id,
    from: id,
    to: id,
    money,
    paid: positiveAmount,
    remaining: positiveAmount,
    state: z.enum([
      'planned',
      'processing',
      'awaiting_confirmation',
      'succeeded',
      'failed',
      'unknown',
      'quarantined',
      'disputed',
      'cancelled',
    ]),
    method,
    failureCode: z.string().optional(),
    nextAction: nextAction.optional(),
    payments: z.array(paymentOfTransfer),
    dueAt: z.string(),
    createdAt: z.string(),
    updatedAt: z.string(),
    workflowId: z.string(),
  })
  .meta({ id: 'Transfer', description: 'Money from one member to another: a leg of a settlement, or a payment outside one.' });

export const settlement = z
  .strictObject({
    id,
    groupId: id,
    state: z.enum(['planning', 'collecting', 'settled', 'partly_settled', 'cancelled']),
    strategy: z.enum(['minimal', 'pairwise', 'hub']),
    currency: z.string().nullable(),
    method,
    transfers: z.array(transfer),
    dueAt: z.string(),
    createdAt: z.string(),
    workflowId: z.string(),
  })
  .meta({ id: 'Settlement', description: 'A plan being paid.' });

export const refund = z
  .strictObject({
    id,
    paymentId: id,
    money,
    state: z.enum(['requested', 'approved', 'processing', 'succeeded', 'failed', 'unknown', 'rejected']),
    reason: z.string(),
    failureCode: z.string().optional(),
    createdAt: z.string(),
    workflowId: z.string(),
  })
  .meta({ id: 'Refund', description: 'Money of a payment going back.' });

export const payment = z
  .strictObject({
    ...paymentOfTransfer.shape,
    transferId: id,
    groupId: id,
    from: id,
    to: id,
    createdAt: z.string(),
  })
  .meta({ id: 'Payment', description: 'A succeeded payment of a transfer, or of a part of it.' });

export const paymentWithRefunds = z
  .strictObject({ ...payment.shape, refunds: z.array(refund) })
  .meta({ id: 'PaymentWithRefunds', description: 'A payment with the refunds that hang on it.' });
