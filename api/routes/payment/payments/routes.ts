import { z } from 'zod';
import { toPage } from '../../../../db/cursor.ts';
import { findPayment, listPayments, refundsOf } from '../../../../db/queries/payment/payments.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { id, listOf, listQuery } from '../../../schemas.ts';
import { partiesAccess } from '../access.ts';
import { presentPayment, presentRefund } from '../presenter.ts';
import * as schema from '../schema.ts';

const tag = 'payments';

const list = route({
  service: 'payment',
  method: 'get',
  path: '/v1/payments',
  operationId: 'listPayments',
  tag,
  summary: 'List payments that I made or received',
  query: listQuery.extend({ group: id.optional() }),
  answers: { 200: { description: 'Payments, the newest first.', schema: listOf(schema.payment) } },
  handle: async (request) => {
    const { userId } = request.principal;
    const page = request.page(`payments/${userId}/${request.query.group ?? ''}`);
    const rows = await listPayments(request.read, userId, request.query.group, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], presentPayment) };
  },
});

const get = route({
  service: 'payment',
  method: 'get',
  path: '/v1/payments/:paymentId',
  operationId: 'getPayment',
  tag,
  summary: 'Read a payment with its refunds',
  access: partiesAccess('payment'),
  params: z.strictObject({ paymentId: id }),
  answers: { 200: { description: 'The payment.', schema: schema.paymentWithRefunds } },
  handle: async (request) => {
    const { paymentId } = request.params;
    const [payment, refunds] = await Promise.all([findPayment(request.read, paymentId), refundsOf(request.read, paymentId)]);
    if (payment === null) throw new Error(`payment ${paymentId} vanished within its own request`);
    return { status: 200, body: { ...presentPayment(payment), refunds: refunds.map(presentRefund) } };
  },
});

/** Operations on payments. */
export const paymentRoutes: readonly AnyRoute[] = [list, get];
