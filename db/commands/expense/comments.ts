import { LockMode } from '@mikro-orm/postgresql';
import { v7 as uuidv7 } from 'uuid';
import { COMMENTS_MAX, mentionsOf } from '../../../domain/comment.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { roleAtLeast } from '../../../domain/roles.ts';
import { Comment } from '../../entities/expense/comment.ts';
import { brokenUnique } from '../../errors.ts';
import type { ContextMember, GroupContext } from '../../queries/expense/group-context.ts';
import type { Tx } from '../../transact.ts';
import { type ExpenseCommand, holdExpenseFor, refuseClosedGroup } from './held-expense.ts';
import { holdGroup, memberIn } from './record.ts';

/** What somebody says, and whom they name in it. */
export interface CommentText {
  readonly text: string;
  readonly mentions?: readonly string[] | undefined;
}

/**
 * Writes a comment on an expense. Whom it names, and then everybody with a part in the expense, is told of it.
 *
 * @returns its id.
 * @throws RefusalError not_found, forbidden, archived, deleted, unknown_member, member_not_active,
 *   comment_limit_reached, id_taken.
 */
export async function addComment(
  tx: Tx,
  command: ExpenseCommand & { readonly comment: CommentText & { readonly id?: string | undefined } },
): Promise<string> {
  const { context, expense, member } = await holdExpenseFor(tx, command);
  const mentions = named(context, command.comment);
  if (!roleAtLeast(member.role, 'contributor')) throw refusal('forbidden', 'Your role does not allow this.');
  refuseClosedGroup(context);
  if (expense.state === 'deleted') throw refusal('deleted', 'The expense is deleted; restore it first.');
  // The expense's lock lets one write at a time, so the count holds.
  const count = await tx.em.count(Comment, { expenseId: expense.id });
  if (count >= COMMENTS_MAX) throw refusal('comment_limit_reached', `An expense has at most ${COMMENTS_MAX} comments.`);
  const { id = uuidv7(), text } = command.comment;
  const { groupId } = expense;
  tx.em.create(Comment, { id, expenseId: expense.id, groupId, authorMemberId: member.id, text, mentions, createdAt: tx.now });
  try {
    await tx.em.flush();
  } catch (error) {
    if (brokenUnique(error) === 'comment_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  tell(tx, command, { commentId: id, memberIds: mentions });
  return id;
}

/** A comment to change, in a group that takes changes. */
interface CommentCommand {
  readonly commentId: string;
  readonly groupId: string;
  readonly userId: string;
}

/**
 * Changes one's own comment. Only who is named anew is told.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted, unknown_member, member_not_active.
 */
export async function editComment(tx: Tx, command: CommentCommand & { readonly edit: CommentText }): Promise<void> {
  const { context, member, comment } = await holdComment(tx, command);
  const mentions = named(context, command.edit);
  if (comment.authorMemberId !== member.id) throw refusal('forbidden', 'Only who wrote a comment changes it.');
  refuseClosedGroup(context);
  const before = new Set(comment.mentions);
  if (comment.text === command.edit.text && mentions.length === before.size && mentions.every((one) => before.has(one))) return;
  comment.text = command.edit.text;
  comment.mentions = mentions;
  comment.editedAt = tx.now;
  const added = mentions.filter((memberId) => !before.has(memberId));
  if (added.length === 0) return;
  const { expenseId, groupId } = comment;
  tx.emit({
    type: 'expense.mentioned',
    subjectId: expenseId,
    groupId,
    actorId: command.userId,
    data: { commentId: comment.id, memberIds: added },
  });
}

/**
 * Takes a comment away: one's own, or as an admin anybody's. Its text is gone for good.
 *
 * @throws RefusalError not_found, forbidden, archived, deleted.
 */
export async function deleteComment(tx: Tx, command: CommentCommand): Promise<void> {
  const { context, member, comment } = await holdComment(tx, command);
  if (comment.authorMemberId !== member.id && !roleAtLeast(member.role, 'admin'))
    throw refusal('forbidden', 'Only who wrote a comment, or an admin, takes it away.');
  refuseClosedGroup(context);
  comment.text = '';
  comment.mentions = [];
  comment.deletedAt = tx.now;
}

async function holdComment(
  tx: Tx,
  { commentId, groupId, userId }: CommentCommand,
): Promise<{ context: GroupContext; member: ContextMember; comment: Comment }> {
  const context = await holdGroup(tx, groupId);
  const member = memberIn(context, userId);
  const comment = await tx.em.findOne(Comment, { id: commentId, groupId, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (comment === null) throw refusal('not_found', 'There is no such resource, or you may not see it.');
  return { context, member, comment };
}

function named(context: GroupContext, comment: CommentText): string[] {
  return unwrap(mentionsOf(comment, (memberId) => context.members.get(memberId)?.active));
}

function tell(tx: Tx, { expenseId, groupId, userId }: ExpenseCommand, data: { commentId: string; memberIds: string[] }): void {
  tx.emit({ type: 'expense.commented', subjectId: expenseId, groupId, actorId: userId, data });
}
