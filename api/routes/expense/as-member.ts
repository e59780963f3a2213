import { read } from '../../../db/transact.ts';
import type { Role } from '../../../domain/roles.ts';
import { databaseOf, type Deps } from '../../deps.ts';

/** Something of a group, as its active members come to it. */
export interface OfGroup {
  readonly groupId: string;
  readonly role: Role;
}

/**
 * Finds something of a group for somebody who is an active member of it; whoever is not cannot tell that it is there.
 *
 * @param table of the schema `expense`.
 * @param more further columns of its row `r` and of the membership `m`.
 * @returns null where there is none, or the person is not in its group.
 */
export async function findAsMember<Row extends OfGroup>(
  deps: Deps,
  table: 'comment' | 'expense' | 'import' | 'receipt',
  more: string,
  asked: { readonly id: string | undefined; readonly userId: string },
): Promise<Row | null> {
  const [row] = await read<Row>(
    databaseOf(deps, 'expense'),
    `select r.group_id as "groupId", m.role, ${more}
     from expense.${table} r join expense_pub.membership_v1 m on m.group_id = r.group_id and m.user_id = $2 and m.state = 'active'
     where r.id = $1`,
    [asked.id, asked.userId],
  );
  return row ?? null;
}
