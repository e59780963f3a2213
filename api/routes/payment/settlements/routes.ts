import { z } from 'zod';
import { cancelSettlement, openSettlement } from '../../../../db/commands/payment/settlements.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findSettlement, listSettlements, type Query } from '../../../../db/queries/payment/transfers.ts';
import { groupAccess } from '../../../access.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { currency, id, listOf, listQuery } from '../../../schemas.ts';
import { settlementAccess } from '../access.ts';
import { gatewayOf } from '../payment-way.ts';
import { presentSettlement } from '../presenter.ts';
import * as schema from '../schema.ts';

const tag = 'settlements';
const groupParams = z.strictObject({ groupId: id });
const settlementParams = z.strictObject({ settlementId: id });

/** A client's own id: not of version 8, which those of settlements by date have. */
const ownId = id.regex(/^.{14}7/, 'must be a UUID of version 7');

const openBody = z.strictObject({
  id: ownId.optional(),
  strategy: z.enum(['minimal', 'pairwise', 'hub']).optional().meta({ description: "The policy's, or `minimal`, by default." }),
  hub: id.optional().meta({ description: 'The member through whom all payments go; only for the strategy `hub`.' }),
  currency: currency.optional().meta({ example: 'EUR', description: 'Every currency of the group by itself when left out.' }),
  method: schema.method.optional().meta({ description: 'What payers are offered first; `manual` by default.' }),
  dueInDays: z.int().min(1).max(365).optional().meta({ description: '14 by default.' }),
});

const open = route({
  service: 'payment',
  method: 'post',
  path: '/v1/groups/:groupId/settlements',
  operationId: 'createSettlement',
  tag,
  summary: 'Settle a group',
  description:
    'Plans what is owed and not yet reserved, reserves it, and collects the transfers. A `settlement` workflow makes the plan; read the settlement until it is `collecting`.',
  idempotency: 'required',
  access: groupAccess,
  params: groupParams,
  body: openBody,
  answers: { 202: { description: 'The settlement, being planned.', schema: schema.settlement, headers: ['Location'] } },
  problems: [409],
  handle: (request) => {
    const { groupId } = request.params;
    const { userId } = request.principal;
    gatewayOf(request.deps, request.body.method ?? 'manual');
    return request.command(async (tx) => {
      const settlementId = await openSettlement(tx, { groupId, userId, ...request.body });
      return answerSettlement(tx.query, userId, settlementId, 202);
    });
  },
});

const list = route({
  service: 'payment',
  method: 'get',
  path: '/v1/groups/:groupId/settlements',
  operationId: 'listSettlements',
  tag,
  summary: "List a group's settlements",
  access: groupAccess,
  params: groupParams,
  query: listQuery,
  answers: { 200: { description: 'Settlements, the newest first.', schema: listOf(schema.settlement) } },
  handle: async (request) => {
    const { groupId } = request.params;
    const page = request.page(`settlements/${groupId}`);
    const rows = await listSettlements(request.read, request.principal.userId, groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], presentSettlement) };
  },
});

const get = route({
  service: 'payment',
  method: 'get',
  path: '/v1/settlements/:settlementId',
  operationId: 'getSettlement',
  tag,
  summary: 'Read a settlement',
  access: settlementAccess,
  params: settlementParams,
  answers: { 200: { description: 'The settlement with its transfers.', schema: schema.settlement } },
  handle: (request) => answerSettlement(request.read, request.principal.userId, request.params.settlementId, 200),
});

const cancel = route({
  service: 'payment',
  method: 'post',
  path: '/v1/settlements/:settlementId/cancel',
  operationId: 'cancelSettlement',
  tag,
  summary: 'Cancel a settlement',
  description:
    'Releases transfers that nobody is paying. Those whose payment is under way or not yet known stay until it has ended, and the settlement stays `collecting` as long.',
  access: settlementAccess,
  params: settlementParams,
  answers: { 200: { description: 'The settlement.', schema: schema.settlement } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await cancelSettlement(tx, request.params.settlementId, request.principal.userId);
      return answerSettlement(tx.query, request.principal.userId, request.params.settlementId, 200);
    }),
});

/** Operations on settlements. */
export const settlementRoutes: readonly AnyRoute[] = [open, list, get, cancel];

async function answerSettlement(query: Query, userId: string, settlementId: string, status: number): Promise<Answer> {
  const settlement = await findSettlement(query, userId, settlementId);
  if (settlement === null) throw new Error(`settlement ${settlementId} vanished within its own request`);
  const headers: Record<string, string> = status === 202 ? { Location: `/v1/settlements/${settlementId}` } : {};
  return { status, headers, body: presentSettlement(settlement) };
}
