import { Migration } from '@mikro-orm/migrations';

/** Categories that an import adds to those of its group's own. */
export class ImportedCategories extends Migration {
  override up(): void {
    this.addSql(`alter table "expense"."import" add column "new_categories" text[] not null default '{}';`);
  }
}
