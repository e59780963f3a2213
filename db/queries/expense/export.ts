import { PAYMENT_CATEGORY } from '../../../domain/categories.ts';
import type { ExpenseContent } from '../../../domain/expense.ts';
import type { ExportedGroup, ExportedRow } from '../../../domain/export/formats.ts';
import { isPayment } from '../../../domain/import/reading.ts';
import { formatAmount } from '../../../domain/money.ts';
import { EXPENSE_COLUMNS, type ExpenseRow, toExpenseView } from './expenses.ts';
import type { Query } from './groups.ts';

/** Rows of one look: bounds what an export of any size holds in memory. */
const PAGE_ROWS = 1_000;

/** A group as an export begins with it. @throws Error when there is no such group. */
export async function findExportedGroup(query: Query, groupId: string, viewerId: string): Promise<ExportedGroup> {
  const [group] = await query<{ name: string; currency: string; timeZone: string }>(
    'select name, currency, time_zone as "timeZone" from expense."group" where id = $1',
    [groupId],
  );
  if (group === undefined) throw new Error(`group ${groupId} is missing`);
  // Of those who left, and of the accounts of no member, only those whom the ledger names.
  const rows = await query<{ id: string; name: string; weight: string }>(
    `select m.id, m.display_name as name, trim_scale(m.weight)::text as weight from expense.member m
     where m.group_id = $1 and (m.state = 'active' or exists (select 1 from expense.posting_line l where l.group_id = $1 and l.account_id = m.id))
     order by m.created_at, m.id`,
    [groupId],
  );
  const system = await query<{ id: string; name: string; weight: string }>(
    `select s.id, initcap(s.kind) || ' account' as name, '1' as weight from expense.system_account s
     where s.group_id = $1 and exists (select 1 from expense.posting_line l where l.group_id = $1 and l.account_id = s.id) order by s.kind`,
    [groupId],
  );
  // Of archived ones those that the group's expenses name, and their main ones.
  const categories = await query<{ key: string; name: string }>(
    `select c.key, c.name from expense.category c where c.group_id = $1 and (c.archived_at is null
       or c.key in (select unnest(array[e.category, split_part(e.category, '.', 1)]) from expense.expense e where e.group_id = $1 and e.state = 'posted'))
     order by c.key`,
    [groupId],
  );
  return {
    ...group,
    viewerId,
    accounts: labelled([...rows, ...system]),
    categories: new Map(categories.map(({ key, name }) => [key, name])),
  };
}

/** Gives everybody a label of their own: a second Ana is `Ana (2)`. */
function labelled(rows: readonly { id: string; name: string; weight: string }[]): ExportedGroup['accounts'] {
  const taken = new Set<string>();
  const accounts = new Map<string, { label: string; weight: string }>();
  for (const { id, name, weight } of rows) {
    let label = name;
    for (let number = 2; taken.has(label.toLowerCase()); number += 1) label = `${name} (${number})`;
    taken.add(label.toLowerCase());
    accounts.set(id, { label, weight });
  }
  return accounts;
}

interface PostingRow {
  readonly id: string;
  readonly date: string;
  readonly created_at: string;
  readonly kind: string;
  readonly reason: string | null;
  readonly lines: readonly { readonly accountId: string; readonly currency: string; readonly paid: string; readonly owed: string }[];
}

/**
 * Reads what a group's ledger is made of, in the order of days: expenses that stand, and payments, refunds and adjustments
 * that nobody took back. Page by page, so that a slow reader holds no connection.
 */
export async function* exportedRows(query: Query, groupId: string): AsyncGenerator<ExportedRow> {
  // What is recorded while the export runs is not in it.
  const [now] = await query<{ at: string }>('select clock_timestamp()::text as at');
  const until = now?.at ?? '';
  const expenses = pages<ExpenseRow & Place>(query, EXPENSES, groupId, until);
  const postings = pages<PostingRow & Place>(query, POSTINGS, groupId, until);
  let [expense, posting] = [await expenses.next(), await postings.next()];
  for (;;) {
    if (expense.done !== true && (posting.done === true || expense.value.place < posting.value.place)) {
      yield expenseRow(expense.value);
      expense = await expenses.next();
    } else if (posting.done !== true) {
      yield* postingRows(posting.value);
      posting = await postings.next();
    } else return;
  }
}

/** The place of a row as a batch begins after it: day, moment and id. */
export type ExportPlace = readonly [date: string, moment: string, id: string];

/** A batch of what an export writes. */
export interface ExportedBatch {
  readonly rows: readonly ExportedRow[];
  /** Expenses and postings that they are of: a posting in several currencies is several rows. */
  readonly entries: number;
  /** Where the next one begins; null after the last. */
  readonly after: ExportPlace | null;
}

/** The same as {@link exportedRows}, from a place on and for so many expenses and postings: for work that may be interrupted anywhere. */
export async function exportedBatch(
  query: Query,
  groupId: string,
  { until, after, limit }: { readonly until: string; readonly after: ExportPlace | null; readonly limit: number },
): Promise<ExportedBatch> {
  const values = [groupId, until, ...(after ?? [null, null, null])];
  const expenses = await query<ExpenseRow & Place>(EXPENSES, [...values, limit]);
  const postings = await query<PostingRow & Place>(POSTINGS, [...values, limit]);
  const entries = [
    ...expenses.map((row) => ({ row, rows: () => [expenseRow(row)] })),
    ...postings.map((row) => ({ row, rows: () => [...postingRows(row)] })),
  ].toSorted((one, other) => (one.row.place < other.row.place ? -1 : 1));
  const batch = entries.slice(0, limit);
  const last = batch.at(-1);
  return {
    rows: batch.flatMap(({ rows }) => rows()),
    entries: batch.length,
    // Fewer than were asked for of both: there are no more of either.
    after: last === undefined || batch.length < limit ? null : placeOf(last.row),
  };
}

/** Expenses and postings that an export writes. */
export async function countExported(query: Query, groupId: string, until: string): Promise<number> {
  const [row] = await query<{ n: number }>(
    `select ((select count(*) from expense.expense e where ${STANDING_EXPENSE}) + (select count(*) from expense.posting p where ${STANDING_POSTING}))::int as n`,
    [groupId, until],
  );
  return row?.n ?? 0;
}

/**
 * Whether something that stood has another place among the rows since a moment: an expense another day, a payment another posting, as
 * members were merged. What was only edited, deleted or restored is in a file once or not at all, whenever it was read.
 */
export async function placesChanged(query: Query, groupId: string, since: string): Promise<boolean> {
  const [row] = await query<{ changed: boolean }>(
    `select exists (
         select 1 from expense.expense e where ${STANDING_EXPENSE} and e.updated_at > $2::timestamptz
           and exists (select 1 from expense.expense_version v where v.expense_id = e.id and v.content ->> 'date' <> e.date::text))
       or exists (
         select 1 from expense.posting r join expense.posting p on p.id = r.reverses_id
         where r.group_id = $1 and r.created_at > $2::timestamptz and p.kind in ('transfer', 'refund', 'adjustment')) as changed`,
    [groupId, since],
  );
  return row?.changed === true;
}

/** Where a row stands among all rows: day, moment and id, as one text that sorts by code units. */
interface Place {
  readonly place: string;
}

const PLACE = (date: string, created: string, id: string): string =>
  `to_char(${date}, 'YYYY-MM-DD') || ' ' || to_char(${created} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || ' ' || ${id}::text`;

/** Expenses of `$1` that stand, recorded until `$2`. */
const STANDING_EXPENSE = `e.group_id = $1 and e.state = 'posted' and e.created_at <= $2::timestamptz`;
/** What its ledger holds besides. */
const STANDING_POSTING = `p.group_id = $1 and p.kind in ('transfer', 'refund', 'adjustment') and p.created_at <= $2::timestamptz
    and not exists (select 1 from expense.posting r where r.reverses_id = p.id)`;

const EXPENSES = `select ${EXPENSE_COLUMNS}, ${PLACE('e.date', 'e.created_at', 'e.id')} as place from expense.expense e
  where ${STANDING_EXPENSE}
    and ($3::date is null or (e.date, e.created_at, e.id) > ($3::date, $4::timestamptz, $5::uuid))
  order by e.date, e.created_at, e.id limit $6`;

const POSTINGS = `select p.id, p.occurred_on::text as date, p.created_at, p.kind, a.reason, ${PLACE('p.occurred_on', 'p.created_at', 'p.id')} as place,
    (select json_agg(json_build_object('accountId', l.account_id, 'currency', l.currency, 'paid', l.paid::text, 'owed', l.owed::text)
       order by l.currency, l.account_id) from expense.posting_line l where l.posting_id = p.id) as lines
  from expense.posting p left join expense.adjustment a on a.posting_id = p.id
  where ${STANDING_POSTING}
    and ($3::date is null or (p.occurred_on, p.created_at, p.id) > ($3::date, $4::timestamptz, $5::uuid))
  order by p.occurred_on, p.created_at, p.id limit $6`;

async function* pages<Row extends { readonly id: string; readonly date: string; readonly place: string }>(
  query: Query,
  text: string,
  groupId: string,
  until: string,
): AsyncGenerator<Row, undefined> {
  let after: ExportPlace | null = null;
  for (;;) {
    const rows: Row[] = await query<Row>(text, [groupId, until, ...(after ?? [null, null, null]), PAGE_ROWS]);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return undefined;
    after = placeOf(last);
  }
}

/** The place has the moment to the microsecond, which a date of JavaScript has not. */
function placeOf({ date, place, id }: { readonly date: string; readonly place: string; readonly id: string }): ExportPlace {
  return [date, `${place.slice(11, 37)}Z`, id];
}

function expenseRow(row: ExpenseRow): ExportedRow {
  const { content } = toExpenseView(row);
  const type = isPayment(content) ? 'payment' : content.kind;
  return { type, content };
}

/** A posting that is no expense, as an expense in each of its currencies: what an account gains it paid, what it loses it owes. */
function* postingRows(row: PostingRow): Generator<ExportedRow> {
  for (const [currency, lines = []] of Object.entries(Object.groupBy(row.lines, (line) => line.currency))) {
    const parts = lines
      .map(({ accountId, paid, owed }) => ({ memberId: accountId, minor: BigInt(paid) - BigInt(owed) }))
      .filter(({ minor }) => minor !== 0n);
    const side = (sign: bigint): { memberId: string; amount: string }[] =>
      parts.flatMap(({ memberId, minor }) => (minor * sign > 0n ? [{ memberId, amount: formatAmount(minor * sign, currency) }] : []));
    const [payers, owed] = [side(1n), side(-1n)];
    const total = parts.reduce((sum, { minor }) => (minor > 0n ? sum + minor : sum), 0n);
    if (total === 0n) continue;
    const isOneToOne = row.kind !== 'adjustment' && payers.length === 1 && owed.length === 1;
    const content: ExpenseContent = {
      kind: 'expense',
      description: WORDS[row.kind] ?? (row.reason || 'Adjustment'),
      total: { amount: formatAmount(total, currency), currency },
      date: row.date,
      category: isOneToOne ? PAYMENT_CATEGORY : null,
      payers,
      split: { method: 'exact', parts: owed },
      shares: [
        ...payers.map(({ memberId, amount }) => ({ memberId, paid: amount, owed: formatAmount(0n, currency) })),
        ...owed.map(({ memberId, amount }) => ({ memberId, paid: formatAmount(0n, currency), owed: amount })),
      ],
      notes: '',
      tags: [],
      rate: null,
    };
    yield { type: isOneToOne ? 'payment' : 'expense', content };
  }
}

const WORDS: Readonly<Record<string, string>> = { transfer: 'Payment', refund: 'Refund' };
