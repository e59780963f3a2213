import { Migration } from '@mikro-orm/migrations';

/**
 * What tables alone cannot say: a posting's lines sum to zero, ledger rows are never changed, foreign keys within a
 * schema, and the wake-up of the relay.
 */
export class LedgerGuards extends Migration {
  override up(): void {
    this.addSql(LEDGER);
    this.addSql(FOREIGN_KEYS);
    this.addSql(STORAGE);
    for (const schema of ['"user"', 'expense', 'payment', 'notification']) this.addSql(outboxWakeUp(schema));
  }
}

// The check runs once per statement over a transition table: a deferred trigger per line costs 15-25 % of the hot
// statement, this nothing that could be measured. So all lines of a posting have to come in one statement.
const LEDGER = `
create function expense.check_posting_lines() returns trigger language plpgsql as $$
begin
  if exists (select 1 from new_lines group by posting_id, currency having sum(paid) <> sum(owed)) then
    raise exception 'a posting does not sum to zero' using errcode = 'check_violation', constraint = 'posting_sums_to_zero';
  end if;
  return null;
end $$;
create trigger posting_sums_to_zero after insert on expense.posting_line
  referencing new table as new_lines for each statement execute function expense.check_posting_lines();

create function expense.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'ledger rows are append-only: % on % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger posting_append_only before update or delete or truncate on expense.posting for each statement execute function expense.refuse_change();
create trigger posting_line_append_only before update or delete or truncate on expense.posting_line for each statement execute function expense.refuse_change();
`;

// Only where rows are few or change seldom: on the ledger's hot tables the command's own checks and the append-only
// triggers do the work without a lookup per row.
const FOREIGN_KEYS = `
alter table "user".session add constraint session_account_fk foreign key (account_id) references "user".account (id);
alter table "user".mail_token add constraint mail_token_account_fk foreign key (account_id) references "user".account (id);
alter table expense.member add constraint member_group_fk foreign key (group_id) references expense."group" (id);
alter table expense.invitation add constraint invitation_group_fk foreign key (group_id) references expense."group" (id);
alter table expense.system_account add constraint system_account_group_fk foreign key (group_id) references expense."group" (id);
alter table payment.settlement_currency add constraint settlement_currency_fk foreign key (settlement_id) references payment.settlement (id);
alter table payment.transfer add constraint transfer_settlement_fk foreign key (settlement_id) references payment.settlement (id);
alter table payment.attempt add constraint attempt_transfer_fk foreign key (transfer_id) references payment.transfer (id);
alter table payment.payment add constraint payment_transfer_fk foreign key (transfer_id) references payment.transfer (id);
alter table payment.payment add constraint payment_attempt_fk foreign key (attempt_id) references payment.attempt (id);
alter table payment.refund add constraint refund_payment_fk foreign key (payment_id) references payment.payment (id);
`;

// Rows that are updated in place keep room on their page, so that an update stays there (HOT) and needs no new index entry.
const STORAGE = `
alter table expense.balance set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
alter table "user".outbox set (fillfactor = 70);
alter table expense.outbox set (fillfactor = 70);
alter table payment.outbox set (fillfactor = 70);
alter table notification.outbox set (fillfactor = 70);
`;

function outboxWakeUp(schema: string): string {
  const channel = `outbox_${schema.replaceAll('"', '')}`;
  return `
create sequence ${schema}.outbox_position;
create function ${schema}.wake_relay() returns trigger language plpgsql as $$
begin
  perform pg_notify('${channel}', '');
  return null;
end $$;
create trigger outbox_wakes_relay after insert on ${schema}.outbox for each statement execute function ${schema}.wake_relay();
`;
}
