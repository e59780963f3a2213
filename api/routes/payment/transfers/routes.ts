import { z } from 'zod';
import { openPayment } from '../../../../db/commands/payment/payments.ts';
import { confirmTransfer, disputeTransfer, payTransfer, remindTransfer } from '../../../../db/commands/payment/transfers.ts';
import { findTransfer, type Query } from '../../../../db/queries/payment/transfers.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { date, id, money, positiveAmount } from '../../../schemas.ts';
import { partiesAccess } from '../access.ts';
import { paymentWay } from '../payment-way.ts';
import { presentTransfer } from '../presenter.ts';
import * as schema from '../schema.ts';
import { withNextAction } from './next-action.ts';

const tag = 'transfers';
const transferParams = z.strictObject({ transferId: id });
const transferAnswer = { description: 'The transfer.', schema: schema.transfer };

const get = route({
  service: 'payment',
  method: 'get',
  path: '/v1/transfers/:transferId',
  operationId: 'getTransfer',
  tag,
  summary: 'Read a transfer',
  access: partiesAccess('transfer'),
  params: transferParams,
  answers: { 200: transferAnswer },
  handle: (request) => answerTransfer(request.read, request.principal.userId, request.params.transferId, 200),
});

const pay = route({
  service: 'payment',
  method: 'post',
  path: '/v1/transfers/:transferId/pay',
  operationId: 'payTransfer',
  tag,
  summary: 'Pay a transfer, or a part of it',
  description:
    'For the payer, or an owner or admin where the payer has no account. The transfer is `processing` until the gateway has answered and the ledger has it; a manual one waits for the receiver.',
  idempotency: 'required',
  access: partiesAccess('transfer'),
  params: transferParams,
  body: z.strictObject({
    method: schema.method,
    paymentMethodId: schema.paymentMethodId.optional(),
    amount: positiveAmount.optional().meta({ example: '12.34', description: 'A part; everything that remains when left out.' }),
  }),
  answers: { 202: { ...transferAnswer, headers: ['Location'] } },
  problems: [409],
  handle: async (request) => {
    const way = paymentWay(request.deps, request.body.method);
    const { paymentMethodId, amount } = request.body;
    const { transferId } = request.params;
    const answer = await request.command(async (tx) => {
      await payTransfer(tx, { transferId, userId: request.principal.userId, way, paymentMethodId, amount });
      return answerTransfer(tx.query, request.principal.userId, transferId, 202);
    });
    return needsAction(request.body) ? withNextAction(request.read, request.principal.userId, transferId, answer) : answer;
  },
});

const confirm = route({
  service: 'payment',
  method: 'post',
  path: '/v1/transfers/:transferId/confirm',
  operationId: 'confirmTransfer',
  tag,
  summary: 'Confirm that a manual payment arrived',
  description: 'For the receiver, or an owner or admin where the receiver has no account. Also after a dispute.',
  idempotency: 'required',
  access: partiesAccess('transfer'),
  params: transferParams,
  answers: { 200: transferAnswer },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await confirmTransfer(tx, request.params.transferId, request.principal.userId);
      return answerTransfer(tx.query, request.principal.userId, request.params.transferId, 200);
    }),
});

const dispute = route({
  service: 'payment',
  method: 'post',
  path: '/v1/transfers/:transferId/dispute',
  operationId: 'disputeTransfer',
  tag,
  summary: 'Say that a manual payment did not arrive',
  description: 'For the receiver, or an owner or admin where the receiver has no account.',
  access: partiesAccess('transfer'),
  params: transferParams,
  body: z.strictObject({ reason: schema.reason }),
  answers: { 200: transferAnswer },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await disputeTransfer(tx, request.params.transferId, request.principal.userId, request.body.reason);
      return answerTransfer(tx.query, request.principal.userId, request.params.transferId, 200);
    }),
});

const remind = route({
  service: 'payment',
  method: 'post',
  path: '/v1/transfers/:transferId/remind',
  operationId: 'remindTransfer',
  tag,
  summary: 'Remind the payer, at most once a day',
  description: 'For the receiver, or an owner or admin where the receiver has no account.',
  access: partiesAccess('transfer'),
  params: transferParams,
  answers: { 202: transferAnswer },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await remindTransfer(tx, request.params.transferId, request.principal.userId);
      return answerTransfer(tx.query, request.principal.userId, request.params.transferId, 202);
    }),
});

const openOutside = route({
  service: 'payment',
  method: 'post',
  path: '/v1/groups/:groupId/payments',
  operationId: 'createPayment',
  tag,
  summary: 'Pay somebody outside a settlement',
  description:
    'Through a gateway it is the payer who pays; a manual payment may be recorded by payer or receiver, and the receiver confirms it. For a member without an account an owner or admin acts. It may be more than what is owed.',
  idempotency: 'required',
  access: groupAccess,
  params: z.strictObject({ groupId: id }),
  body: z.strictObject({
    id: id.optional(),
    from: id,
    to: id,
    money,
    date: date.optional().meta({
      description:
        "The day from which balances count it; today in the group's zone by default. Where that day is locked by the time the money has arrived, the first day that is not; `/balances/explain` tells which.",
    }),
    method: schema.method,
    paymentMethodId: schema.paymentMethodId.optional(),
  }),
  answers: { 202: { ...transferAnswer, headers: ['Location'] } },
  problems: [409],
  handle: async (request) => {
    const way = paymentWay(request.deps, request.body.method);
    const { id: given, from, to, money: amount, date: day, paymentMethodId } = request.body;
    const { userId } = request.principal;
    const actor = { memberId: request.resource.memberId, role: request.resource.role };
    const answer = await request.command(async (tx) => {
      const { groupId } = request.params;
      const transferId = await openPayment(tx, {
        id: given,
        groupId,
        userId,
        actor,
        from,
        to,
        money: amount,
        date: day,
        way,
        paymentMethodId,
      });
      return answerTransfer(tx.query, userId, transferId, 202);
    });
    return needsAction(request.body) ? withNextAction(request.read, userId, (answer.body as { id: string }).id, answer) : answer;
  },
});

/** Through a gateway and without a payment method, the payer has something to do: the answer says what. */
function needsAction(body: { method: string; paymentMethodId?: string | undefined }): boolean {
  return body.method !== 'manual' && body.paymentMethodId === undefined;
}

/** Operations on transfers. */
export const transferRoutes: readonly AnyRoute[] = [get, pay, confirm, dispute, remind, openOutside];

async function answerTransfer(query: Query, userId: string, transferId: string, status: number): Promise<Answer> {
  const transfer = await findTransfer(query, userId, transferId);
  if (transfer === null) throw new Error(`transfer ${transferId} vanished within its own request`);
  const headers: Record<string, string> = status === 202 ? { Location: `/v1/transfers/${transferId}` } : {};
  return { status, headers, body: presentTransfer(transfer) };
}
