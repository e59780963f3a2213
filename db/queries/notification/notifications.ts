import type { PageRequest } from '../../cursor.ts';
import type { Tx } from '../../transact.ts';

/** A line of an inbox. */
export interface NotificationView {
  readonly id: string;
  readonly type: string;
  readonly groupId: string | null;
  readonly subjectId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly readAt: string | null;
  readonly createdAt: string;
}

interface Row {
  id: string;
  type: string;
  group_id: string | null;
  subject_id: string;
  data: Record<string, unknown>;
  read_at: string | null;
  created_at: string;
}

const COLUMNS = 'n.id, n.type, n.group_id, n.subject_id, n.data, n.read_at, n.created_at';

/** A user's own line, or null. */
export async function findNotification(query: Tx['query'], userId: string, notificationId: string): Promise<NotificationView | null> {
  const [row] = await query<Row>(`select ${COLUMNS} from notification.notification n where n.id = $1 and n.user_id = $2`, [
    notificationId,
    userId,
  ]);
  return row === undefined ? null : toView(row);
}

/** A user's inbox, the newest first; one more than the page, to tell whether it goes on. */
export async function listNotifications(
  query: Tx['query'],
  userId: string,
  unread: boolean | undefined,
  page: PageRequest,
): Promise<NotificationView[]> {
  const [createdAt, id] = page.after ?? [null, null];
  // Written out and not as a parameter, so that the index of unread lines is used.
  const condition = unread === undefined ? 'true' : unread ? 'n.read_at is null' : 'n.read_at is not null';
  const rows = await query<Row>(
    `select ${COLUMNS} from notification.notification n
     where n.user_id = $1 and ${condition} and ($2::timestamptz is null or (n.created_at, n.id) < ($2, $3::uuid))
     order by n.created_at desc, n.id desc limit $4`,
    [userId, createdAt, id, page.limit + 1],
  );
  return rows.map(toView);
}

function toView(row: Row): NotificationView {
  return {
    id: row.id,
    type: row.type,
    groupId: row.group_id,
    subjectId: row.subject_id,
    data: row.data,
    readAt: row.read_at,
    createdAt: row.created_at,
  };
}
