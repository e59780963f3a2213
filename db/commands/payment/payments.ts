import { v7 as uuidv7 } from 'uuid';
import { isBusinessDate } from '../../../domain/business-date.ts';
import { checkPeriod } from '../../../domain/group.ts';
import { type MoneyWire, moneyFromWire } from '../../../domain/money.ts';
import { refusal, unwrap } from '../../../domain/refusal.ts';
import { mayActFor, type Role } from '../../../domain/roles.ts';
import { brokenUnique } from '../../errors.ts';
import type { Tx } from '../../transact.ts';
import { emitTransfer, lockTransfer, type PaymentWay, startAttempt } from './attempts.ts';
import { groupFor, membersOf, type PaymentMember } from './groups.ts';
import { DUE_IN_DAYS_DEFAULT } from './settlements.ts';
import { checkMethod } from './transfers.ts';

/** A payment outside a settlement. */
export interface OpenPayment {
  readonly id?: string | undefined;
  readonly groupId: string;
  readonly userId: string;
  /** The caller's own membership. */
  readonly actor: { readonly memberId: string; readonly role: Role };
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
  readonly date?: string | undefined;
  readonly way: PaymentWay;
  readonly paymentMethodId?: string | undefined;
}

/**
 * Opens a transfer outside a settlement and starts to pay it; it may be more than what is owed.
 *
 * A payment through a gateway is the payer's own. A manual one may be recorded by payer or receiver; for a member without
 * an account an owner or admin acts. The receiver still confirms it.
 *
 * @returns the transfer's id.
 * @throws RefusalError unknown_member, same_member, amount_not_positive, invalid_date, forbidden, deleted, archived, period_locked, id_taken, and those of startAttempt.
 */
export async function openPayment(tx: Tx, input: OpenPayment): Promise<string> {
  const group = await groupFor(tx, input.groupId, 'change');
  const money = unwrap(moneyFromWire(input.money, '/money'));
  if (money.minor <= 0n) throw refusal('amount_not_positive', 'The amount must be above zero.', '/money/amount');
  if (input.from === input.to) throw refusal('same_member', 'Payer and receiver are the same member.', '/to');
  if (input.date !== undefined && !isBusinessDate(input.date)) throw refusal('invalid_date', 'There is no such day.', '/date');
  checkMethod(input.way, input.paymentMethodId);
  const { from, to } = await partiesOf(tx, input);
  if (!mayOpen(input, from, to)) throw refusal('forbidden', 'Only payer or receiver may record this payment.');
  const date = input.date ?? group.today;
  unwrap(checkPeriod(group.lockedUntil, [date], input.date === undefined ? undefined : '/date'));
  const id = await insertTransfer(tx, input, money.minor, date);
  const transfer = await lockTransfer(tx, id);
  await startAttempt(tx, transfer, {
    way: input.way,
    amountMinor: money.minor,
    paymentMethodRef: input.paymentMethodId ?? null,
    userId: input.userId,
  });
  emitTransfer(tx, transfer, 'transfer.opened', input.userId);
  return id;
}

async function partiesOf(tx: Tx, input: OpenPayment): Promise<{ from: PaymentMember; to: PaymentMember }> {
  const members = await membersOf(tx, input.groupId, [input.from, input.to]);
  const from = members.get(input.from);
  const to = members.get(input.to);
  if (from === undefined || !from.active) throw refusal('unknown_member', 'This is no active member of the group.', '/from');
  if (to === undefined || !to.active) throw refusal('unknown_member', 'This is no active member of the group.', '/to');
  return { from, to };
}

function mayOpen(input: OpenPayment, from: PaymentMember, to: PaymentMember): boolean {
  const { role, memberId } = input.actor;
  const actsFor = (party: PaymentMember): boolean => mayActFor({ role, isSelf: party.id === memberId, hasAccount: party.userId !== null });
  return actsFor(from) || (input.way.confirmedBy === 'receiver' && actsFor(to));
}

async function insertTransfer(tx: Tx, input: OpenPayment, minor: bigint, date: string): Promise<string> {
  const id = input.id ?? uuidv7();
  try {
    await tx.query(
      `insert into payment.transfer (id, group_id, from_member_id, to_member_id, currency, amount_minor, method, date, due_at, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8, now() + interval '${DUE_IN_DAYS_DEFAULT} days', $9)`,
      [id, input.groupId, input.from, input.to, input.money.currency, minor.toString(), input.way.gateway, date, input.userId],
    );
  } catch (error) {
    if (brokenUnique(error) === 'transfer_pkey') throw refusal('id_taken', 'This id is in use.', '/id');
    throw error;
  }
  return id;
}
