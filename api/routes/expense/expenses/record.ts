import { v7 as uuidv7 } from 'uuid';
import { tieBreakOf } from '../../../../config/secrets.ts';
import { roundFor } from '../../../../db/commands/expense/approval-rounds.ts';
import { priceDraft, type PricedDraft, rateToLimit } from '../../../../db/commands/expense/pricing.ts';
import { type NewExpense, recordExpenses, withSplit } from '../../../../db/commands/expense/record.ts';
import type { RecordItem } from '../../../../db/commands/expense/record-statement.ts';
import { recordWriter } from '../../../../db/commands/expense/record-writer.ts';
import { storedEvent } from '../../../../db/outbox.ts';
import { type ContextMember, type GroupContext, groupContexts, memberOfUser } from '../../../../db/queries/expense/group-context.ts';
import { rateReader } from '../../../../db/queries/expense/rate-reader.ts';
import { findExpense, type ExpenseView } from '../../../../db/queries/expense/expenses.ts';
import { takesCategory } from '../../../../domain/categories.ts';
import { draftExpense, type ExpenseDraft } from '../../../../domain/expense.ts';
import { checkPeriod } from '../../../../domain/group.ts';
import { RefusalError } from '../../../../domain/refusal.ts';
import { hasStanding } from '../../../../domain/standing.ts';
import { databaseOf } from '../../../deps.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import type { RouteRequest } from '../../../request.ts';
import type { Access, Answer } from '../../../route.ts';
import { expenseTag, presentExpense } from './presenter.ts';

/** A group to record in, as last seen, and the caller's place in it. */
export interface Recording {
  readonly context: GroupContext;
  readonly member: ContextMember;
}

/**
 * A group in which the caller may record expenses. The one look at the group serves visibility, permission and the
 * rules of the expense; what is remembered from a second ago may only say yes, a "no" looks again.
 */
export function recordingAccess(policy: Policy): Access<Recording> {
  const standing = standingOf(policy);
  const permit = ({ context, member }: Recording): boolean => hasStanding(standing, member.role, undefined, context.policy.whoMayAdd);
  return {
    resource: 'group',
    load: async (deps, principal, params) => {
      const contexts = groupContexts(databaseOf(deps, 'expense'));
      const groupId = params['groupId'] ?? '';
      const found = await contexts.find(groupId);
      const recording = recordingOf(found.context, principal.userId);
      if (found.fresh || (recording !== null && permit(recording))) return recording;
      return recordingOf(await contexts.reload(groupId), principal.userId);
    },
    permit,
  };
}

function recordingOf(context: GroupContext | null, userId: string): Recording | null {
  const member = context === null ? null : memberOfUser(context, userId);
  return context === null || member === null ? null : { context, member };
}

type RecordRequest = RouteRequest<{ groupId: string }, unknown, NewExpense, Recording>;

/**
 * Records one expense: the common case, where it posts at once and nothing stands against it, is written together with
 * those of other requests; everything else goes through the ordinary command, which finds the reason and says it.
 */
export async function recordExpense(request: RecordRequest): Promise<Answer> {
  return (await recordTogether(request)) ?? recordAlone(request);
}

async function recordTogether(request: RecordRequest): Promise<Answer | null> {
  const { context, member } = request.resource;
  const id = request.body.id ?? uuidv7();
  const input = withSplit(request.body, context);
  // What is remembered of the group may be older than its default split or a category; the ordinary command looks again.
  if (input === null || !takesCategory(input.category, context.categories)) return null;
  const draft = draftExpense(input, context.members, tieBreakOf(request.deps.secrets, id));
  if (!draft.ok || context.state !== 'active' || !checkPeriod(context.lockedUntil, [input.date]).ok) return null;
  const priced = await priceTogether(request, draft.value);
  if (priced === null || roundFor(context, priced.draft.content, member.id, priced.limit) !== null) return null;
  const createdAt = new Date();
  const answer = answerOf(viewOf(id, context.groupId, priced.draft, member.id, createdAt), 201);
  const event = storedEvent('expense', {
    type: 'expense.posted',
    subjectId: id,
    groupId: context.groupId,
    actorId: request.principal.userId,
    data: { version: 1 },
  });
  const item: RecordItem = {
    id,
    groupId: context.groupId,
    groupVersion: context.version,
    draft: priced.draft,
    state: 'posted',
    createdBy: member.id,
    createdAt,
    postingId: uuidv7(),
    conversion: priced.conversion,
    events: [event],
    claim:
      request.idempotency === null
        ? null
        : { scope: request.idempotency, headers: JSON.stringify(answer.headers), body: JSON.stringify(answer.body) },
  };
  if ((await recordWriter(request.db).write(item)) === 'lost') return null;
  request.deps.dispatcher.dispatch([event]);
  return answer;
}

/** Freezes the rate by what is remembered of the published ones; null where a rule refuses, which the ordinary command says. */
async function priceTogether(request: RecordRequest, draft: ExpenseDraft): Promise<(PricedDraft & { limit: string | undefined }) | null> {
  const { context } = request.resource;
  const find = rateReader(request.db);
  try {
    const priced = await priceDraft(find, context, draft, request.body.rate);
    return { ...priced, limit: await rateToLimit(find, context, priced.draft.content) };
  } catch (error) {
    if (error instanceof RefusalError) return null;
    throw error;
  }
}

function recordAlone(request: RecordRequest): Promise<Answer> {
  return request.command(async (tx) => {
    const [id = ''] = await recordExpenses(tx, {
      groupId: request.params.groupId,
      userId: request.principal.userId,
      expenses: [request.body],
      tieBreak: (expenseId) => tieBreakOf(request.deps.secrets, expenseId),
    });
    const view = await findExpense(tx.query, id);
    if (view === null) throw new Error(`expense ${id} vanished within its own request`);
    return answerOf(view, view.state === 'pending' ? 202 : 201);
  });
}

function viewOf(id: string, groupId: string, draft: ExpenseDraft, createdBy: string, createdAt: Date): ExpenseView {
  const at = createdAt.toISOString();
  return {
    id,
    groupId,
    state: 'posted',
    disputed: false,
    dispute: null,
    content: draft.content,
    approvals: [],
    pendingVersion: null,
    createdBy,
    version: 1,
    postingId: null,
    createdAt: at,
    updatedAt: at,
  };
}

function answerOf(view: ExpenseView, status: number): Answer {
  return { status, headers: { ETag: expenseTag(view), Location: `/v1/expenses/${view.id}` }, body: presentExpense(view) };
}
