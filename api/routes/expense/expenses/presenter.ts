import { createHash } from 'node:crypto';
import type { ExpenseView } from '../../../../db/queries/expense/expenses.ts';
import { workflowId } from '../../../../domain/events.ts';
import { toInstant } from '../../../schemas.ts';

/** An expense as the API answers it. */
export function presentExpense(view: ExpenseView): Record<string, unknown> {
  const { content } = view;
  const waits = view.state === 'pending' || view.pendingVersion !== null;
  return {
    id: view.id,
    groupId: view.groupId,
    kind: content.kind,
    state: view.state,
    disputed: view.disputed,
    description: content.description,
    total: content.total,
    date: content.date,
    category: content.category,
    payers: content.payers,
    split: content.split,
    shares: content.shares,
    notes: content.notes,
    tags: content.tags,
    rate: content.rate,
    ...(view.dispute === null ? {} : { dispute: { ...view.dispute, at: toInstant(view.dispute.at) } }),
    approvals: view.approvals.map(({ memberId, decision, at }) => ({ memberId, decision, at: at === null ? null : toInstant(at) })),
    ...(view.pendingVersion === null ? {} : { pendingVersion: view.pendingVersion }),
    createdBy: view.createdBy,
    version: view.version,
    createdAt: toInstant(view.createdAt),
    updatedAt: toInstant(view.updatedAt),
    ...(waits ? { workflowId: workflowId('expenseApproval', view.id) } : {}),
  };
}

/**
 * The ETag of an expense. Votes, a waiting edit and a dispute change what is shown without making a new version, so where
 * there are some, a digest of them stands beside the version.
 */
export function expenseTag(view: ExpenseView): string {
  if (view.approvals.length === 0 && view.pendingVersion === null && view.dispute === null) return `"v${view.version}"`;
  const asked = JSON.stringify([
    view.state,
    view.pendingVersion,
    view.approvals.map(({ memberId, decision }) => [memberId, decision]),
    ...(view.dispute === null ? [] : [view.dispute.at]),
  ]);
  return `"v${view.version}-${createHash('sha256').update(asked).digest('base64url').slice(0, 8)}"`;
}
