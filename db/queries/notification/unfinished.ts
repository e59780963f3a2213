/** Live reminders, outstanding wake-ups and messages that are due; see db/queries/unfinished.ts. */
export const UNFINISHED_NOTIFICATION = `
select 'reminderCadence' as process, r.group_id || '/' || r.member_id as key from notification.reminder r
where r.state in ('active', 'paused', 'snoozed') and r.updated_at < $1
union all
select 'delivery', d.recipient_id::text from (
  select w.recipient_id from notification.wake w where w.requested_at < $1
  union
  select p.recipient_id from notification.delivery p where p.state = 'pending' and p.due_at < $1) d`;
