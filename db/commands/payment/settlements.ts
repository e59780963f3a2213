import { v7 as uuidv7 } from 'uuid';
import { isKnownCurrency } from '../../../domain/currency.ts';
import type { SettlementStrategy } from '../../../domain/plan.ts';
import { refusal } from '../../../domain/refusal.ts';
import { settlementState, type TransferState } from '../../../domain/transfer.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { groupFor, membersOf, ownerOf, type PaymentGroup } from './groups.ts';

/** Days until a settlement is due where nothing is asked for. */
export const DUE_IN_DAYS_DEFAULT = 14;

/** What a settlement is opened with. */
export interface OpenSettlement {
  readonly groupId: string;
  /** Given where the id follows from something else, such as a group and a date. */
  readonly id?: string | undefined;
  /** The user who opens it; null when the clock does. */
  readonly userId: string | null;
  readonly strategy?: SettlementStrategy | undefined;
  readonly hub?: string | undefined;
  readonly currency?: string | undefined;
  readonly method?: 'stripe' | 'manual' | undefined;
  readonly dueInDays?: number | undefined;
}

/**
 * Opens a settlement over what is owed and not yet reserved; its process makes the plan.
 *
 * @returns the settlement's id.
 * @throws RefusalError nothing_to_settle, settlement_in_progress, archived, deleted, hub_required, hub_unknown, unknown_currency, id_taken.
 */
export async function openSettlement(tx: Tx, input: OpenSettlement): Promise<string> {
  const group = await groupFor(tx, input.groupId, 'change');
  const strategy = input.strategy ?? group.policy.settlementStrategy ?? 'minimal';
  const hub = await hubOf(tx, group, input, strategy);
  const currencies = await currenciesToSettle(tx, input);
  const id = input.id ?? uuidv7();
  await insertSettlement(tx, id, input, strategy, hub, currencies);
  await openCurrencies(tx, id, input.groupId, currencies);
  tx.emit({
    type: 'settlement.opened',
    subjectId: id,
    groupId: input.groupId,
    ...(input.userId === null ? {} : { actorId: input.userId }),
    data: {},
  });
  return id;
}

async function hubOf(tx: Tx, group: PaymentGroup, input: OpenSettlement, strategy: SettlementStrategy): Promise<string | null> {
  if (strategy !== 'hub') {
    if (input.hub !== undefined) throw refusal('hub_not_used', 'Only the strategy hub goes through one member.', '/hub');
    return null;
  }
  if (input.hub === undefined) {
    // A policy names no member: the owner is in the middle. Who asks for a hub in so many words names one.
    if (input.strategy === 'hub') throw refusal('hub_required', 'The strategy hub needs the member through whom all payments go.', '/hub');
    return ownerOf(tx, group.id);
  }
  const member = (await membersOf(tx, group.id, [input.hub])).get(input.hub);
  if (member === undefined || !member.active) throw refusal('hub_unknown', 'The hub is no active member of the group.', '/hub');
  return member.id;
}

async function currenciesToSettle(tx: Tx, input: OpenSettlement): Promise<string[]> {
  if (input.currency !== undefined && !isKnownCurrency(input.currency))
    throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.', '/currency');
  const owed = await tx.query<{ currency: string }>(
    `select currency from expense_pub.balance_v1
     where group_id = $1 and not is_system and net + reserved <> 0 and ($2::text is null or currency = $2)
     group by currency order by currency`,
    [input.groupId, input.currency ?? null],
  );
  if (owed.length > 0) return owed.map((row) => row.currency);
  // What is owed may be reserved by a settlement that is being paid: that is another answer than "nothing is owed".
  const open = await tx.query(
    'select 1 from payment.settlement_currency where group_id = $1 and open and ($2::text is null or currency = $2) limit 1',
    [input.groupId, input.currency ?? null],
  );
  if (open.length > 0) throw settlementInProgress();
  throw refusal('nothing_to_settle', 'Nothing is owed that could be settled.');
}

async function insertSettlement(
  tx: Tx,
  id: string,
  input: OpenSettlement,
  strategy: SettlementStrategy,
  hub: string | null,
  currencies: readonly string[],
): Promise<void> {
  try {
    await tx.query(
      `insert into payment.settlement (id, group_id, strategy, hub_member_id, currency, method, due_at, origin, created_by)
       values ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7), $8, $9)`,
      [
        id,
        input.groupId,
        strategy,
        hub,
        currencies.length === 1 ? currencies[0] : null,
        input.method ?? 'manual',
        input.dueInDays ?? DUE_IN_DAYS_DEFAULT,
        input.userId === null ? 'schedule' : 'user',
        input.userId,
      ],
    );
  } catch (error) {
    if (brokenUnique(error) === 'settlement_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
}

async function openCurrencies(tx: Tx, id: string, groupId: string, currencies: readonly string[]): Promise<void> {
  try {
    await tx.query(
      `insert into payment.settlement_currency (settlement_id, group_id, currency) select $1, $2, c from unnest($3::text[]) as c order by c`,
      [id, groupId, currencies],
    );
  } catch (error) {
    if (brokenUnique(error) === 'settlement_one_open') throw settlementInProgress();
    throw error;
  }
}

function settlementInProgress(): Error {
  return refusal('settlement_in_progress', 'Another settlement of the group in this currency is being paid.');
}

/** A settlement row that is locked. */
export interface LockedSettlement {
  readonly id: string;
  readonly groupId: string;
  readonly state: string;
  readonly createdBy: string | null;
  readonly cancelRequested: boolean;
  readonly ended: boolean;
}

/** Takes a settlement to change it; its transfers are locked after it, never before. */
export async function lockSettlement(tx: Tx, settlementId: string): Promise<LockedSettlement> {
  const [row] = await tx.query<{
    group_id: string;
    state: string;
    created_by: string | null;
    cancel_requested_at: string | null;
    ended_at: string | null;
  }>('select group_id, state, created_by, cancel_requested_at, ended_at from payment.settlement where id = $1 for update', [settlementId]);
  if (row === undefined) throw refusal('not_found', 'There is no such settlement.');
  return {
    id: settlementId,
    groupId: row.group_id,
    state: row.state,
    createdBy: row.created_by,
    cancelRequested: row.cancel_requested_at !== null,
    ended: row.ended_at !== null,
  };
}

/**
 * Cancels what of a settlement is not being paid. Legs with money on its way stay until they end; declined payments that
 * the gateway still holds are cancelled there first, by their own process.
 *
 * @throws RefusalError settlement_ended.
 */
export async function cancelSettlement(tx: Tx, settlementId: string, userId: string): Promise<void> {
  const settlement = await lockSettlement(tx, settlementId);
  if (settlement.state !== 'planning' && settlement.state !== 'collecting') throw refusal('settlement_ended', 'The settlement has ended.');
  if (settlement.cancelRequested) return;
  await tx.query('update payment.settlement set cancel_requested_at = $2, updated_at = $2 where id = $1', [settlementId, tx.now]);
  const event = { groupId: settlement.groupId, actorId: userId };
  tx.emit({ type: 'settlement.cancel_requested', subjectId: settlementId, ...event, data: {} });
  if (settlement.state === 'planning') return;
  for (const transfer of await lockLegs(tx, settlementId)) {
    if (transfer.state !== 'planned' && transfer.state !== 'failed') continue;
    if (!transfer.held) await cancelLeg(tx, transfer.id);
    // Either way its process has to look: to cancel at the gateway first, or to end instead of waiting for a payer.
    tx.emit({ type: 'transfer.cancel_requested', subjectId: transfer.id, ...event, data: { settlementId } });
  }
  await refreshSettlementState(tx, settlementId);
}

async function lockLegs(tx: Tx, settlementId: string): Promise<{ id: string; state: TransferState; held: boolean }[]> {
  const rows = await tx.query<{ id: string; state: TransferState }>(
    'select id, state from payment.transfer where settlement_id = $1 order by id for update',
    [settlementId],
  );
  const held = await tx.query<{ transfer_id: string }>(
    `select distinct transfer_id from payment.attempt where transfer_id = any($1::uuid[]) and state = 'declined'`,
    [rows.map((row) => row.id)],
  );
  const heldIds = new Set(held.map((row) => row.transfer_id));
  return rows.map((row) => ({ ...row, held: heldIds.has(row.id) }));
}

/** Marks a leg as cancelled; the caller has made sure that nothing of it is on its way. */
export async function cancelLeg(tx: Tx, transferId: string): Promise<void> {
  await tx.query(
    `update payment.transfer set state = 'cancelled', next_action = null, ended_at = $2, updated_at = $2, version = version + 1 where id = $1`,
    [transferId, tx.now],
  );
}

/** Writes the state that follows from a settlement's legs; it counts as over only once its reservations are released too. */
export async function refreshSettlementState(tx: Tx, settlementId: string): Promise<string> {
  const legs = await tx.query<{ state: TransferState; paid_minor: string }>(
    'select state, paid_minor from payment.transfer where settlement_id = $1',
    [settlementId],
  );
  const state = settlementState(legs.map((leg) => ({ state: leg.state, paidMinor: BigInt(leg.paid_minor) })));
  await tx.query('update payment.settlement set state = $2, updated_at = $3 where id = $1 and state <> $2', [settlementId, state, tx.now]);
  return state;
}
