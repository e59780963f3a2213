import { createHash } from 'node:crypto';
import { openSettlement } from '../../db/commands/payment/settlements.ts';
import { groupsToSettle } from '../../db/queries/payment/groups-to-settle.ts';
import { read } from '../../db/transact.ts';
import { RefusalError } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';

/** Groups of one page: their transactions take a few seconds at most. */
const PAGE_MAX = 100;

/** Opens the settlements of a page of groups whose day it is; see the contract. */
export async function openDueSettlements(
  deps: ActivityDeps,
  input: { nowIso: string; after: string | null },
): Promise<{ opened: number; skipped: number; after: string | null }> {
  const groups = await groupsToSettle((text, values) => read(deps.db, text, values), input.nowIso, input.after, PAGE_MAX);
  let opened = 0;
  for (const group of groups) if (await openOne(deps, group.groupId, group.today)) opened++;
  return { opened, skipped: groups.length - opened, after: groups.length < PAGE_MAX ? null : (groups.at(-1)?.groupId ?? null) };
}

async function openOne(deps: ActivityDeps, groupId: string, date: string): Promise<boolean> {
  try {
    await runCommand(deps, (tx) => openSettlement(tx, { groupId, id: settlementIdOf(groupId, date), userId: null }));
    return true;
  } catch (error) {
    // Nothing owed, one under way, or this day's was opened before: all of them mean that there is nothing to do.
    if (error instanceof RefusalError) return false;
    throw error;
  }
}

/** The id of a group's settlement of a day, always the same one: a UUID of version 8, whose bits are ours to choose. */
export function settlementIdOf(groupId: string, date: string): string {
  const bytes = createHash('sha256').update(`settlement-run:${groupId}:${date}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
