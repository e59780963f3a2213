import type { ExpenseInput } from '../../../domain/expense.ts';
import { type MergedPair, mergedInput } from '../../../domain/merge.ts';
import { nextSlots, type RecurrenceUnit, type Schedule } from '../../../domain/recurrence.ts';
import type { Role } from '../../../domain/roles.ts';
import type { PageRequest } from '../../cursor.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read, type Tx } from '../../transact.ts';
import { startOfDay } from '../../zone-day.ts';

/** A rule as every answer shows it. */
export interface RuleView {
  readonly id: string;
  readonly groupId: string;
  readonly expense: Omit<ExpenseInput, 'date'>;
  readonly schedule: Schedule;
  readonly noticeDays: number;
  readonly state: 'active' | 'paused' | 'ended';
  /** Business day of the next slot; null once it has ended. */
  readonly nextOn: string | null;
  /** When that day begins in the group's zone; null while it is not active. */
  readonly nextAt: Date | null;
  /** Expenses recorded so far. */
  readonly recorded: number;
  readonly lastExpenseId: string | null;
  /** Code of the refusal that paused it. */
  readonly problem: string | null;
  readonly createdBy: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** A rule of a group of which the caller is an active member, and their place in it. */
export interface RuleAccess {
  readonly ruleId: string;
  readonly groupId: string;
  readonly role: Role;
  readonly isCreator: boolean;
}

/** A rule as an active member of its group may see it; null where there is none or the user is no member. */
export async function findRuleAccess(db: ServiceDatabase, ruleId: string, userId: string): Promise<RuleAccess | null> {
  const [row] = await read<RuleAccess>(
    db,
    `select r.id as "ruleId", r.group_id as "groupId", m.role, r.created_by = m.member_id as "isCreator" from expense.recurring_rule r
     join expense_pub.membership_v1 m on m.group_id = r.group_id and m.user_id = $2 and m.state = 'active' where r.id = $1`,
    [ruleId, userId],
  );
  return row ?? null;
}

interface Row {
  id: string;
  group_id: string;
  expense: Omit<ExpenseInput, 'date'>;
  every_n: number;
  every_unit: RecurrenceUnit;
  start_on: string;
  end_on: string | null;
  end_count: number | null;
  notice_days: number;
  state: RuleView['state'];
  used: number;
  last_on: string | null;
  next_on: string | null;
  problem: string | null;
  created_by: string;
  version: number;
  created_at: string;
  updated_at: string;
  time_zone: string;
  recorded: number;
  last_expense_id: string | null;
}

const COLUMNS = `r.id, r.group_id, r.expense, r.every_n, r.every_unit, r.start_on::text, r.end_on::text, r.end_count, r.notice_days, r.state, r.used,
  r.last_on::text, r.next_on::text, r.problem, r.created_by, r.version, r.created_at, r.updated_at, g.time_zone,
  (select count(s.expense_id)::int from expense.recurring_slot s where s.rule_id = r.id) as recorded,
  (select s.expense_id from expense.recurring_slot s where s.rule_id = r.id and s.expense_id is not null order by s.on_date desc limit 1) as last_expense_id`;
const SOURCE = 'expense.recurring_rule r join expense."group" g on g.id = r.group_id';

/** Reads a rule. */
export async function findRule(query: Tx['query'], ruleId: string): Promise<RuleView | null> {
  const [row] = await query<Row>(`select ${COLUMNS} from ${SOURCE} where r.id = $1`, [ruleId]);
  return row === undefined ? null : toView(row, await mergesOf(query, row.group_id));
}

/** The rules of a group, also ended ones, the newest first; one more than the page, to tell whether it goes on. */
export async function listRules(query: Tx['query'], groupId: string, page: PageRequest): Promise<RuleView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  const rows = await query<Row>(
    `select ${COLUMNS} from ${SOURCE} where r.group_id = $1 and ($2::timestamptz is null or (r.created_at, r.id) < ($2, $3::uuid))
     order by r.created_at desc, r.id desc limit $4`,
    [groupId, createdAt, id, page.limit + 1],
  );
  const merges = await mergesOf(query, groupId);
  return rows.map((row) => toView(row, merges));
}

/** The next slots of a rule that it will record, with the moments at which they are due. */
export async function previewRule(query: Tx['query'], ruleId: string, limit: number): Promise<{ date: string; at: Date }[]> {
  const [row] = await query<Row>(`select ${COLUMNS} from ${SOURCE} where r.id = $1`, [ruleId]);
  if (row === undefined || row.state === 'ended') return [];
  const skipped = await skippedAhead(query, { id: row.id, lastOn: row.last_on });
  const slots = nextSlots(toView(row, []).schedule, { after: row.last_on, used: row.used, skipped }, limit);
  return slots.map((date) => ({ date, at: startOfDay(date, row.time_zone) }));
}

/** Slots that were skipped before their time: those behind the day up to which all are settled. */
export async function skippedAhead(query: Tx['query'], rule: { id: string; lastOn?: string | null }): Promise<Set<string>> {
  const rows = await query<{ on_date: string }>(
    'select on_date::text as on_date from expense.recurring_slot where rule_id = $1 and ($2::date is null or on_date > $2)',
    [rule.id, rule.lastOn ?? null],
  );
  return new Set(rows.map((row) => row.on_date));
}

/** Merges of a group that stand, in the order in which they happened: who was merged twice is followed to the end. */
export async function mergesOf(query: Tx['query'], groupId: string): Promise<MergedPair[]> {
  return query<{ from: string; into: string }>(
    `select from_member_id as "from", into_member_id as "into" from expense.member_merge where group_id = $1 and undone_at is null order by merged_at, id`,
    [groupId],
  );
}

/** What a rule records among the members who remain. One without a split takes the group's default one, which a merge rewrites itself. */
export function afterMerges(expense: RuleView['expense'], merges: readonly MergedPair[]): RuleView['expense'] {
  return merges.reduce<RuleView['expense']>((current, pair) => mergedInput(current, pair), expense);
}

/** The schedule of a rule's row. */
export function scheduleOf(rule: {
  readonly everyN: number;
  readonly everyUnit: RecurrenceUnit;
  readonly startOn: string;
  readonly endOn?: string | null;
  readonly endCount?: number | null;
}): Schedule {
  const base = { every: { n: rule.everyN, unit: rule.everyUnit }, start: rule.startOn };
  if (rule.endOn != null) return { ...base, end: { date: rule.endOn } };
  return rule.endCount == null ? base : { ...base, end: { count: rule.endCount } };
}

/** The zone in whose calendar a group lives. */
export async function timeZoneOf(query: Tx['query'], groupId: string): Promise<string> {
  const [row] = await query<{ time_zone: string }>('select time_zone from expense."group" where id = $1', [groupId]);
  if (row === undefined) throw new Error(`group ${groupId} vanished`);
  return row.time_zone;
}

function toView(row: Row, merges: readonly MergedPair[]): RuleView {
  const { every_n: everyN, every_unit: everyUnit, start_on: startOn, end_on: endOn, end_count: endCount } = row;
  return {
    id: row.id,
    groupId: row.group_id,
    expense: afterMerges(row.expense, merges),
    schedule: scheduleOf({ everyN, everyUnit, startOn, endOn, endCount }),
    noticeDays: row.notice_days,
    state: row.state,
    nextOn: row.state === 'ended' ? null : row.next_on,
    nextAt: row.state === 'active' && row.next_on !== null ? startOfDay(row.next_on, row.time_zone) : null,
    recorded: row.recorded,
    lastExpenseId: row.last_expense_id,
    problem: row.problem,
    createdBy: row.created_by,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
