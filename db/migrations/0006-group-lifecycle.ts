import { Migration } from '@mikro-orm/migrations';

/** What the lifecycle of a group notes in its rows: that its owner was told of its idleness, that an expiry was noticed. */
export class GroupLifecycle extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}

const SQL = `
alter table expense."group" add column nudged_at timestamptz null;
alter table expense.invitation add column closed_at timestamptz null;
`;
