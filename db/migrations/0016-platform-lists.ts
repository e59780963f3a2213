import { Migration } from '@mikro-orm/migrations';

/** Indexes for the lists of the platform's own people. */
export class PlatformLists extends Migration {
  override up(): void {
    this.addSql('create index account_created on "user".account (created_at, id);');
    this.addSql(`create index account_name on "user".account (lower(display_name) text_pattern_ops);`);
    this.addSql('create index audit_event_at on "user".audit_event (at, id);');
  }
}
