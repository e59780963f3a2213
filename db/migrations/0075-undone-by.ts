import { Migration } from '@mikro-orm/migrations';

/** Who asked for the undo of an import: it is their act, not that of whoever imported. */
export class UndoneBy extends Migration {
  override up(): void {
    this.addSql('alter table "expense"."import" add column "undo_by" uuid null;');
  }
}
