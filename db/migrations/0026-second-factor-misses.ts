import { Migration } from '@mikro-orm/migrations';

/** How many wrong codes of an app came in a row, so that they cannot be tried for ever. */
export class SecondFactorMisses extends Migration {
  override up(): void {
    this.addSql(
      'alter table "user".account add column totp_misses smallint not null default 0, add column totp_missed_at timestamptz null;',
    );
  }
}
