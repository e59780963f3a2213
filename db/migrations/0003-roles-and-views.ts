import { Migration } from '@mikro-orm/migrations';
import { PUBLISHED_VIEWS } from '../views/published.ts';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** The published views, one database role per service, and what each role may do. */
export class RolesAndViews extends Migration {
  override up(): void {
    this.addSql(PUBLISHED_VIEWS);
    for (const service of SERVICES) this.addSql(roleOf(service));
    this.addSql(APPEND_ONLY);
  }
}

// Roles belong to the whole cluster, so another database of it may have made them already, or be making them now.
function roleOf(service: string): string {
  const role = `safesplitx_${service}`;
  const schema = `"${service}"`;
  return `
do $$ begin
  create role ${role} nologin;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ begin
  if not pg_has_role(current_user, '${role}', 'set') then execute format('grant ${role} to %I', current_user); end if;
end $$;
grant usage on schema ${schema}, user_pub, expense_pub, payment_pub, notification_pub to ${role};
grant select, insert, update, delete on all tables in schema ${schema} to ${role};
grant usage, select on all sequences in schema ${schema} to ${role};
grant select on all tables in schema user_pub, expense_pub, payment_pub, notification_pub to ${role};
`;
}

const APPEND_ONLY = `
revoke update, delete, truncate on expense.posting, expense.posting_line from safesplitx_expense;
`;
