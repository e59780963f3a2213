import { Migration } from '@mikro-orm/migrations';

/** The day before which nothing of a group changes any more. */
export class PeriodLock extends Migration {
  override up(): void {
    this.addSql('alter table expense."group" add column locked_until date null;');
    this.addSql(`create or replace view expense_pub.group_v1 as
      select id, name, currency, time_zone, state, policy, version, created_at, locked_until from expense."group";`);
  }
}
