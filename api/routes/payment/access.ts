import { read } from '../../../db/transact.ts';
import {
  findParties,
  findSettlementParties,
  type Parties,
  type Party,
  type SettlementParties,
} from '../../../db/queries/payment/parties.ts';
import { mayActFor } from '../../../domain/roles.ts';
import { hasStanding, type Relation } from '../../../domain/standing.ts';
import { databaseOf, type Deps } from '../../deps.ts';
import { type Policy, standingOf } from '../../policy.ts';
import type { Access } from '../../route.ts';

const queryOf =
  (deps: Deps) =>
  <Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> =>
    read<Row>(databaseOf(deps, 'payment'), text, values);

/** Whether the caller acts on one side: as that member, or as owner or admin for one who has no account or has left. */
export function actsAs(parties: Parties, side: 'from' | 'to'): boolean {
  return actsFor(parties, parties[side]);
}

function actsFor({ role, memberId }: Parties, party: Party): boolean {
  return mayActFor({ role, isSelf: party.memberId === memberId, hasAccount: party.userId !== null && party.active });
}

/** What the caller is to a thing between two members, or stands in for. */
function isParty(parties: Parties, relation: Relation): boolean {
  if (relation === 'payer') return actsAs(parties, 'from');
  if (relation === 'receiver') return actsAs(parties, 'to');
  return relation === 'approver' && parties.approver !== null && actsFor(parties, parties.approver);
}

/** A transfer, payment or refund that any member of its group may see. The policy names who of them may act. */
export function partiesAccess(kind: 'transfer' | 'payment' | 'refund'): (policy: Policy) => Access<Parties> {
  return (policy) => {
    const standing = standingOf(policy);
    return {
      resource: kind,
      load: (deps, principal, params) => findParties(queryOf(deps), kind, params[`${kind}Id`] ?? '', principal.userId),
      permit: (parties) => hasStanding(standing, parties.role, (relation) => isParty(parties, relation)),
    };
  };
}

/** A settlement that any member of its group may see. The policy names who of them may act. */
export function settlementAccess(policy: Policy): Access<SettlementParties> {
  const standing = standingOf(policy);
  return {
    resource: 'settlement',
    load: (deps, principal, params) => findSettlementParties(queryOf(deps), params['settlementId'] ?? '', principal.userId),
    permit: ({ role, createdBy }, principal) =>
      hasStanding(standing, role, (relation) => relation === 'creator' && createdBy === principal.userId),
  };
}
