import { tieBreakOf } from '../../../../config/secrets.ts';
import { voteOnExpense, withdrawExpense } from '../../../../db/commands/expense/approvals.ts';
import { deleteExpense, editExpense, restoreExpense } from '../../../../db/commands/expense/change-expense.ts';
import { disputeExpense, resolveDispute } from '../../../../db/commands/expense/disputes.ts';
import { moveExpense } from '../../../../db/commands/expense/move-expense.ts';
import { recordExpenses } from '../../../../db/commands/expense/record.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type ExpenseFilter, type ExpenseScope, listExpenses } from '../../../../db/queries/expense/expense-list.ts';
import { type ExpenseView, findExpense, findExpenses, findVersions } from '../../../../db/queries/expense/expenses.ts';
import { changedFields } from '../../../../domain/expense.ts';
import type { Tx } from '../../../../db/transact.ts';
import { groupAccess } from '../../../access.ts';
import { Problem } from '../../../problems.ts';
import type { RouteRequest } from '../../../request.ts';
import { type AnyRoute, type Answer, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import { checkCurrency } from '../balances/planning.ts';
import { expenseAccess, type ExpenseMembership } from './access.ts';
import { expenseTag, presentExpense } from './presenter.ts';
import { recordExpense, recordingAccess } from './record.ts';
import * as schema from './schema.ts';

const tag = 'expenses';
const BULK_LIMIT_BYTES = 2 * 1_048_576;
const changed = { description: 'The expense as it is now.', schema: schema.expense, headers: ['ETag'] };

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/expenses',
  operationId: 'createExpense',
  tag,
  summary: 'Record an expense or an income',
  description:
    "It is posted to the ledger at once (201), or waits for approval where the group's policy asks for it (202), followed by an `expenseApproval` workflow. Currencies that were withdrawn since 2011 are taken on any day: groups have debts in them, and cash was changed for longer.",
  access: recordingAccess,
  params: schema.groupParams,
  body: schema.createExpense,
  answers: {
    201: { description: 'Posted.', schema: schema.expense, headers: ['ETag', 'Location'] },
    202: { description: 'Waits for approval.', schema: schema.expense, headers: ['ETag', 'Location'] },
  },
  problems: [409],
  handle: recordExpense,
});

const createMany = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/expenses/bulk',
  operationId: 'createExpenses',
  tag,
  summary: 'Record many expenses at once',
  description: 'Up to 500, all or nothing. A refusal points to the one at fault, such as `/expenses/3/split/parts`.',
  access: recordingAccess,
  bodyLimitBytes: BULK_LIMIT_BYTES,
  params: schema.groupParams,
  body: schema.createExpenses,
  answers: { 201: { description: 'All of them, in the order given; each says whether it is posted or waits.', schema: schema.bulkAnswer } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const ids = await recordExpenses(
        tx,
        {
          groupId: request.params.groupId,
          userId: request.principal.userId,
          expenses: request.body.expenses,
          tieBreak: (id) => tieBreakOf(request.deps.secrets, id),
        },
        (index) => `/expenses/${index}`,
      );
      const views = await findExpenses(tx.query, ids);
      return { status: 201, body: { data: views.map(presentExpense) } };
    }),
});

const listInGroup = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/expenses',
  operationId: 'listGroupExpenses',
  tag,
  summary: 'List the expenses of a group',
  access: groupAccess,
  params: schema.groupParams,
  query: schema.expenseList,
  answers: { 200: { description: 'Expenses that fit; deleted ones only when asked for.', schema: listOf(schema.expense) } },
  problems: [422],
  handle: (request) => answerList(request, { groupId: request.params.groupId }),
});

const listMine = route({
  service: 'expense',
  method: 'get',
  path: '/v1/expenses',
  operationId: 'listExpenses',
  tag,
  summary: 'List the expenses of all my groups',
  query: schema.expenseList,
  answers: { 200: { description: 'Expenses that fit; deleted ones only when asked for.', schema: listOf(schema.expense) } },
  problems: [422],
  handle: (request) => answerList(request, { userId: request.principal.userId }),
});

const get = route({
  service: 'expense',
  method: 'get',
  path: '/v1/expenses/:expenseId',
  operationId: 'getExpense',
  tag,
  summary: 'Read an expense',
  access: expenseAccess,
  params: schema.expenseParams,
  answers: { 200: { description: 'The expense.', schema: schema.expense, headers: ['ETag'] } },
  handle: (request) => answerExpense(request.read, request.params.expenseId, 200),
});

const update = route({
  service: 'expense',
  method: 'patch',
  path: '/v1/expenses/:expenseId',
  operationId: 'updateExpense',
  tag,
  summary: 'Edit an expense',
  description:
    'What is left out stays; where one member paid it all, `payers` follows a new `total`. Under a policy that asks for approval the old version stands until the new one is approved (202); an edit of one that still waits asks all voters anew.',
  access: expenseAccess,
  precondition: true,
  params: schema.expenseParams,
  body: schema.updateExpense,
  answers: { 200: changed, 202: { ...changed, description: 'The edit waits for approval.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const command = { ...targetOf(request), edit: request.body, tieBreak: tieBreakOf(request.deps.secrets, request.params.expenseId) };
      const { pending } = await editExpense(tx, command, (expense) => checkTag(request, expense));
      return answerExpense(tx.query, request.params.expenseId, pending ? 202 : 200);
    }),
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/expenses/:expenseId',
  operationId: 'deleteExpense',
  tag,
  summary: 'Delete an expense',
  description:
    'Its posting is reversed. It stays readable and can be restored. Nobody is asked, whatever the policy: everybody sees it, and a restored one meets the policy again. 409 `member_left` where it would change the balance of somebody who has left.',
  access: expenseAccess,
  precondition: true,
  params: schema.expenseParams,
  answers: { 204: { description: 'The expense is deleted.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await deleteExpense(tx, targetOf(request), (expense) => checkTag(request, expense));
      return { status: 204 };
    }),
});

const restore = action('restore', 'restoreExpense', 'Restore a deleted expense', (tx, target) => restoreExpense(tx, target));
const approve = vote('approve', 'approveExpense', 'Approve what waits', 'approved');
const reject = vote('reject', 'rejectExpense', 'Reject what waits', 'rejected');
const withdraw = action('withdraw', 'withdrawExpense', 'Take back what waits for approval', (tx, target) => withdrawExpense(tx, target));

const dispute = route({
  service: 'expense',
  method: 'post',
  path: '/v1/expenses/:expenseId/dispute',
  operationId: 'disputeExpense',
  tag,
  summary: 'Object to a posted expense',
  description: 'A flag with a reason that every member sees. No balance moves; whoever agrees edits or deletes the expense.',
  access: expenseAccess,
  params: schema.expenseParams,
  body: schema.dispute,
  answers: { 200: changed },
  problems: [403, 409],
  handle: (request) =>
    request.command(async (tx) => {
      await disputeExpense(tx, { ...targetOf(request), reason: request.body.reason });
      return answerExpense(tx.query, request.params.expenseId, 200);
    }),
});
const resolve = action('resolve', 'resolveDispute', 'End the dispute about an expense', (tx, target) => resolveDispute(tx, target));

const duplicate = route({
  service: 'expense',
  method: 'post',
  path: '/v1/expenses/:expenseId/duplicate',
  operationId: 'duplicateExpense',
  tag,
  summary: 'Record an expense once more',
  description:
    "A new expense like this one, under the group's policy as it is now. Receipts, comments and a typed rate of another day stay with the old one.",
  access: expenseAccess,
  params: schema.expenseParams,
  body: schema.duplicateExpense,
  answers: {
    201: { description: 'Posted.', schema: schema.expense, headers: ['ETag', 'Location'] },
    202: { description: 'Waits for approval.', schema: schema.expense, headers: ['ETag', 'Location'] },
  },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const original = await findExpense(tx.query, request.params.expenseId);
      if (original === null) throw new Error('an expense vanished within a request');
      if (original.state === 'deleted') throw new Problem('deleted', 'The expense is deleted; restore it first.');
      const { rate, ...content } = original.content;
      const { id: asked, ...own } = request.body;
      const date = own.date ?? content.date;
      const [id = ''] = await recordExpenses(tx, {
        groupId: original.groupId,
        userId: request.principal.userId,
        expenses: [{ ...content, ...definedOf(own), id: asked, date, rate: date === content.date ? rate : null }],
        tieBreak: (expenseId) => tieBreakOf(request.deps.secrets, expenseId),
      });
      const view = await findExpense(tx.query, id);
      const answer = await answerExpense(tx.query, id, view?.state === 'pending' ? 202 : 201);
      return { ...answer, headers: { ...answer.headers, Location: `/v1/expenses/${id}` } };
    }),
});

const move = route({
  service: 'expense',
  method: 'post',
  path: '/v1/expenses/:expenseId/move',
  operationId: 'moveExpense',
  tag,
  summary: 'Move an expense to another group of mine',
  description:
    'Its posting is reversed here and made there, under the policy there (202 where it waits). Nobody’s share changes. Receipts go along; its history and its comments stay with this group, and are shown again when it comes back.',
  access: expenseAccess,
  params: schema.expenseParams,
  body: schema.moveExpense,
  answers: { 200: changed, 202: { ...changed, description: 'It waits for approval in the other group.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const { pending } = await moveExpense(tx, { ...targetOf(request), to: request.body });
      return answerExpense(tx.query, request.params.expenseId, pending ? 202 : 200);
    }),
});

const history = route({
  service: 'expense',
  method: 'get',
  path: '/v1/expenses/:expenseId/history',
  operationId: 'getExpenseHistory',
  tag,
  summary: 'Read how an expense came to be what it is',
  description:
    'Every version, the first one first: who made it, when, and what it changed field by field. Proposed edits are among them, with their outcome. Of one that came from another group, only what it became here.',
  access: expenseAccess,
  params: schema.expenseParams,
  query: listQuery,
  answers: { 200: { description: 'The versions.', schema: schema.history } },
  handle: async (request) => {
    const expense = await findExpense(request.read, request.params.expenseId);
    if (expense === null) throw new Error('an expense vanished within a request');
    const versions = await findVersions(request.read, expense);
    // A version changes the one that stood when it was made: proposals that were never approved are passed over.
    let stood = versions[0];
    const data = versions.map((version) => {
      const changes = stood === undefined || stood === version ? [] : changedFields(stood.content, version.content);
      if (version.outcome === null || version.outcome === 'approved') stood = version;
      const { version: number, change, by, at, outcome } = version;
      return { version: number, change, by, at: toInstant(at), outcome, changes };
    });
    const page = request.page(`history/${expense.id}`);
    const after = Number(page.after?.[0] ?? 0);
    const rest = data.filter((one) => one.version > after);
    return {
      status: 200,
      body: toPage(
        rest,
        page,
        page.cursor,
        (one) => [String(one.version)],
        (one) => one,
      ),
    };
  },
});

/** Operations on expenses. */
export const expenseRoutes: readonly AnyRoute[] = [
  create,
  createMany,
  listInGroup,
  listMine,
  get,
  update,
  remove,
  restore,
  approve,
  reject,
  withdraw,
  dispute,
  resolve,
  duplicate,
  move,
  history,
];

/** What was given of a body. */
function definedOf<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

interface Target {
  readonly expenseId: string;
  readonly groupId: string;
  readonly userId: string;
}

type ExpenseRequest = RouteRequest<{ expenseId: string }, unknown, unknown, ExpenseMembership>;

function action(verb: string, operationId: string, summary: string, act: (tx: Tx, target: Target) => Promise<void>): AnyRoute {
  return route({
    service: 'expense',
    method: 'post',
    path: `/v1/expenses/:expenseId/${verb}`,
    operationId,
    tag,
    summary,
    access: expenseAccess,
    params: schema.expenseParams,
    answers: { 200: changed },
    problems: [403, 409],
    handle: (request) =>
      request.command(async (tx) => {
        await act(tx, targetOf(request));
        return answerExpense(tx.query, request.params.expenseId, 200);
      }),
  });
}

function vote(verb: string, operationId: string, summary: string, decision: 'approved' | 'rejected'): AnyRoute {
  return route({
    service: 'expense',
    method: 'post',
    path: `/v1/expenses/:expenseId/${verb}`,
    operationId,
    tag,
    summary,
    description:
      'One vote of each voter on each version; the deciding one posts the expense or ends the asking. With `version` it counts only for what you have read: where something else waits by now, the answer is 412 and nothing is written. Without, it is about what waits when it comes.',
    access: expenseAccess,
    params: schema.expenseParams,
    body: schema.vote,
    answers: { 200: changed },
    problems: [403, 409, 412],
    handle: (request) =>
      request.command(async (tx) => {
        await voteOnExpense(tx, { ...targetOf(request), decision, version: request.body.version });
        return answerExpense(tx.query, request.params.expenseId, 200);
      }),
  });
}

function targetOf(request: ExpenseRequest): Target {
  return { expenseId: request.params.expenseId, groupId: request.resource.groupId, userId: request.principal.userId };
}

async function answerExpense(query: Tx['query'], expenseId: string, status: number): Promise<Answer> {
  const view = await findExpense(query, expenseId);
  if (view === null) throw new Error(`expense ${expenseId} vanished within its own request`);
  return { status, headers: { ETag: expenseTag(view) }, body: presentExpense(view) };
}

function checkTag(request: ExpenseRequest, expense: ExpenseView): void {
  const given = request.headers['if-match'];
  if (given === undefined || given.trim() === '*') return;
  const tags = given.split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (!tags.includes(expenseTag(expense))) {
    throw new Problem('version_mismatch', `The expense is at ${expenseTag(expense)} now; read it again and decide anew.`);
  }
}

type ListQuery = ExpenseFilter & { readonly limit?: number | undefined; readonly cursor?: string | undefined };

async function answerList(request: RouteRequest<unknown, ListQuery, unknown, unknown>, scope: ExpenseScope): Promise<Answer> {
  const { limit: _limit, cursor: _cursor, ...filter } = request.query;
  if (filter.currency !== undefined) checkCurrency(filter.currency, '/query/currency');
  const page = request.page(
    `expenses/${JSON.stringify([scope, Object.entries(filter).toSorted(([one], [other]) => (one < other ? -1 : 1))])}`,
  );
  const rows = await listExpenses(request.read, scope, filter, page);
  return {
    status: 200,
    body: toPage(
      rows,
      page,
      page.cursor,
      (row) => row.sortKey,
      (row) => presentExpense(row.view),
    ),
  };
}
