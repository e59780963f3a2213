import { v7 as uuidv7 } from 'uuid';
import { takesCategory } from '../../../domain/categories.ts';
import type { ExpenseDraft, ExpenseInput } from '../../../domain/expense.ts';
import { convertLines, type FrozenRate, type RateInput } from '../../../domain/expense-rate.ts';
import { moveGroup } from '../../../domain/group.ts';
import { draftImported } from '../../../domain/import/draft.ts';
import type { ImportedRow } from '../../../domain/import/file.ts';
import { formatAmount, parseAmount } from '../../../domain/money.ts';
import { unwrap } from '../../../domain/refusal.ts';
import { computeShares, splitMembers, type AmountPart, type Split } from '../../../domain/split.ts';
import { type GroupContext } from '../../queries/expense/group-context.ts';
import { type RateReader, rateReaderIn } from '../../queries/expense/rate-reader.ts';
import type { Tx } from '../../transact.ts';
import { categoryKeys } from './categories.ts';
import { contentColumns } from './content-columns.ts';
import { writeConversions } from './conversions.ts';
import { expenseIdOf, type KeyedRow } from './import-keys.ts';
import { type HeldImport, lockImport } from './import-store.ts';
import { balanceFailure } from './ledger.ts';
import { refuseLockedPeriod } from './period-lock.ts';
import { priceDraft, type PricedDraft } from './pricing.ts';
import { holdGroup, type TieBreak } from './record.ts';

/** The keys among some that the group has already. */
export async function knownKeys(query: Tx['query'], groupId: string, keys: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ key: string }>('select key from expense.imported_row where group_id = $1 and key = any($2::uuid[])', [
    groupId,
    keys,
  ]);
  return new Set(rows.map((row) => row.key));
}

/** Rows of one transaction: some 0.2 s, so that others who record in the group and an undo wait no longer. */
export const POST_BATCH_MAX = 500;
/** Posting lines of one transaction, so that rows of large groups make smaller batches. */
const POST_LINES_MAX = 5_000;

/** How far posting has come. */
export interface PostProgress {
  /** `stopped`: somebody asked for the undo, or the import is not posting any more. */
  readonly outcome: 'more' | 'end' | 'stopped';
  readonly nextRow: number;
}

/** Rows that follow each other in a file. */
export interface RowBatch {
  /** The place of the first, counted from 0 over the good rows. */
  readonly from: number;
  /** At most {@link POST_BATCH_MAX}. */
  readonly rows: readonly KeyedRow[];
  /** Good rows of the whole file. */
  readonly total: number;
}

/**
 * Posts the next batch of a file's rows, without asking for approval: what is imported happened elsewhere. Where posting
 * stands is written with the batch, so that each row is posted once whatever happens between batches.
 *
 * @param batch the rows where posting stands. Where it stands elsewhere by now, since another worker goes on with it, nothing
 *   is written and the place is told.
 * @throws RefusalError archived, deleted, period_locked, member_not_active, balance_out_of_range: the import cannot go on.
 */
export async function postNextRows(tx: Tx, importId: string, groupId: string, batch: RowBatch, tieBreak: TieBreak): Promise<PostProgress> {
  const context = await holdGroup(tx, groupId);
  const held = await lockImport(tx, importId);
  if (held.state !== 'running' || held.phase !== 'posting' || held.undoRequested) return { outcome: 'stopped', nextRow: held.nextRow };
  if (held.nextRow !== batch.from) return { outcome: outcomeAt(held.nextRow, batch), nextRow: held.nextRow };
  const known = await knownKeys(
    tx.query,
    groupId,
    batch.rows.map(({ key }) => key),
  );
  const find = rateReaderIn(tx);
  // What was recorded elsewhere may have a category that is archived here.
  const own = { ...context, categories: await categoryKeys(tx.query, groupId) };
  const items: Item[] = [];
  let lines = 0;
  let taken = 0;
  for (const [index, row] of batch.rows.entries()) {
    if (!known.has(row.key) && (held.skipBefore === null || row.input.date >= held.skipBefore)) {
      const item = await itemOf(held, own, row, held.nextRow + index, tieBreak, find);
      lines += item.draft.lines.length;
      if (lines > POST_LINES_MAX && items.length > 0) break;
      items.push(item);
    }
    taken += 1;
  }
  unwrap(moveGroup(context.state, 'change'));
  refuseLockedPeriod(
    context,
    items.map((item) => item.draft.content.date),
  );
  const written = items.length === 0 ? 0 : await write(tx, held, items);
  const nextRow = held.nextRow + taken;
  await tx.query(
    'update expense.import set next_row = $2, imported = imported + $3, skipped = skipped + $4, updated_at = $5 where id = $1',
    [importId, nextRow, written, taken - written, tx.now],
  );
  return { outcome: outcomeAt(nextRow, batch), nextRow };
}

function outcomeAt(nextRow: number, { total }: RowBatch): 'more' | 'end' {
  return nextRow < total ? 'more' : 'end';
}

interface Item extends PricedDraft {
  readonly id: string;
  readonly key: string;
  readonly postingId: string;
}

async function itemOf(
  held: HeldImport,
  context: GroupContext,
  row: KeyedRow,
  index: number,
  tieBreak: TieBreak,
  find: RateReader,
): Promise<Item> {
  const id = expenseIdOf(held, row, index);
  const named = mapRow(row, held.members);
  const { category, tags = [] } = named.input;
  // A group's own category that this group does not have is kept as a word.
  const isTaken = takesCategory(category, context.categories);
  const input: ExpenseInput = isTaken ? named.input : { ...named.input, category: null, tags: withTag(tags, category ?? '') };
  const draft = unwrap(draftImported({ ...named, input }, context.members, tieBreak(id)));
  return { id, key: row.key, postingId: uuidv7(), ...(await priced(find, context, draft, input.rate)) };
}

/** Freezes a row's rate: the file's own, whoever published it, else the published one of its day. */
async function priced(
  find: RateReader,
  context: GroupContext,
  draft: ExpenseDraft,
  given: RateInput | null | undefined,
): Promise<PricedDraft> {
  if (draft.total.currency === context.currency) return { draft, conversion: null };
  if (given?.perGroupCurrency === undefined) return priceDraft(find, context, draft, undefined);
  const total = given.total?.currency === context.currency ? given.total : undefined;
  const rate: FrozenRate = {
    perGroupCurrency: given.perGroupCurrency,
    source: given.source ?? 'imported',
    ...(given.date === undefined ? {} : { date: given.date }),
    ...(total === undefined ? {} : { total }),
  };
  const lines = unwrap(convertLines(draft.lines, rate, context.currency));
  return { draft: { ...draft, content: { ...draft.content, rate } }, conversion: { rate, lines } };
}

/** Most tags of an expense. */
const TAGS_MAX = 20;

function withTag(tags: readonly string[], tag: string): readonly string[] {
  return tags.length < TAGS_MAX && !tags.includes(tag) ? [...tags, tag] : tags;
}

/** A row with members in the place of names. Where two names are one member, their parts are put together. */
export function mapRow(row: ImportedRow, members: Readonly<Record<string, string>>): ImportedRow {
  const idOf = (name: string): string => (Object.hasOwn(members, name) ? members[name] : undefined) ?? name;
  const { input, owed } = row;
  const names = [...new Set([...input.payers.map((payer) => payer.memberId), ...splitMembers(input.split)])];
  const isOneToOne = new Set(names.map(idOf)).size === names.length;
  const payers = merged(input.payers, input.total.currency, idOf);
  if (isOneToOne) {
    const mapped = { ...row, input: { ...input, payers, split: mapSplit(input.split, idOf) } };
    return owed === undefined ? mapped : { ...mapped, owed: owed.map((part) => ({ ...part, memberId: idOf(part.memberId) })) };
  }
  const parts = merged(owed ?? sharesOf(input, names), input.total.currency, idOf);
  const { owed: _owed, ...rest } = row;
  return { ...rest, input: { ...input, payers, split: { method: 'exact', parts } } };
}

function sharesOf(input: ExpenseInput, names: readonly string[]): AmountPart[] {
  const { currency } = input.total;
  const weights = new Map<string, string>(names.map((name) => [name, '1']));
  const totalMinor = unwrap(parseAmount(input.total.amount, currency));
  const shares = unwrap(computeShares({ totalMinor, currency, split: input.split, weights, tieBreak: 0n }));
  return shares.map(({ memberId, minor }) => ({ memberId, amount: formatAmount(minor, currency) }));
}

function merged(parts: readonly AmountPart[], currency: string, idOf: (name: string) => string): AmountPart[] {
  const sums = new Map<string, bigint>();
  for (const { memberId, amount } of parts) {
    const id = idOf(memberId);
    sums.set(id, (sums.get(id) ?? 0n) + unwrap(parseAmount(amount, currency)));
  }
  return [...sums].map(([memberId, minor]) => ({ memberId, amount: formatAmount(minor, currency) }));
}

function mapSplit(split: Split, idOf: (name: string) => string): Split {
  const part = <Part extends { readonly memberId: string }>(one: Part): Part => ({ ...one, memberId: idOf(one.memberId) });
  switch (split.method) {
    case 'equal':
    case 'weights':
      return { ...split, among: split.among.map(idOf) };
    case 'exact':
      return { ...split, parts: split.parts.map(part) };
    case 'percentage':
      return { ...split, parts: split.parts.map(part) };
    case 'shares':
      return { ...split, parts: split.parts.map(part) };
    case 'adjustment':
      return { ...split, among: split.among.map(idOf), parts: split.parts.map(part) };
    case 'itemized':
      return {
        ...split,
        items: split.items.map((item) => ({
          ...item,
          ...(item.among === undefined ? {} : { among: item.among.map(idOf) }),
          ...(item.parts === undefined ? {} : { parts: item.parts.map(part) }),
        })),
      };
  }
}

async function write(tx: Tx, held: HeldImport, items: readonly Item[]): Promise<number> {
  const lines = items.flatMap((item, index) => item.draft.lines.map((line) => ({ ord: index + 1, ...line })));
  try {
    const rows = await tx.query<{ key: string }>(POST_ROWS, [
      held.groupId,
      held.id,
      held.createdBy,
      held.createdAt,
      items.map((item) => item.key),
      items.map((item) => item.id),
      ...contentColumns(items.map((item) => item.draft)),
      lines.map((line) => line.ord),
      lines.map((line) => line.accountId),
      lines.map((line) => line.paid.toString()),
      lines.map((line) => line.owed.toString()),
      items.map((item) => item.postingId),
    ]);
    const written = new Set(rows.map(({ key }) => key));
    const { groupId } = held;
    await writeConversions(
      tx,
      items.flatMap(({ key, postingId, draft: { total }, conversion }) =>
        conversion === null || !written.has(key) ? [] : [{ postingId, groupId, currency: total.currency, ...conversion }],
      ),
    );
    return written.size;
  } catch (error) {
    throw balanceFailure(error);
  }
}

// As in record-statement.ts, without keys and events: one statement claims the rows in sorted order, so that two imports
// of one file never wait for each other in a circle, and writes those that nobody else has claimed.
const POST_ROWS = `
with item as materialized (
  select i.* from unnest($5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::date[], $12::text[],
    $13::jsonb[], $14::jsonb[], $15::jsonb[], $16::text[], $17::jsonb[], $18::jsonb[], $23::uuid[]) with ordinality
    as i (key, id, kind, description, total_minor, currency, date, category, payers, split, shares, notes, tags, rate, posting_id, ord)
), claimed as (
  insert into expense.imported_row (group_id, key, import_id, expense_id) select $1::uuid, key, $2::uuid, id from item order by key
  on conflict (group_id, key) do nothing returning key
), going as materialized (
  select i.* from item i where i.key in (select key from claimed)
), written as (
  insert into expense.expense (id, group_id, kind, state, description, total_minor, currency, date, category, payers, split, shares, notes, tags,
    rate, created_by, posting_id, created_at, updated_at)
  select id, $1::uuid, kind, 'posted', description, total_minor, currency, date, category, payers, split, shares, notes,
    array(select jsonb_array_elements_text(tags)), rate, $3::uuid, posting_id, $4::timestamptz, $4::timestamptz
  from going
), posted as (
  insert into expense.posting (id, group_id, kind, source_id, source_version, occurred_on, created_at)
  select posting_id, $1::uuid, 'expense', id, 1, date, now() from going
), line as materialized (
  select g.posting_id, l.account_id, g.currency, l.paid, l.owed
  from unnest($19::int[], $20::uuid[], $21::bigint[], $22::bigint[]) as l (ord, account_id, paid, owed) join going g on g.ord = l.ord
), lines as (
  insert into expense.posting_line (posting_id, account_id, currency, group_id, paid, owed)
  select posting_id, account_id, currency, $1::uuid, paid, owed from line
), balances as (
  insert into expense.balance as kept (group_id, account_id, currency, net)
  select $1::uuid, account_id, currency, sum(paid - owed)::bigint from line group by 2, 3 order by 2, 3
  on conflict (group_id, account_id, currency) do update set net = kept.net + excluded.net
)
select key from going`;
