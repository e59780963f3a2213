import { contentColumns } from './content-columns.ts';
import type { PricedDraft } from './pricing.ts';
import type { ExpenseDraft } from '../../../domain/expense.ts';
import { outboxColumns, type StoredEvent } from '../../outbox.ts';
import type { IdempotencyScope } from '../../idempotency.ts';
import { DISPATCH_GRACE_MS } from '../../outbox.ts';

/** One new expense, ready to be written. */
export interface RecordItem {
  readonly id: string;
  readonly groupId: string;
  /** The version of the group that the draft was made from; at any other one the item is not written. */
  readonly groupVersion: number;
  readonly draft: ExpenseDraft;
  readonly state: 'posted' | 'pending';
  /** Member id of whoever records it. */
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Null for one that waits for approval. */
  readonly postingId: string | null;
  /** What the posting counts for in the group's currency; null where it is in that, has no rate, or waits. */
  readonly conversion: PricedDraft['conversion'];
  /** Events to write with it. */
  readonly events: readonly StoredEvent[];
  /** The Idempotency-Key to claim with it, and the answer to keep under it. */
  readonly claim: { readonly scope: IdempotencyScope; readonly headers: string; readonly body: string } | null;
}

/**
 * Writes any number of expenses, each with its own outcome, in one statement and so in one transaction.
 *
 * In this order, each step on what the one before left over: take the rows of the groups FOR KEY SHARE (in order of
 * their ids, passing over groups that somebody is changing right now, so that nobody waits for a stranger), keep the
 * items whose group is still at the version that was read, claim the keys in sorted order, write expenses, postings,
 * lines, outbox rows, and the balances summed up and in sorted order, so that two such statements never wait for each
 * other in a circle. Answers the ordinals (from 1) of the items that were written; the others left no trace.
 *
 * Under READ COMMITTED a locking select gives the newest committed row, not that of the statement's snapshot, so the
 * version compared is the one that the lock holds; whoever changes the group or its members takes the row FOR UPDATE,
 * which waits for this statement's end.
 */
const statement = (more: string): string => `
with item as materialized (
  select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::date[], $10::text[],
    $11::jsonb[], $12::jsonb[], $13::jsonb[], $14::text[], $15::jsonb[], $16::jsonb[], $17::uuid[], $18::timestamptz[], $19::uuid[],
    $20::uuid[], $21::text[], $22::text[], $23::text[], $24::text[], $25::jsonb[], $26::jsonb[])
    with ordinality as i (id, group_id, group_version, state, kind, description, total_minor, currency, date, category,
      payers, split, shares, notes, tags, rate, created_by, created_at, posting_id,
      key_user, key, key_method, key_path, key_hash, answer_headers, answer_body, ord)
), locked as materialized (
  select g.id, g.version, g.state from expense."group" g where g.id = any($2::uuid[]) order by g.id for key share skip locked
), fresh as materialized (
  select i.* from item i join locked l on l.id = i.group_id and l.version = i.group_version and l.state = 'active'
  where not exists (select 1 from expense.expense e where e.id = i.id)
), claimed as (
  insert into expense.idempotency (user_id, key, method, path, request_hash, status, headers, body)
  select key_user, key, key_method, key_path, key_hash, 201, answer_headers, answer_body from fresh where key is not null
  order by key_user, key, key_method, key_path
  on conflict do nothing returning user_id, key, method, path
), going as materialized (
  select f.* from fresh f
  where f.key is null or (f.key_user, f.key, f.key_method, f.key_path) in (select user_id, key, method, path from claimed)
), written as (
  insert into expense.expense (id, group_id, kind, state, description, total_minor, currency, date, category, payers, split, shares, notes, tags,
    rate, created_by, posting_id, created_at, updated_at)
  select id, group_id, kind, state, description, total_minor, currency, date, category, payers, split, shares, notes,
    array(select jsonb_array_elements_text(tags)), rate, created_by, posting_id, created_at, created_at
  from going
), posted as (
  insert into expense.posting (id, group_id, kind, source_id, source_version, occurred_on, created_at)
  select posting_id, group_id, 'expense', id, 1, date, created_at from going where posting_id is not null
), line as materialized (
  select g.posting_id, g.group_id, l.account_id, g.currency, l.paid, l.owed
  from unnest($27::int[], $28::uuid[], $29::bigint[], $30::bigint[]) as l (ord, account_id, paid, owed) join going g on g.ord = l.ord
), lines as (
  insert into expense.posting_line (posting_id, account_id, currency, group_id, paid, owed)
  select posting_id, account_id, currency, group_id, paid, owed from line
), balances as (
  insert into expense.balance as kept (group_id, account_id, currency, net)
  select group_id, account_id, currency, sum(paid - owed)::bigint from line group by 1, 2, 3 order by 1, 2, 3
  on conflict (group_id, account_id, currency) do update set net = kept.net + excluded.net
${more}), events as (
  insert into expense.outbox (id, type, group_id, subject_id, actor_id, data, process, process_key, dispatch_after)
  select e.id, e.type, e.group_id, e.subject_id, e.actor_id, e.data, e.process, e.process_key,
    case when e.process is not null then now() + interval '${DISPATCH_GRACE_MS} milliseconds' end
  from unnest($31::int[], $32::uuid[], $33::text[], $34::uuid[], $35::uuid[], $36::uuid[], $37::jsonb[], $38::text[], $39::text[])
    as e (ord, id, type, group_id, subject_id, actor_id, data, process, process_key) join going g on g.ord = e.ord
)
select ord::int from going`;

// Only where an expense is in another currency than its group's: all others pay nothing for it.
const CONVERSIONS = `), conversions as (
  insert into expense.conversion (posting_id, currency, group_id, per_group_currency, source, published_on)
  select g.posting_id, g.currency, g.group_id, c.per_group_currency, c.source, c.published_on
  from unnest($40::int[], $41::numeric[], $42::text[], $43::date[]) as c (ord, per_group_currency, source, published_on) join going g on g.ord = c.ord
), converted as materialized (
  select g.posting_id, c.account_id, g.currency, g.group_id, c.net, c.converted
  from unnest($44::int[], $45::uuid[], $46::bigint[], $47::bigint[]) as c (ord, account_id, net, converted) join going g on g.ord = c.ord
), converted_lines as (
  insert into expense.converted_line (posting_id, account_id, currency, group_id, net, converted)
  select posting_id, account_id, currency, group_id, net, converted from converted
), converted_balances as (
  insert into expense.converted_balance as kept (group_id, account_id, currency, net, converted)
  select group_id, account_id, currency, sum(net)::bigint, sum(converted)::bigint from converted group by 1, 2, 3 order by 1, 2, 3
  on conflict (group_id, account_id, currency) do update set net = kept.net + excluded.net, converted = kept.converted + excluded.converted
`;

const RECORD = { name: 'record-expenses', text: statement('') };
const RECORD_CONVERTED = { name: 'record-converted-expenses', text: statement(CONVERSIONS) };

/** The statement for some expenses, with its values; prepared by its name. */
export function recordStatement(items: readonly RecordItem[]): {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
} {
  const values = recordValues(items);
  const converted = items.flatMap(({ conversion }, index) => (conversion === null ? [] : [{ ord: index + 1, ...conversion }]));
  if (converted.length === 0) return { ...RECORD, values };
  const lines = converted.flatMap(({ ord, lines: own }) => own.map((line) => ({ ord, ...line })));
  values.push(
    converted.map(({ ord }) => ord),
    converted.map(({ rate }) => rate.perGroupCurrency),
    converted.map(({ rate }) => rate.source),
    converted.map(({ rate }) => rate.date ?? null),
    lines.map(({ ord }) => ord),
    lines.map(({ accountId }) => accountId),
    lines.map(({ net }) => net.toString()),
    lines.map(({ converted: minor }) => minor.toString()),
  );
  return { ...RECORD_CONVERTED, values };
}

/** The values of the statement, one array per column. */
function recordValues(items: readonly RecordItem[]): unknown[] {
  const lines = items.flatMap((item, index) =>
    item.postingId === null ? [] : item.draft.lines.map((line) => ({ ord: index + 1, ...line })),
  );
  const events = items.flatMap((item, index) => item.events.map((event) => ({ ord: index + 1, event })));
  return [
    items.map((item) => item.id),
    items.map((item) => item.groupId),
    items.map((item) => item.groupVersion),
    items.map((item) => item.state),
    ...contentColumns(items.map((item) => item.draft)),
    items.map((item) => item.createdBy),
    items.map((item) => item.createdAt.toISOString()),
    items.map((item) => item.postingId),
    items.map((item) => item.claim?.scope.userId ?? null),
    items.map((item) => item.claim?.scope.key ?? null),
    items.map((item) => item.claim?.scope.method ?? null),
    items.map((item) => item.claim?.scope.path ?? null),
    items.map((item) => item.claim?.scope.requestHash ?? null),
    items.map((item) => item.claim?.headers ?? null),
    items.map((item) => item.claim?.body ?? null),
    lines.map((line) => line.ord),
    lines.map((line) => line.accountId),
    lines.map((line) => line.paid.toString()),
    lines.map((line) => line.owed.toString()),
    events.map(({ ord }) => ord),
    ...outboxColumns(events.map(({ event }) => event)),
  ];
}
