import type { ExportFile } from '../../export-parts.ts';
import { amountSql, moneySql } from '../amount-sql.ts';

/** The members that a user is, of all groups. */
const MINE = `select id from expense.member where user_id = $1`;
const AFTER = `coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid`;

/** Rows with a uuid `id`. */
const byId = (name: string, from: string, condition: string, row: string): ExportFile => ({
  name,
  sql: `select t.id::text as cursor, ${row} as row from ${from} where ${condition} and t.id > ${AFTER} order by t.id limit $3`,
});

/** A receipt that a user gave, the first after another one. `$1`: the user, `$2`: the id after which it comes. */
export const NEXT_RECEIPT = `select t.id, t.content_type as type from expense.receipt t where t.uploaded_by in (${MINE}) and t.id > ${AFTER} order by t.id limit 1`;

/** What the expense service knows of a person: their places in groups, and what they recorded, shared or decided. */
export const EXPENSE_EXPORT: readonly ExportFile[] = [
  byId(
    'memberships.json',
    'expense.member t join expense."group" g on g.id = t.group_id',
    't.user_id = $1',
    `jsonb_build_object('memberId', t.id, 'groupId', g.id, 'groupName', g.name, 'groupCurrency', g.currency, 'groupState', g.state, 'displayName', t.display_name,
      'role', t.role, 'weight', trim_scale(t.weight)::text, 'unitId', t.unit_id, 'state', t.state, 'joinedAt', t.created_at, 'leftAt', t.left_at,
      'balances', (select coalesce(jsonb_agg(jsonb_build_object('currency', b.currency, 'net', ${amountSql('b.net', 'b.currency')},
        'reserved', ${amountSql('b.reserved', 'b.currency')}) order by b.currency), '[]') from expense.balance b where b.group_id = t.group_id and b.account_id = t.id))`,
  ),
  byId(
    'expenses.json',
    `(select distinct e.* from expense.expense e join expense.member m on m.group_id = e.group_id and m.user_id = $1
       where e.created_by = m.id or e.shares @> jsonb_build_array(jsonb_build_object('memberId', m.id::text))) t`,
    'true',
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'kind', t.kind, 'state', t.state, 'disputed', t.disputed, 'description', t.description,
      'total', ${moneySql('t.total_minor', 't.currency')}, 'date', t.date, 'category', t.category, 'payers', t.payers, 'split', t.split, 'shares', t.shares,
      'notes', t.notes, 'tags', to_jsonb(t.tags), 'rate', t.rate, 'byMe', t.created_by in (${MINE}), 'version', t.version, 'createdAt', t.created_at,
      'updatedAt', t.updated_at, 'deletedAt', t.deleted_at)`,
  ),
  {
    name: 'expense-changes.json',
    sql: `select v.expense_id || '/' || v.version as cursor,
        jsonb_build_object('expenseId', v.expense_id, 'version', v.version, 'groupId', v.group_id, 'change', v.change, 'content', v.content, 'at', v.at) as row
      from expense.member m join expense.expense_version v on v.group_id = m.group_id
      where m.user_id = $1 and v.actor_member_id = m.id
        and (v.expense_id, v.version) > (coalesce(nullif(split_part($2, '/', 1), ''), '00000000-0000-0000-0000-000000000000')::uuid,
          coalesce(nullif(split_part($2, '/', 2), ''), '0')::int)
      order by v.expense_id, v.version limit $3`,
  },
  {
    name: 'votes.json',
    sql: `select v.expense_id || '/' || v.version || '/' || v.member_id as cursor,
        jsonb_build_object('expenseId', v.expense_id, 'version', v.version, 'decision', v.decision, 'at', v.at) as row
      from expense.approval_vote v where v.member_id in (${MINE})
        and (v.expense_id || '/' || v.version || '/' || v.member_id) collate "C" > $2
      order by (v.expense_id || '/' || v.version || '/' || v.member_id) collate "C" limit $3`,
  },
  {
    name: 'ledger.json',
    sql: `select l.posting_id || '/' || l.account_id || '/' || l.currency as cursor,
        jsonb_build_object('postingId', l.posting_id, 'kind', p.kind, 'groupId', l.group_id, 'date', p.occurred_on,
          'paid', ${moneySql('l.paid', 'l.currency')}, 'owed', ${moneySql('l.owed', 'l.currency')}) as row
      from expense.member m join expense.posting_line l on l.group_id = m.group_id and l.account_id = m.id join expense.posting p on p.id = l.posting_id
      where m.user_id = $1 and (l.posting_id || '/' || l.account_id || '/' || l.currency) collate "C" > $2
      order by (l.posting_id || '/' || l.account_id || '/' || l.currency) collate "C" limit $3`,
  },
  byId(
    'invitations.json',
    'expense.invitation t',
    `(t.created_by = $1 or lower(normalize(t.email, nfkc)) = (select c.email_key from user_pub.contact_v1 c where c.user_id = $1 and c.email_verified))`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'email', t.email, 'role', t.role, 'byMe', t.created_by = $1, 'createdAt', t.created_at,
      'expiresAt', t.expires_at, 'uses', t.uses, 'revokedAt', t.revoked_at)`,
  ),
  byId(
    'disputes.json',
    'expense.dispute t',
    `t.opened_by in (${MINE})`,
    `jsonb_build_object('id', t.id, 'expenseId', t.expense_id, 'groupId', t.group_id, 'reason', t.reason, 'openedAt', t.opened_at, 'resolvedAt', t.resolved_at)`,
  ),
  byId(
    'comments.json',
    'expense.comment t',
    `t.author_member_id in (${MINE}) and t.text <> ''`,
    `jsonb_build_object('id', t.id, 'expenseId', t.expense_id, 'groupId', t.group_id, 'text', t.text, 'mentions', to_jsonb(t.mentions), 'createdAt', t.created_at,
      'editedAt', t.edited_at)`,
  ),
  byId(
    'receipts.json',
    'expense.receipt t',
    `t.uploaded_by in (${MINE})`,
    `jsonb_build_object('id', t.id, 'expenseId', t.expense_id, 'groupId', t.group_id, 'contentType', t.content_type, 'bytes', t.bytes, 'createdAt', t.created_at)`,
  ),
  byId(
    'recurring.json',
    'expense.recurring_rule t',
    `t.created_by in (${MINE})`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'expense', t.expense, 'every', jsonb_build_object('n', t.every_n, 'unit', t.every_unit), 'start', t.start_on,
      'state', t.state, 'createdAt', t.created_at)`,
  ),
  byId(
    'imports.json',
    'expense.import t',
    't.user_id = $1',
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'format', t.format, 'state', t.state, 'rows', t.rows, 'imported', t.imported, 'members', t.members,
      'problems', t.problems, 'createdAt', t.created_at, 'endedAt', t.ended_at)`,
  ),
  byId(
    'exports.json',
    'expense.group_export t',
    't.user_id = $1',
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'format', t.format, 'receipts', t.receipts, 'state', t.state, 'rows', t.written_rows,
      'files', t.files, 'createdAt', t.created_at, 'endedAt', t.ended_at, 'expiresAt', t.expires_at)`,
  ),
  byId(
    'group-changes.json',
    'expense.change t',
    `t.actor_member_id in (${MINE})`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'subject', t.subject, 'subjectId', t.subject_id, 'change', t.change, 'changes', t.changes, 'at', t.at)`,
  ),
  byId(
    'categories.json',
    'expense.category t',
    `t.created_by in (${MINE})`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'key', t.key, 'name', t.name, 'createdAt', t.created_at)`,
  ),
  byId(
    'adjustments.json',
    'expense.adjustment t',
    `t.created_by in (${MINE})`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'entries', t.entries, 'reason', t.reason, 'createdAt', t.created_at)`,
  ),
];
