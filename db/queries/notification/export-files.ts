import type { ExportFile } from '../../export-parts.ts';

/** Rows with a uuid `id`. */
const byId = (name: string, table: string, condition: string, row: string): ExportFile => ({
  name,
  sql: `select t.id::text as cursor, ${row} as row from notification.${table} t
    where ${condition} and t.id > coalesce(nullif($2, ''), '00000000-0000-0000-0000-000000000000')::uuid order by t.id limit $3`,
});

/** What the notification service knows of a person: what they were told, and who reminds them or is reminded by them. */
export const NOTIFICATION_EXPORT: readonly ExportFile[] = [
  byId(
    'inbox.json',
    'notification',
    't.user_id = $1',
    `jsonb_build_object('id', t.id, 'type', t.type, 'groupId', t.group_id, 'subjectId', t.subject_id, 'data', t.data, 'createdAt', t.created_at, 'readAt', t.read_at)`,
  ),
  byId(
    'messages.json',
    'delivery',
    't.recipient_id = $1',
    `jsonb_build_object('id', t.id, 'channel', t.channel, 'letter', t.template, 'subjectId', t.subject_id, 'groupId', t.group_id, 'state', t.state,
      'attempts', t.attempts, 'failure', t.failure, 'createdAt', t.created_at, 'sentAt', t.sent_at)`,
  ),
  byId(
    'reminders.json',
    'reminder',
    `(t.created_by = $1 or exists (select 1 from expense_pub.membership_v1 m where m.member_id = t.member_id and m.user_id = $1))`,
    `jsonb_build_object('id', t.id, 'groupId', t.group_id, 'memberId', t.member_id, 'cadence', t.cadence, 'state', t.state, 'sent', t.sent,
      'madeByMe', t.created_by = $1, 'createdAt', t.created_at)`,
  ),
];
