import { noticeSettlementDue } from '../../db/commands/payment/settlement-process.ts';
import { readSettlementWork, type SettlementWork } from '../../db/queries/payment/settlement-work.ts';
import { read } from '../../db/transact.ts';
import { refusal } from '../../domain/refusal.ts';
import { isTransferEnded } from '../../domain/transfer.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { SettlementStep } from './contract.ts';

/** Looks at a settlement, tells once that it is due, and says what to do next. @throws RefusalError not_found. */
export async function advanceSettlement(deps: ActivityDeps, input: { settlementId: string; nowIso: string }): Promise<SettlementStep> {
  const work = await readSettlementWork((text, values) => read(deps.db, text, values), input.settlementId);
  if (work === null) throw refusal('not_found', 'There is no such settlement.');
  const open = work.legs.filter((leg) => !isTransferEnded(leg.state));
  const shown = { groupId: work.groupId, state: work.state, legs: work.legs.length, legsOpen: open.length };
  if (work.ended) return { step: 'ended', shown };
  if (work.state === 'planning') return { step: 'plan', shown, ...planOf(work) };
  const release = work.legs.filter((leg) => leg.state === 'cancelled' && !leg.released).map((leg) => leg.id);
  // With nothing open and nothing to release, the same step ends the settlement.
  if (release.length > 0 || open.length === 0) return { step: 'release', shown, groupId: work.groupId, transferIds: release };
  const due = Date.parse(input.nowIso) >= Date.parse(work.dueAtIso);
  if (due && !work.dueNoticed) await runCommand(deps, (tx) => noticeSettlementDue(tx, input.settlementId));
  return { step: 'wait', shown, untilIso: due ? null : work.dueAtIso, openTransferIds: open.map((leg) => leg.id) };
}

function planOf(work: SettlementWork): {
  groupId: string;
  currencies: readonly string[];
  strategy: SettlementWork['strategy'];
  hub?: string;
} {
  return {
    groupId: work.groupId,
    currencies: work.currencies,
    strategy: work.strategy,
    ...(work.hub === null ? {} : { hub: work.hub }),
  };
}
