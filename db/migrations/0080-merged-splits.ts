import { Migration } from '@mikro-orm/migrations';

/** What the splits of a group said before a merge, so that an undo can say it again. */
export class MergedSplits extends Migration {
  override up(): void {
    this.addSql(`alter table "expense"."member_merge" add column "splits" jsonb not null default '[]';`);
  }
}
