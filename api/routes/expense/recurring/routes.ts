import {
  changeRule,
  createRule,
  endRule,
  pauseRule,
  type RecurringExpense,
  resumeRule,
  type RuleCommand,
  skipSlot,
} from '../../../../db/commands/expense/recurring.ts';
import { toPage } from '../../../../db/cursor.ts';
import {
  findRule,
  findRuleAccess,
  listRules,
  previewRule,
  type RuleAccess,
  type RuleView,
} from '../../../../db/queries/expense/recurring.ts';
import type { Tx } from '../../../../db/transact.ts';
import { workflowId } from '../../../../domain/events.ts';
import { PREVIEW_SLOTS } from '../../../../domain/recurrence.ts';
import { hasStanding } from '../../../../domain/standing.ts';
import { groupAccess } from '../../../access.ts';
import { databaseOf } from '../../../deps.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import { etag, type RouteRequest } from '../../../request.ts';
import { type Access, type AnyRoute, type Answer, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import { recordingAccess } from '../expenses/record.ts';
import * as schema from './schema.ts';

const tag = 'recurring expenses';

/** A recurring expense of a group of the caller's. The policy names who of its members may act. */
function ruleAccess(policy: Policy): Access<RuleAccess> {
  const standing = standingOf(policy);
  return {
    resource: 'recurring',
    load: (deps, principal, params) => findRuleAccess(databaseOf(deps, 'expense'), params['recurringId'] ?? '', principal.userId),
    permit: ({ role, isCreator }) => hasStanding(standing, role, (relation) => relation === 'creator' && isCreator),
  };
}

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/recurring',
  operationId: 'createRecurring',
  tag,
  summary: 'Record an expense again and again',
  description:
    'A `recurringExpense` workflow records exactly one expense a slot, under the policy of the group and in the name of who made this, when the day begins in the zone of the group.',
  access: recordingAccess,
  params: schema.groupParams,
  body: schema.createRecurring,
  answers: { 201: { description: 'The recurring expense.', schema: schema.recurring, headers: ['ETag', 'Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { expense, ...rest } = request.body;
      const command = { ...rest, expense: dayless(expense), groupId: request.params.groupId, userId: request.principal.userId };
      return answer(tx.query, await createRule(tx, command), 201);
    }),
});

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/recurring',
  operationId: 'listRecurring',
  tag,
  summary: 'List the recurring expenses of a group',
  access: groupAccess,
  params: schema.groupParams,
  query: listQuery,
  answers: { 200: { description: 'Also ended ones, the newest first.', schema: listOf(schema.recurring) } },
  handle: async (request) => {
    const page = request.page(`recurring/${request.params.groupId}`);
    const rows = await listRules(request.read, request.params.groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/recurring/:recurringId',
  operationId: 'getRecurring',
  tag,
  summary: 'Read a recurring expense',
  access: ruleAccess,
  params: schema.recurringParams,
  answers: { 200: { description: 'The recurring expense.', schema: schema.recurring, headers: ['ETag'] } },
  handle: (request) => answer(request.read, request.params.recurringId, 200),
});

const update = route({
  service: 'expense',
  method: 'patch',
  path: '/v1/recurring/:recurringId',
  operationId: 'updateRecurring',
  tag,
  summary: 'Change a recurring expense',
  description: 'What is left out stays. Recorded expenses stay as they are; a new schedule begins after them.',
  access: ruleAccess,
  precondition: true,
  params: schema.recurringParams,
  body: schema.updateRecurring,
  answers: { 200: { description: 'The changed recurring expense.', schema: schema.recurring, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { expense, ...rest } = request.body;
      const change = expense === undefined ? rest : { ...rest, expense: dayless(expense) };
      await changeRule(tx, { ...targetOf(request), change }, (version) => request.checkVersion(version));
      return answer(tx.query, request.params.recurringId, 200);
    }),
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/recurring/:recurringId',
  operationId: 'endRecurring',
  tag,
  summary: 'End a recurring expense',
  description: 'It stays readable as `ended`, and what it has recorded stays.',
  access: ruleAccess,
  precondition: true,
  params: schema.recurringParams,
  answers: { 204: { description: 'It has ended.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await endRule(tx, targetOf(request), (version) => request.checkVersion(version));
      return { status: 204 };
    }),
});

const pause = route({
  service: 'expense',
  method: 'post',
  path: '/v1/recurring/:recurringId/pause',
  operationId: 'pauseRecurring',
  tag,
  summary: 'Pause a recurring expense until it is resumed',
  access: ruleAccess,
  params: schema.recurringParams,
  answers: { 200: { description: 'The paused one.', schema: schema.recurring, headers: ['ETag'] } },
  problems: [409],
  handle: (request) => acted(request, (tx, target) => pauseRule(tx, target)),
});

const resume = route({
  service: 'expense',
  method: 'post',
  path: '/v1/recurring/:recurringId/resume',
  operationId: 'resumeRecurring',
  tag,
  summary: 'Go on with a paused recurring expense',
  access: ruleAccess,
  params: schema.recurringParams,
  body: schema.resumeRecurring,
  answers: { 200: { description: 'The active one; ended where no slot is left.', schema: schema.recurring, headers: ['ETag'] } },
  problems: [409],
  handle: (request) => acted(request, (tx, target) => resumeRule(tx, { ...target, catchUp: request.body.catchUp })),
});

const skip = route({
  service: 'expense',
  method: 'post',
  path: '/v1/recurring/:recurringId/skip',
  operationId: 'skipRecurring',
  tag,
  summary: 'Skip a slot',
  access: ruleAccess,
  params: schema.recurringParams,
  body: schema.skipRecurring,
  answers: { 200: { description: 'With its next slot.', schema: schema.recurring, headers: ['ETag'] } },
  problems: [409],
  handle: (request) => acted(request, (tx, target) => skipSlot(tx, { ...target, date: request.body.date })),
});

const preview = route({
  service: 'expense',
  method: 'get',
  path: '/v1/recurring/:recurringId/preview',
  operationId: 'previewRecurring',
  tag,
  summary: 'Look at the next slots',
  access: ruleAccess,
  params: schema.recurringParams,
  answers: { 200: { description: `The next ${PREVIEW_SLOTS} slots without those that are skipped.`, schema: schema.preview } },
  handle: async (request) => {
    const slots = await previewRule(request.read, request.params.recurringId, PREVIEW_SLOTS);
    return { status: 200, body: { data: slots.map(({ date, at }) => ({ date, at: at.toISOString() })), nextCursor: null } };
  },
});

/** Operations on recurring expenses. */
export const recurringRoutes: readonly AnyRoute[] = [create, list, get, update, remove, pause, resume, skip, preview];

type RuleRequest = RouteRequest<{ recurringId: string }, unknown, unknown, RuleAccess>;

function targetOf(request: RuleRequest): RuleCommand {
  return { ruleId: request.params.recurringId, groupId: request.resource.groupId, userId: request.principal.userId };
}

function acted(request: RuleRequest, act: (tx: Tx, target: RuleCommand) => Promise<void>): Promise<Answer> {
  return request.command(async (tx) => {
    await act(tx, targetOf(request));
    return answer(tx.query, request.params.recurringId, 200);
  });
}

function dayless({ date: _date, ...expense }: RecurringExpense & { readonly date?: string | undefined }): RecurringExpense {
  return expense;
}

async function answer(query: Tx['query'], ruleId: string, status: number): Promise<Answer> {
  const rule = await findRule(query, ruleId);
  if (rule === null) throw new Error(`recurring expense ${ruleId} vanished within its own request`);
  const headers: Record<string, string> = { ETag: etag(rule.version) };
  if (status === 201) headers['Location'] = `/v1/recurring/${ruleId}`;
  return { status, headers, body: present(rule) };
}

function present({ schedule, nextAt, ...rule }: RuleView): Record<string, unknown> {
  return {
    ...rule,
    every: schedule.every,
    start: schedule.start,
    end: schedule.end ?? null,
    nextAt: nextAt === null ? null : nextAt.toISOString(),
    createdAt: toInstant(rule.createdAt),
    updatedAt: toInstant(rule.updatedAt),
    workflowId: workflowId('recurringExpense', rule.id),
  };
}
