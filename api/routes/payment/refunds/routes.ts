import { z } from 'zod';
import { decideRefund, requestRefund } from '../../../../db/commands/payment/refunds.ts';
import { findRefund } from '../../../../db/queries/payment/payments.ts';
import type { Parties } from '../../../../db/queries/payment/parties.ts';
import type { Query } from '../../../../db/queries/payment/transfers.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { id, positiveAmount } from '../../../schemas.ts';
import { actsAs, partiesAccess } from '../access.ts';
import { presentRefund } from '../presenter.ts';
import * as schema from '../schema.ts';

const tag = 'refunds';
const refundParams = z.strictObject({ refundId: id });

const request = route({
  service: 'payment',
  method: 'post',
  path: '/v1/payments/:paymentId/refunds',
  operationId: 'createRefund',
  tag,
  summary: 'Ask for a refund',
  description:
    "For payer or receiver. Decided by the group's `refundApproval`; the receiver's own request needs nobody, and a manual refund always needs the receiver, who gives the money back by hand.",
  idempotency: 'required',
  access: partiesAccess('payment'),
  params: z.strictObject({ paymentId: id }),
  body: z.strictObject({
    id: id.optional(),
    amount: positiveAmount.optional().meta({ example: '5.00', description: 'A part; everything that is left when left out.' }),
    reason: schema.reason,
  }),
  answers: { 202: { description: 'The refund.', schema: schema.refund, headers: ['Location'] } },
  problems: [409],
  handle: (asked) => {
    const { userId } = asked.principal;
    const requestedBy = sideOf(asked.resource);
    return asked.command(async (tx) => {
      const refundId = await requestRefund(tx, { paymentId: asked.params.paymentId, userId, requestedBy, ...asked.body });
      return answerRefund(tx.query, refundId, 202);
    });
  },
});

const get = route({
  service: 'payment',
  method: 'get',
  path: '/v1/refunds/:refundId',
  operationId: 'getRefund',
  tag,
  summary: 'Read a refund',
  access: partiesAccess('refund'),
  params: refundParams,
  answers: { 200: { description: 'The refund.', schema: schema.refund } },
  handle: (asked) => answerRefund(asked.read, asked.params.refundId, 200),
});

const approve = decision('approve', 'Approve a refund');
const reject = decision('reject', 'Reject a refund');

/** Operations on refunds. */
export const refundRoutes: readonly AnyRoute[] = [request, get, approve, reject];

function decision(verdict: 'approve' | 'reject', summary: string): AnyRoute {
  return route({
    service: 'payment',
    method: 'post',
    path: `/v1/refunds/:refundId/${verdict}`,
    operationId: `${verdict}Refund`,
    tag,
    summary,
    description: 'For the member whose approval it needs; an owner or admin acts for one without an account.',
    access: partiesAccess('refund'),
    params: refundParams,
    answers: { 200: { description: 'The refund.', schema: schema.refund } },
    problems: [409],
    handle: (asked) =>
      asked.command(async (tx) => {
        await decideRefund(tx, asked.params.refundId, asked.principal.userId, verdict);
        return answerRefund(tx.query, asked.params.refundId, 200);
      }),
  });
}

/** The receiver's side counts first: it is the receiver's money. */
function sideOf(parties: Parties): 'payer' | 'receiver' | 'owner' {
  if (actsAs(parties, 'to')) return 'receiver';
  return parties.role === 'owner' ? 'owner' : 'payer';
}

async function answerRefund(query: Query, refundId: string, status: number): Promise<Answer> {
  const refund = await findRefund(query, refundId);
  if (refund === null) throw new Error(`refund ${refundId} vanished within its own request`);
  const headers: Record<string, string> = status === 202 ? { Location: `/v1/refunds/${refundId}` } : {};
  return { status, headers, body: presentRefund(refund) };
}
