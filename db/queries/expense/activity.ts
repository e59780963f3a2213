import { changedFields, type ExpenseContent } from '../../../domain/expense.ts';
import type { FieldChange } from '../../../domain/field-changes.ts';
import { formatAmount, type MoneyWire } from '../../../domain/money.ts';
import type { PageRequest } from '../../cursor.ts';
import type { Query } from './groups.ts';

/** What an activity can be about. */
export const ACTIVITY_SUBJECTS = [
  'expense',
  'comment',
  'group',
  'policy',
  'member',
  'invitation',
  'category',
  'adjustment',
  'import',
  'settlement',
  'payment',
  'refund',
] as const;

/** A word of {@link ACTIVITY_SUBJECTS}. */
export type ActivitySubject = (typeof ACTIVITY_SUBJECTS)[number];

/** One thing that happened in a group. */
export interface ActivityView {
  /** Tells it from every other one, and its place among those of the same moment. */
  readonly id: string;
  readonly type: string;
  readonly subject: ActivitySubject;
  readonly subjectId: string;
  /** The expense that it is about, where it is about one. */
  readonly expenseId: string | null;
  /** What the expense is called now, or the reason of an adjustment. */
  readonly title: string | null;
  readonly version: number | null;
  /** How the asking about that version of an expense ended, or has come to; null when nobody was asked. */
  readonly outcome: string | null;
  readonly money: MoneyWire | null;
  /** Members between whom money moved. */
  readonly from: string | null;
  readonly to: string | null;
  /** Member id; null for the clock and for operators. */
  readonly by: string | null;
  readonly at: string;
  readonly changes: readonly FieldChange[];
}

/**
 * What happened in a group, the newest first; one more than the page, to tell whether it goes on. Rows are appended and
 * never move, so pages stay stable while more happens.
 *
 * @param subject narrows it to one kind of thing.
 * @param page after the `at` and `id` of the last one seen.
 */
export async function listActivity(
  query: Query,
  groupId: string,
  subject: ActivitySubject | undefined,
  page: PageRequest,
): Promise<ActivityView[]> {
  const [at = null, id = null] = page.after ?? [];
  const arms = ARMS.filter((arm) => subject === undefined || arm.subjects.includes(subject));
  const rows = await query<Row>(
    `select a.*, b.content as base from (
       select * from (${arms.map((arm) => `(${armSql(arm)})`).join(' union all ')}) arms
       where ($5::text is null or subject = $5) order by at desc, id desc limit $4) a
     left join lateral (
       select v.content from expense.expense_version v
       left join expense.approval_round r on r.expense_id = v.expense_id and r.version = v.version
       where a.content is not null and v.expense_id = a.subject_id and v.group_id = $1 and v.version < a.version and (r.outcome is null or r.outcome = 'approved')
       order by v.version desc limit 1) b on true
     order by a.at desc, a.id desc`,
    [groupId, at, id, page.limit + 1, subject ?? null],
  );
  return rows.map(toView);
}

interface Arm {
  readonly subjects: readonly ActivitySubject[];
  /** Column by which the arm's rows are ordered; its table has an index on the group and this. */
  readonly at: string;
  /** Text that tells the row from all others. */
  readonly id: string;
  readonly columns: Partial<Record<keyof typeof COLUMN_TYPES, string>>;
  readonly from: string;
}

const COLUMN_TYPES = {
  type: 'text',
  subject: 'text',
  subject_id: 'uuid',
  expense_id: 'uuid',
  title: 'text',
  version: 'int',
  outcome: 'text',
  minor: 'bigint',
  currency: 'text',
  from_member: 'uuid',
  to_member: 'uuid',
  by: 'uuid',
  changes: 'jsonb',
  content: 'jsonb',
} as const;

/** The member that an account is in the group. */
const memberOf = (column: string): string => `(select m.id from expense.member m where m.group_id = $1 and m.user_id = ${column})`;

const EXPENSE = {
  subject: `'expense'`,
  subject_id: 'e.id',
  expense_id: 'e.id',
  title: `case when e.group_id = $1 then e.description end`,
  minor: `case when e.group_id = $1 then e.total_minor end`,
  currency: `case when e.group_id = $1 then e.currency end`,
};

const ARMS: readonly Arm[] = [
  {
    subjects: ['expense'],
    at: 'e.created_at',
    id: `'created/' || e.id`,
    columns: { ...EXPENSE, type: `'expense.created'`, version: '1', outcome: 'r.outcome', by: 'e.created_by' },
    // Of what was moved, versions tell where it was created.
    from: `expense.expense e left join expense.approval_round r on r.expense_id = e.id and r.version = 1
      where e.group_id = $1 and not exists (select 1 from expense.expense_version v where v.expense_id = e.id and v.group_id <> $1)`,
  },
  {
    subjects: ['expense'],
    at: 'v.at',
    id: `'version/' || v.expense_id || '/' || v.version`,
    columns: {
      ...EXPENSE,
      // Those of another group see of an expense that was moved away only what it was here.
      title: `case when e.group_id = $1 then e.description else v.content ->> 'description' end`,
      minor: 'null',
      currency: 'null',
      type: `'expense.' || v.change`,
      version: 'v.version',
      outcome: 'r.outcome',
      by: 'v.actor_member_id',
      content: 'v.content',
    },
    from: `expense.expense_version v join expense.expense e on e.id = v.expense_id
      left join expense.approval_round r on r.expense_id = v.expense_id and r.version = v.version
      where v.group_id = $1 and (v.change <> 'created'
        or exists (select 1 from expense.expense_version o where o.expense_id = v.expense_id and o.group_id <> $1))`,
  },
  {
    subjects: ['expense'],
    at: 'r.closed_at',
    id: `'round/' || r.expense_id || '/' || r.version`,
    columns: {
      ...EXPENSE,
      type: `'expense.' || r.outcome`,
      version: 'r.version',
      outcome: 'r.outcome',
      by: `case when r.outcome in ('approved', 'rejected') then (select v.member_id from expense.approval_vote v
        where v.expense_id = r.expense_id and v.version = r.version order by v.at desc, v.member_id limit 1) end`,
    },
    from: `expense.approval_round r join expense.expense e on e.id = r.expense_id
      where r.group_id = $1 and r.outcome in ('approved', 'rejected', 'expired', 'withdrawn')`,
  },
  {
    subjects: ['group', 'policy', 'member', 'invitation', 'category', 'import', 'expense'],
    at: 'c.at',
    id: `'change/' || c.id`,
    columns: {
      type: `c.subject || '.' || c.change`,
      subject: 'c.subject',
      subject_id: 'c.subject_id',
      expense_id: `case when c.subject = 'expense' then c.subject_id end`,
      title: `case when c.subject = 'expense' then (select e.description from expense.expense e where e.id = c.subject_id and e.group_id = $1) end`,
      by: 'c.actor_member_id',
      changes: 'c.changes',
    },
    from: `expense.change c where c.group_id = $1`,
  },
  {
    subjects: ['expense'],
    at: 'd.opened_at',
    id: `'dispute/' || d.id`,
    columns: { ...EXPENSE, type: `'expense.disputed'`, version: 'd.version', by: 'd.opened_by' },
    from: `expense.dispute d join expense.expense e on e.id = d.expense_id where d.group_id = $1`,
  },
  {
    subjects: ['expense'],
    at: 'd.resolved_at',
    id: `'dispute-end/' || d.id`,
    columns: { ...EXPENSE, type: `'expense.dispute_resolved'`, version: 'd.version', by: 'd.resolved_by' },
    from: `expense.dispute d join expense.expense e on e.id = d.expense_id where d.group_id = $1 and d.resolved_at is not null`,
  },
  {
    subjects: ['comment'],
    at: 'k.created_at',
    id: `'comment/' || k.id`,
    columns: {
      type: `'comment.posted'`,
      subject: `'comment'`,
      subject_id: 'k.id',
      expense_id: 'k.expense_id',
      title: `case when e.group_id = $1 then e.description end`,
      by: 'k.author_member_id',
    },
    from: `expense.comment k join expense.expense e on e.id = k.expense_id where k.group_id = $1 and k.deleted_at is null`,
  },
  {
    subjects: ['adjustment'],
    at: 'j.created_at',
    id: `'adjustment/' || j.id`,
    columns: { type: `'adjustment.posted'`, subject: `'adjustment'`, subject_id: 'j.id', title: 'j.reason', by: 'j.created_by' },
    from: `expense.adjustment j where j.group_id = $1`,
  },
  {
    subjects: ['settlement'],
    at: 's.created_at',
    id: `'settlement/' || s.id`,
    columns: { type: `'settlement.opened'`, subject: `'settlement'`, subject_id: 's.id', by: memberOf('s.created_by') },
    from: `payment_pub.settlement_v1 s where s.group_id = $1`,
  },
  {
    subjects: ['settlement'],
    at: 's.ended_at',
    id: `'settlement-end/' || s.id`,
    columns: { type: `'settlement.' || s.state`, subject: `'settlement'`, subject_id: 's.id' },
    from: `payment_pub.settlement_v1 s where s.group_id = $1 and s.ended_at is not null`,
  },
  {
    subjects: ['payment'],
    at: 'p.created_at',
    id: `'payment/' || p.id`,
    columns: {
      type: `'payment.succeeded'`,
      subject: `'payment'`,
      subject_id: 'p.id',
      minor: 'p.amount_minor',
      currency: 'p.currency',
      from_member: 'p.from_member_id',
      to_member: 'p.to_member_id',
      by: 'p.from_member_id',
    },
    from: `payment_pub.payment_v1 p where p.group_id = $1`,
  },
  {
    subjects: ['refund'],
    at: 'f.created_at',
    id: `'refund/' || f.id`,
    columns: {
      type: `'refund.requested'`,
      subject: `'refund'`,
      subject_id: 'f.id',
      minor: 'f.amount_minor',
      currency: 'f.currency',
      from_member: 'p.to_member_id',
      to_member: 'p.from_member_id',
      by: memberOf('f.requested_by'),
    },
    from: `payment_pub.refund_v1 f join payment_pub.payment_v1 p on p.id = f.payment_id where f.group_id = $1`,
  },
  {
    subjects: ['refund'],
    at: 'f.ended_at',
    id: `'refund-end/' || f.id`,
    columns: {
      type: `'refund.' || f.state`,
      subject: `'refund'`,
      subject_id: 'f.id',
      minor: 'f.amount_minor',
      currency: 'f.currency',
      from_member: 'p.to_member_id',
      to_member: 'p.from_member_id',
    },
    from: `payment_pub.refund_v1 f join payment_pub.payment_v1 p on p.id = f.payment_id where f.group_id = $1 and f.ended_at is not null`,
  },
];

/** An arm reads a page's worth of its own rows, newest first, so that a page costs the same in a group of any age. */
function armSql({ at, id, columns, from }: Arm): string {
  const selected = Object.entries(COLUMN_TYPES).map(
    ([name, type]) => `(${columns[name as keyof typeof COLUMN_TYPES] ?? 'null'})::${type} as "${name}"`,
  );
  return `select ${at} as at, (${id}) collate "C" as id, ${selected.join(', ')} from ${from}
    and ($2::timestamptz is null or ${at} <= $2 and (${at}, (${id}) collate "C") < ($2, $3::text)) order by 1 desc, 2 desc limit $4`;
}

interface Row {
  readonly id: string;
  readonly type: string;
  readonly subject: ActivitySubject;
  readonly subject_id: string;
  readonly expense_id: string | null;
  readonly title: string | null;
  readonly version: number | null;
  readonly outcome: string | null;
  readonly minor: string | null;
  readonly currency: string | null;
  readonly from_member: string | null;
  readonly to_member: string | null;
  readonly by: string | null;
  readonly at: string;
  readonly changes: readonly FieldChange[] | null;
  readonly content: ExpenseContent | null;
  readonly base: ExpenseContent | null;
}

function toView(row: Row): ActivityView {
  const money =
    row.minor !== null && row.currency !== null
      ? { amount: formatAmount(BigInt(row.minor), row.currency), currency: row.currency }
      : (row.content?.total ?? null);
  return {
    id: row.id,
    type: row.type,
    subject: row.subject,
    subjectId: row.subject_id,
    expenseId: row.expense_id,
    title: row.title,
    version: row.version,
    outcome: row.outcome,
    money,
    from: row.from_member,
    to: row.to_member,
    by: row.by,
    at: row.at,
    changes: row.changes ?? (row.content === null || row.base === null ? [] : changedFields(row.base, row.content)),
  };
}
