import type { Role } from '../../../domain/roles.ts';
import type { Query } from './transfers.ts';

/** A resource between two members, as a member of its group sees it. */
export interface Parties {
  readonly id: string;
  readonly groupId: string;
  /** The caller. */
  readonly memberId: string;
  readonly role: Role;
  readonly from: Party;
  readonly to: Party;
  /** Of a refund: who decides about it. */
  readonly approver: Party | null;
}

/** A member on one side of a resource. */
export interface Party {
  readonly memberId: string;
  readonly userId: string | null;
  /** Has not left the group. */
  readonly active: boolean;
}

const SOURCES = {
  transfer: 'select id, group_id, from_member_id, to_member_id, null::uuid as approver_id from payment.transfer where id = $1',
  payment: 'select id, group_id, from_member_id, to_member_id, null::uuid as approver_id from payment.payment where id = $1',
  refund: `select r.id, r.group_id, p.from_member_id, p.to_member_id, r.approver_member_id as approver_id
    from payment.refund r join payment.payment p on p.id = r.payment_id where r.id = $1`,
};

/** Reads who is who of a transfer, payment or refund; null when the user is no active member of its group. */
export async function findParties(query: Query, kind: keyof typeof SOURCES, id: string, userId: string): Promise<Parties | null> {
  const [row] = await query<{
    id: string;
    group_id: string;
    member_id: string;
    role: Role;
    from_member_id: string;
    from_user_id: string | null;
    from_state: string | null;
    to_member_id: string;
    to_user_id: string | null;
    to_state: string | null;
    approver_id: string | null;
    approver_user_id: string | null;
    approver_state: string | null;
  }>(
    `select x.id, x.group_id, me.member_id, me.role, x.from_member_id, f.user_id as from_user_id, f.state as from_state, x.to_member_id, r.user_id as to_user_id,
       r.state as to_state,
       x.approver_id, a.user_id as approver_user_id, a.state as approver_state
     from (${SOURCES[kind]}) x
     join expense_pub.membership_v1 me on me.group_id = x.group_id and me.user_id = $2 and me.state = 'active'
     left join expense_pub.membership_v1 f on f.member_id = x.from_member_id
     left join expense_pub.membership_v1 r on r.member_id = x.to_member_id
     left join expense_pub.membership_v1 a on a.member_id = x.approver_id`,
    [id, userId],
  );
  if (row === undefined) return null;
  return {
    id: row.id,
    groupId: row.group_id,
    memberId: row.member_id,
    role: row.role,
    from: { memberId: row.from_member_id, userId: row.from_user_id, active: row.from_state === 'active' },
    to: { memberId: row.to_member_id, userId: row.to_user_id, active: row.to_state === 'active' },
    approver:
      row.approver_id === null
        ? null
        : { memberId: row.approver_id, userId: row.approver_user_id, active: row.approver_state === 'active' },
  };
}

/** A settlement as a member of its group sees it. */
export interface SettlementParties {
  readonly id: string;
  readonly groupId: string;
  readonly role: Role;
  readonly createdBy: string | null;
}

/** Reads whose settlement it is; null when the user is no active member of its group. */
export async function findSettlementParties(query: Query, settlementId: string, userId: string): Promise<SettlementParties | null> {
  const [row] = await query<{ id: string; group_id: string; role: Role; created_by: string | null }>(
    `select s.id, s.group_id, me.role, s.created_by from payment.settlement s
     join expense_pub.membership_v1 me on me.group_id = s.group_id and me.user_id = $2 and me.state = 'active' where s.id = $1`,
    [settlementId, userId],
  );
  return row === undefined ? null : { id: row.id, groupId: row.group_id, role: row.role, createdBy: row.created_by };
}
