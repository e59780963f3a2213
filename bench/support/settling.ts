import { randomUUID } from 'node:crypto';
import { inParallel, until } from './measurement.ts';
import { caughtUp } from './relay-lag.ts';
import type { Stand } from './stand.ts';
import { type BenchGroup, makeGroup, register, type User } from './world.ts';

const AT_ONCE = 8;
const LIMIT_MS = 60_000;

/** Groups in which three members owe the owner, who can be paid by card. */
export interface Debts {
  readonly owner: User;
  /** Three debts each. */
  readonly groups: readonly BenchGroup[];
  /** One debt each, for settlements that are only opened. */
  readonly small: readonly BenchGroup[];
}

/** Makes groups with debts through the API's commands, while Temporal is away; waits until the relay has caught up. */
export async function buildDebts(stand: Stand, size: { groups: number; small: number }, progress: (text: string) => void): Promise<Debts> {
  const owner = await register(stand, 'Ana');
  await openPayoutAccount(stand, owner);
  await stand.platform.hold('temporal');
  let made = 0;
  const make = async (sharers: number, index: number): Promise<BenchGroup> => {
    const group = await makeGroup(stand, owner, index);
    const amount = `${120 + (index % 50)}.00`;
    await stand.call({
      method: 'POST',
      path: `/v1/groups/${group.groupId}/expenses`,
      token: owner.token,
      body: {
        description: 'Dinner',
        total: { amount, currency: 'EUR' },
        date: '2026-11-20',
        payers: [{ memberId: group.memberIds[0], amount }],
        split: { method: 'equal', among: group.memberIds.slice(0, sharers) },
      },
    });
    made += 1;
    if (made % 20 === 0) progress(`groups with debts: ${made} of ${size.groups + size.small}`);
    return group;
  };
  const groups = await inParallel(Array.from({ length: size.groups }), AT_ONCE, (_, index) => make(4, index));
  const small = await inParallel(Array.from({ length: size.small }), AT_ONCE, (_, index) => make(2, index));
  await stand.platform.release('temporal');
  await caughtUp(stand, progress);
  return { owner, groups, small };
}

/** Opens a settlement. @returns its id. */
export async function openSettlement(stand: Stand, { groupId, token }: BenchGroup): Promise<string> {
  const { id } = await stand.call<{ id: string }>({
    method: 'POST',
    path: `/v1/groups/${groupId}/settlements`,
    token,
    body: { method: 'stripe' },
    headers: { 'idempotency-key': randomUUID() },
  });
  return id;
}

/** Pays a transfer by a card that succeeds. */
export async function payTransfer(stand: Stand, { token }: User, transferId: string): Promise<void> {
  await stand.call({
    method: 'POST',
    path: `/v1/transfers/${transferId}/pay`,
    token,
    body: { method: 'stripe', paymentMethodId: 'pm_card_visa' },
    headers: { 'idempotency-key': randomUUID() },
  });
}

async function openPayoutAccount(stand: Stand, { token }: User): Promise<void> {
  const { url } = await stand.call<{ url: string }>({ method: 'POST', path: '/v1/me/payout-account', token });
  const answer = await fetch(url, { method: 'POST', headers: { accept: 'application/json' } });
  await answer.arrayBuffer();
  await until('the payout account is active', LIMIT_MS, async () => {
    const { state } = await stand.call<{ state: string }>({ method: 'GET', path: '/v1/me/payout-account', token });
    return state === 'active';
  });
}
