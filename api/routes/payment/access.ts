import { read } from '../../../db/transact.ts';
import {
  findParties,
  findSettlementParties,
  type Parties,
  type Party,
  type SettlementParties,
} from '../../../db/queries/payment/parties.ts';
import { mayActFor, roleAtLeast } from '../../../domain/roles.ts';
import { databaseOf, type Deps } from '../../deps.ts';
import type { Access, Principal } from '../../route.ts';

const queryOf =
  (deps: Deps) =>
  <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> =>
    read<Row>(databaseOf(deps, 'payment'), text, values);

/** Whether the caller acts on one side: as that member, or as owner or admin for one who has no account or has left. */
export function actsAs(parties: Parties, side: 'from' | 'to'): boolean {
  return actsFor(parties, parties[side]);
}

/** Whether the caller decides about a refund: its approver, or an owner or admin for one who has no account or has left. */
export function decides(parties: Parties): boolean {
  return parties.approver !== null && actsFor(parties, parties.approver);
}

function actsFor({ role, memberId }: Parties, party: Party): boolean {
  return mayActFor({ role, isSelf: party.memberId === memberId, hasAccount: party.userId !== null && party.active });
}

/** A transfer, payment or refund that any member of its group may see. */
export function partiesAccess(
  kind: 'transfer' | 'payment' | 'refund',
  who: string,
  permit: (parties: Parties, principal: Principal) => boolean = () => true,
): Access<Parties> {
  return {
    resource: kind,
    role: who,
    load: (deps, principal, params) => findParties(queryOf(deps), kind, params[`${kind}Id`] ?? '', principal.userId),
    permit,
  };
}

/** A settlement that any member of its group may see, and its creator or an admin may act on. */
export function settlementAccess(who: 'viewer' | 'creator or admin'): Access<SettlementParties> {
  return {
    resource: 'settlement',
    role: who,
    load: (deps, principal, params) => findSettlementParties(queryOf(deps), params['settlementId'] ?? '', principal.userId),
    permit: (settlement, principal) =>
      who === 'viewer' || settlement.createdBy === principal.userId || roleAtLeast(settlement.role, 'admin'),
  };
}
