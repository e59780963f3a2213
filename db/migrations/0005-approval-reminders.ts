import { Migration } from '@mikro-orm/migrations';

/** When the voters of a round were reminded, so that they are reminded once. */
export class ApprovalReminders extends Migration {
  override up(): void {
    this.addSql('alter table expense.approval_round add column reminded_at timestamptz null;');
  }
}
