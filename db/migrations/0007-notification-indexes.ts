import { Migration } from '@mikro-orm/migrations';

/** What a recipient has pending or dead, and what a user has not read, found without passing over everything before it. */
export class NotificationIndexes extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}

const SQL = `
create index delivery_open on notification.delivery (recipient_id, due_at) where state in ('pending', 'dead');
drop index notification.delivery_due;
create index delivery_pending on notification.delivery (due_at) where state = 'pending';
create index notification_unread on notification.notification (user_id, created_at, id) where read_at is null;
`;
