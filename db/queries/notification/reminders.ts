import type { Cadence, ReminderState } from '../../../domain/reminder.ts';
import type { Role } from '../../../domain/roles.ts';
import type { PageRequest } from '../../cursor.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read, type Tx } from '../../transact.ts';

/** A reminder as every answer shows it. */
export interface ReminderView {
  readonly id: string;
  readonly groupId: string;
  readonly memberId: string;
  readonly state: ReminderState;
  readonly sent: number;
  readonly nextAt: string | null;
  readonly snoozedUntil: string | null;
  readonly cadence: Cadence;
  readonly version: number;
  readonly createdAt: string;
}

/** What a member of the group has to do with one of its reminders. */
export interface ReminderAccess {
  readonly id: string;
  readonly role: Role;
  readonly isCreator: boolean;
  readonly isDebtor: boolean;
}

const COLUMNS = 'r.id, r.group_id, r.member_id, r.state, r.sent, r.next_at, r.snoozed_until, r.cadence, r.version, r.created_at';

interface Row {
  id: string;
  group_id: string;
  member_id: string;
  state: ReminderState;
  sent: number;
  next_at: string | null;
  snoozed_until: string | null;
  cadence: Cadence;
  version: number;
  created_at: string;
}

/** A reminder as an active member of its group may see it; null where there is none or the user is no member. */
export async function findReminderAccess(db: ServiceDatabase, reminderId: string, userId: string): Promise<ReminderAccess | null> {
  const [row] = await read<{ id: string; role: Role; is_creator: boolean; is_debtor: boolean }>(
    db,
    `select r.id, m.role, r.created_by = $2 as is_creator, r.member_id = m.member_id as is_debtor from notification.reminder r
     join expense_pub.membership_v1 m on m.group_id = r.group_id and m.user_id = $2 and m.state = 'active' where r.id = $1`,
    [reminderId, userId],
  );
  return row === undefined ? null : { id: row.id, role: row.role, isCreator: row.is_creator, isDebtor: row.is_debtor };
}

/** Reads a reminder. */
export async function findReminder(query: Tx['query'], reminderId: string): Promise<ReminderView | null> {
  const [row] = await query<Row>(`select ${COLUMNS} from notification.reminder r where r.id = $1`, [reminderId]);
  return row === undefined ? null : toView(row);
}

/** The reminders of a group, also ended ones, the newest first; one more than the page, to tell whether it goes on. */
export async function listReminders(query: Tx['query'], groupId: string, page: PageRequest): Promise<ReminderView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  const rows = await query<Row>(
    `select ${COLUMNS} from notification.reminder r
     where r.group_id = $1 and ($2::timestamptz is null or (r.created_at, r.id) < ($2, $3::uuid))
     order by r.created_at desc, r.id desc limit $4`,
    [groupId, createdAt, id, page.limit + 1],
  );
  return rows.map(toView);
}

function toView(row: Row): ReminderView {
  return {
    id: row.id,
    groupId: row.group_id,
    memberId: row.member_id,
    state: row.state,
    sent: row.sent,
    nextAt: row.next_at,
    snoozedUntil: row.snoozed_until,
    cadence: row.cadence,
    version: row.version,
    createdAt: row.created_at,
  };
}
