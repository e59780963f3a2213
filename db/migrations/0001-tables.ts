import { Migration } from '@mikro-orm/migrations';

/** Every table of the four services, as the entities in `db/entities/` describe them. */
export class Tables extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}

const SQL = `
create schema if not exists "user";
create schema if not exists "expense";
create schema if not exists "payment";
create schema if not exists "notification";
create table "user"."account" ("id" uuid not null, "email" text not null, "email_key" text not null, "email_verified_at" timestamptz null, "password_hash" text not null, "display_name" text not null, "locale" text not null, "time_zone" text not null, "default_currency" char(3) not null, "platform_role" text null, "state" text not null default 'active', "version" int not null default 1, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("id"));
alter table "user"."account" add constraint "account_email_key" unique ("email_key");
alter table "user"."account" add constraint "account_state" check (state in ('active', 'suspended', 'erased'));

create table "expense"."adjustment" ("id" uuid not null, "group_id" uuid not null, "entries" jsonb not null, "reason" text not null, "created_by" uuid not null, "posting_id" uuid not null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "adjustment_group" on "expense"."adjustment" ("group_id", "created_at");

create table "expense"."approval_round" ("expense_id" uuid not null, "version" int not null, "group_id" uuid not null, "mode" text not null, "quorum" int null, "voters" uuid[] not null, "outcome" text not null default 'waiting', "on_timeout" text not null, "due_at" timestamptz not null, "opened_at" timestamptz not null default now(), "closed_at" timestamptz null, primary key ("expense_id", "version"));
create index "approval_round_due" on "expense"."approval_round" ("due_at") where outcome = 'waiting';
alter table "expense"."approval_round" add constraint "approval_round_outcome" check (outcome in ('waiting', 'approved', 'rejected', 'expired', 'withdrawn', 'voided'));

create table "expense"."approval_vote" ("expense_id" uuid not null, "version" int not null, "member_id" uuid not null, "decision" text not null, "at" timestamptz not null default now(), primary key ("expense_id", "version", "member_id"));
alter table "expense"."approval_vote" add constraint "approval_vote_decision" check (decision in ('approved', 'rejected'));

create table "payment"."attempt" ("id" uuid not null, "transfer_id" uuid not null, "epoch" int not null, "gateway" text not null, "idempotency_key" text not null, "amount_minor" bigint not null, "currency" char(3) not null, "state" text not null default 'created', "gateway_ref" text null, "payment_method_ref" text null, "destination_ref" text null, "failure_code" text null, "kept_until" timestamptz null, "created_by" uuid null, "created_at" timestamptz not null default now(), "sent_at" timestamptz null, "updated_at" timestamptz not null default now(), primary key ("id"));
create index "attempt_gateway_ref" on "payment"."attempt" ("gateway", "gateway_ref");
alter table "payment"."attempt" add constraint "attempt_key" unique ("idempotency_key");
alter table "payment"."attempt" add constraint "attempt_epoch" unique ("transfer_id", "epoch");
create unique index "attempt_one_open" on "payment"."attempt" ("transfer_id") where state in ('created', 'sent', 'requires_action', 'awaiting_confirmation', 'unknown', 'quarantined', 'captured');
alter table "payment"."attempt" add constraint "attempt_amount" check (amount_minor > 0);
alter table "payment"."attempt" add constraint "attempt_state" check (state in ('created', 'sent', 'requires_action', 'awaiting_confirmation', 'captured', 'succeeded', 'declined', 'canceled', 'unknown', 'quarantined'));

create table "expense"."balance" ("group_id" uuid not null, "account_id" uuid not null, "currency" char(3) not null, "net" bigint not null default '0', "reserved" bigint not null default '0', primary key ("group_id", "account_id", "currency"));

create table "notification"."delivery" ("id" uuid not null, "recipient_id" uuid not null, "channel" text not null, "template" text not null, "subject_id" uuid not null, "group_id" uuid null, "data" jsonb not null default '{}', "event_id" uuid not null, "state" text not null default 'pending', "attempts" int not null default 0, "due_at" timestamptz not null default now(), "failure" text null, "provider_ref" text null, "sent_at" timestamptz null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("id"));
create index "delivery_due" on "notification"."delivery" ("recipient_id", "due_at") where state = 'pending';
alter table "notification"."delivery" add constraint "delivery_once" unique ("event_id", "recipient_id", "channel", "template");
alter table "notification"."delivery" add constraint "delivery_state" check (state in ('pending', 'sent', 'dead', 'suppressed'));

create table "expense"."expense" ("id" uuid not null, "group_id" uuid not null, "kind" text not null default 'expense', "state" text not null, "disputed" boolean not null default false, "description" text not null, "total_minor" bigint not null, "currency" char(3) not null, "date" date not null, "category" text null, "payers" jsonb not null, "split" jsonb not null, "shares" jsonb not null, "notes" text not null default '', "tags" text[] not null default '{}', "rate" jsonb null, "created_by" uuid not null, "version" int not null default 1, "pending_version" int null, "posting_id" uuid null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "deleted_at" timestamptz null, primary key ("id"));
create index "expense_group_created" on "expense"."expense" ("group_id", "created_at", "id");
create index "expense_group_date" on "expense"."expense" ("group_id", "date", "id");
alter table "expense"."expense" add constraint "expense_total" check (total_minor > 0);
alter table "expense"."expense" add constraint "expense_kind" check (kind in ('expense', 'income'));
alter table "expense"."expense" add constraint "expense_state" check (state in ('posted', 'pending', 'rejected', 'expired', 'withdrawn', 'deleted'));

create table "expense"."consumer_cursor" ("consumer" text not null, "source" text not null, "position" bigint not null default '0', "updated_at" timestamptz not null default now(), primary key ("consumer", "source"));

create table "expense"."idempotency" ("user_id" uuid not null, "key" text not null, "method" text not null, "path" text not null, "request_hash" text not null, "status" int null, "headers" jsonb null, "body" jsonb null, "secret" boolean not null default false, "created_at" timestamptz not null default now(), primary key ("user_id", "key", "method", "path"));
create index "expense_idempotency_created" on "expense"."idempotency" ("created_at");

create table "expense"."outbox" ("id" uuid not null, "seq" bigserial, "position" bigint null, "type" text not null, "group_id" uuid null, "subject_id" uuid not null, "actor_id" uuid null, "data" jsonb not null default '{}', "occurred_at" timestamptz not null default now(), "process" text null, "process_key" text null, "dispatch_after" timestamptz null, "dispatched_at" timestamptz null, primary key ("id"));
create index "expense_outbox_unpublished" on "expense"."outbox" ("seq") where position is null;
create index "expense_outbox_undispatched" on "expense"."outbox" ("dispatch_after") where process is not null and dispatched_at is null;
alter table "expense"."outbox" add constraint "expense_outbox_position" unique ("position");

create table "expense"."expense_version" ("expense_id" uuid not null, "version" int not null, "group_id" uuid not null, "change" text not null, "content" jsonb not null, "actor_member_id" uuid null, "at" timestamptz not null default now(), primary key ("expense_id", "version"));

create table "payment"."gateway_event" ("gateway" text not null, "event_id" text not null, "type" text not null, "object_ref" text not null, "received_at" timestamptz not null default now(), "processed_at" timestamptz null, primary key ("gateway", "event_id"));
create index "gateway_event_open" on "payment"."gateway_event" ("received_at") where processed_at is null;

create table "expense"."group" ("id" uuid not null, "name" text not null, "currency" char(3) not null, "time_zone" text not null, "state" text not null default 'active', "policy" jsonb not null, "version" int not null default 1, "created_by" uuid not null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "archived_at" timestamptz null, "deleted_at" timestamptz null, "purged_at" timestamptz null, primary key ("id"));
alter table "expense"."group" add constraint "group_state" check (state in ('active', 'archived', 'deleted'));

create table "expense"."invitation" ("id" uuid not null, "group_id" uuid not null, "member_id" uuid null, "email" text null, "role" text not null, "created_by" uuid not null, "expires_at" timestamptz not null, "max_uses" int not null, "uses" int not null default 0, "revoked_at" timestamptz null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "invitation_group" on "expense"."invitation" ("group_id", "created_at");
create index "invitation_member" on "expense"."invitation" ("member_id");
alter table "expense"."invitation" add constraint "invitation_uses" check (uses >= 0 and uses <= max_uses);

create table "user"."mail_token" ("id" uuid not null, "account_id" uuid not null, "purpose" text not null, "expires_at" timestamptz not null, "used_at" timestamptz null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "mail_token_account" on "user"."mail_token" ("account_id");
alter table "user"."mail_token" add constraint "mail_token_purpose" check (purpose in ('verify-email', 'reset-password'));

create table "expense"."member" ("id" uuid not null, "group_id" uuid not null, "user_id" uuid null, "display_name" text not null, "role" text not null, "weight" numeric(18,6) not null default '1', "unit_id" uuid null, "state" text not null default 'active', "version" int not null default 1, "created_at" timestamptz not null default now(), "left_at" timestamptz null, primary key ("id"));
create index "member_user" on "expense"."member" ("user_id");
create index "member_group" on "expense"."member" ("group_id");
alter table "expense"."member" add constraint "member_once" unique ("group_id", "user_id");
alter table "expense"."member" add constraint "member_role" check (role in ('owner', 'admin', 'editor', 'contributor', 'viewer'));
alter table "expense"."member" add constraint "member_state" check (state in ('active', 'left'));
alter table "expense"."member" add constraint "member_weight" check (weight >= 0);

create table "notification"."notification" ("id" uuid not null, "user_id" uuid not null, "type" text not null, "group_id" uuid null, "subject_id" uuid not null, "data" jsonb not null default '{}', "event_id" uuid not null, "read_at" timestamptz null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "notification_user" on "notification"."notification" ("user_id", "created_at", "id");
alter table "notification"."notification" add constraint "notification_once" unique ("event_id", "user_id", "type");

create table "notification"."consumer_cursor" ("consumer" text not null, "source" text not null, "position" bigint not null default '0', "updated_at" timestamptz not null default now(), primary key ("consumer", "source"));

create table "notification"."idempotency" ("user_id" uuid not null, "key" text not null, "method" text not null, "path" text not null, "request_hash" text not null, "status" int null, "headers" jsonb null, "body" jsonb null, "secret" boolean not null default false, "created_at" timestamptz not null default now(), primary key ("user_id", "key", "method", "path"));
create index "notification_idempotency_created" on "notification"."idempotency" ("created_at");

create table "notification"."outbox" ("id" uuid not null, "seq" bigserial, "position" bigint null, "type" text not null, "group_id" uuid null, "subject_id" uuid not null, "actor_id" uuid null, "data" jsonb not null default '{}', "occurred_at" timestamptz not null default now(), "process" text null, "process_key" text null, "dispatch_after" timestamptz null, "dispatched_at" timestamptz null, primary key ("id"));
create index "notification_outbox_unpublished" on "notification"."outbox" ("seq") where position is null;
create index "notification_outbox_undispatched" on "notification"."outbox" ("dispatch_after") where process is not null and dispatched_at is null;
alter table "notification"."outbox" add constraint "notification_outbox_position" unique ("position");

create table "payment"."payment" ("id" uuid not null, "transfer_id" uuid not null, "attempt_id" uuid not null, "group_id" uuid not null, "from_member_id" uuid not null, "to_member_id" uuid not null, "method" text not null, "amount_minor" bigint not null, "currency" char(3) not null, "refunded_minor" bigint not null default '0', "state" text not null default 'succeeded', "gateway_ref" text null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "payment_transfer" on "payment"."payment" ("transfer_id");
create index "payment_group" on "payment"."payment" ("group_id", "created_at", "id");
alter table "payment"."payment" add constraint "payment_attempt" unique ("attempt_id");
alter table "payment"."payment" add constraint "payment_amount" check (amount_minor > 0 and refunded_minor >= 0 and refunded_minor <= amount_minor);
alter table "payment"."payment" add constraint "payment_state" check (state in ('succeeded', 'partly_refunded', 'refunded', 'disputed'));

create table "payment"."consumer_cursor" ("consumer" text not null, "source" text not null, "position" bigint not null default '0', "updated_at" timestamptz not null default now(), primary key ("consumer", "source"));

create table "payment"."idempotency" ("user_id" uuid not null, "key" text not null, "method" text not null, "path" text not null, "request_hash" text not null, "status" int null, "headers" jsonb null, "body" jsonb null, "secret" boolean not null default false, "created_at" timestamptz not null default now(), primary key ("user_id", "key", "method", "path"));
create index "payment_idempotency_created" on "payment"."idempotency" ("created_at");

create table "payment"."outbox" ("id" uuid not null, "seq" bigserial, "position" bigint null, "type" text not null, "group_id" uuid null, "subject_id" uuid not null, "actor_id" uuid null, "data" jsonb not null default '{}', "occurred_at" timestamptz not null default now(), "process" text null, "process_key" text null, "dispatch_after" timestamptz null, "dispatched_at" timestamptz null, primary key ("id"));
create index "payment_outbox_unpublished" on "payment"."outbox" ("seq") where position is null;
create index "payment_outbox_undispatched" on "payment"."outbox" ("dispatch_after") where process is not null and dispatched_at is null;
alter table "payment"."outbox" add constraint "payment_outbox_position" unique ("position");

create table "payment"."payout_account" ("user_id" uuid not null, "gateway" text not null, "account_ref" text not null, "charges_enabled" boolean not null default false, "payouts_enabled" boolean not null default false, "details_submitted" boolean not null default false, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("user_id", "gateway"));
alter table "payment"."payout_account" add constraint "payout_account_ref" unique ("gateway", "account_ref");

create table "expense"."plan_snapshot" ("settlement_id" uuid not null, "group_id" uuid not null, "transfers" jsonb not null, "created_at" timestamptz not null default now(), primary key ("settlement_id"));

create table "expense"."posting" ("id" uuid not null, "group_id" uuid not null, "kind" text not null, "source_id" uuid not null, "source_version" int not null default 1, "reverses_id" uuid null, "occurred_on" date not null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "posting_group" on "expense"."posting" ("group_id", "created_at");
alter table "expense"."posting" add constraint "posting_source" unique ("source_id", "kind", "source_version");
alter table "expense"."posting" add constraint "posting_reverses_once" unique ("reverses_id");
alter table "expense"."posting" add constraint "posting_kind" check (kind in ('expense', 'transfer', 'refund', 'adjustment', 'reversal'));

create table "expense"."posting_line" ("posting_id" uuid not null, "account_id" uuid not null, "currency" char(3) not null, "group_id" uuid not null, "paid" bigint not null, "owed" bigint not null, primary key ("posting_id", "account_id", "currency"));
create index "posting_line_account" on "expense"."posting_line" ("group_id", "account_id", "currency");
alter table "expense"."posting_line" add constraint "posting_line_amounts" check (paid >= 0 and owed >= 0 and (paid > 0 or owed > 0));

create table "payment"."refund" ("id" uuid not null, "payment_id" uuid not null, "group_id" uuid not null, "amount_minor" bigint not null, "currency" char(3) not null, "reason" text not null, "state" text not null default 'requested', "idempotency_key" text not null, "gateway_ref" text null, "failure_code" text null, "requested_by" uuid null, "decided_by" uuid null, "approver_member_id" uuid null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "sent_at" timestamptz null, "ended_at" timestamptz null, primary key ("id"));
create index "refund_payment" on "payment"."refund" ("payment_id");
create index "refund_gateway_ref" on "payment"."refund" ("gateway_ref");
alter table "payment"."refund" add constraint "refund_key" unique ("idempotency_key");
alter table "payment"."refund" add constraint "refund_amount" check (amount_minor > 0);
alter table "payment"."refund" add constraint "refund_state" check (state in ('requested', 'approved', 'processing', 'succeeded', 'failed', 'unknown', 'rejected'));

create table "notification"."reminder" ("id" uuid not null, "group_id" uuid not null, "member_id" uuid not null, "cadence" jsonb not null, "state" text not null default 'active', "sent" int not null default 0, "debt_since" timestamptz not null, "last_sent_at" timestamptz null, "next_at" timestamptz null, "snoozed_until" timestamptz null, "created_by" uuid not null, "version" int not null default 1, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), primary key ("id"));
create index "reminder_group" on "notification"."reminder" ("group_id", "created_at", "id");
create unique index "reminder_one_live" on "notification"."reminder" ("group_id", "member_id") where state in ('active', 'paused', 'snoozed');
alter table "notification"."reminder" add constraint "reminder_state" check (state in ('active', 'paused', 'snoozed', 'stopped', 'done'));

create table "expense"."reservation" ("transfer_id" uuid not null, "settlement_id" uuid not null, "group_id" uuid not null, "from_member_id" uuid not null, "to_member_id" uuid not null, "currency" char(3) not null, "amount_minor" bigint not null, "created_at" timestamptz not null default now(), primary key ("transfer_id"));
create index "reservation_settlement" on "expense"."reservation" ("settlement_id");
create index "reservation_group" on "expense"."reservation" ("group_id");
alter table "expense"."reservation" add constraint "reservation_amount" check (amount_minor > 0);

create table "user"."session" ("id" uuid not null, "account_id" uuid not null, "generation" int not null default 1, "rotated_at" timestamptz not null default now(), "expires_at" timestamptz not null, "ended_at" timestamptz null, "end_reason" text null, "created_at" timestamptz not null default now(), primary key ("id"));
create index "session_account" on "user"."session" ("account_id");

create table "payment"."settlement" ("id" uuid not null, "group_id" uuid not null, "strategy" text not null, "currency" char(3) null, "method" text not null, "state" text not null default 'planning', "due_at" timestamptz not null, "origin" text not null default 'user', "cancel_requested_at" timestamptz null, "created_by" uuid null, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "planned_at" timestamptz null, "ended_at" timestamptz null, primary key ("id"));
create index "settlement_group" on "payment"."settlement" ("group_id", "created_at", "id");
alter table "payment"."settlement" add constraint "settlement_state" check (state in ('planning', 'collecting', 'settled', 'partly_settled', 'cancelled'));

create table "payment"."settlement_currency" ("settlement_id" uuid not null, "currency" char(3) not null, "group_id" uuid not null, "open" boolean not null default true, primary key ("settlement_id", "currency"));
create unique index "settlement_one_open" on "payment"."settlement_currency" ("group_id", "currency") where open;

create table "expense"."system_account" ("id" uuid not null, "group_id" uuid not null, "kind" text not null, primary key ("id"));
alter table "expense"."system_account" add constraint "system_account_kind" unique ("group_id", "kind");
alter table "expense"."system_account" add constraint "system_account_kind_known" check (kind in ('rounding', 'fees', 'conversion'));

create table "payment"."transfer" ("id" uuid not null, "settlement_id" uuid null, "group_id" uuid not null, "from_member_id" uuid not null, "to_member_id" uuid not null, "currency" char(3) not null, "amount_minor" bigint not null, "paid_minor" bigint not null default '0', "state" text not null default 'planned', "method" text not null, "failure_code" text null, "next_action" jsonb null, "date" date not null, "due_at" timestamptz not null, "created_by" uuid null, "version" int not null default 1, "created_at" timestamptz not null default now(), "updated_at" timestamptz not null default now(), "ended_at" timestamptz null, primary key ("id"));
create index "transfer_settlement" on "payment"."transfer" ("settlement_id");
create index "transfer_group" on "payment"."transfer" ("group_id", "created_at", "id");
create index "transfer_open" on "payment"."transfer" ("updated_at") where state in ('processing', 'unknown', 'awaiting_confirmation');
alter table "payment"."transfer" add constraint "transfer_amount" check (amount_minor > 0 and paid_minor >= 0 and paid_minor <= amount_minor);
alter table "payment"."transfer" add constraint "transfer_parties" check (from_member_id <> to_member_id);
alter table "payment"."transfer" add constraint "transfer_state" check (state in ('planned', 'processing', 'awaiting_confirmation', 'succeeded', 'failed', 'unknown', 'quarantined', 'disputed', 'cancelled'));

create table "user"."consumer_cursor" ("consumer" text not null, "source" text not null, "position" bigint not null default '0', "updated_at" timestamptz not null default now(), primary key ("consumer", "source"));

create table "user"."idempotency" ("user_id" uuid not null, "key" text not null, "method" text not null, "path" text not null, "request_hash" text not null, "status" int null, "headers" jsonb null, "body" jsonb null, "secret" boolean not null default false, "created_at" timestamptz not null default now(), primary key ("user_id", "key", "method", "path"));
create index "user_idempotency_created" on "user"."idempotency" ("created_at");

create table "user"."outbox" ("id" uuid not null, "seq" bigserial, "position" bigint null, "type" text not null, "group_id" uuid null, "subject_id" uuid not null, "actor_id" uuid null, "data" jsonb not null default '{}', "occurred_at" timestamptz not null default now(), "process" text null, "process_key" text null, "dispatch_after" timestamptz null, "dispatched_at" timestamptz null, primary key ("id"));
create index "user_outbox_unpublished" on "user"."outbox" ("seq") where position is null;
create index "user_outbox_undispatched" on "user"."outbox" ("dispatch_after") where process is not null and dispatched_at is null;
alter table "user"."outbox" add constraint "user_outbox_position" unique ("position");

create table "notification"."wake" ("recipient_id" uuid not null, "requested_at" timestamptz not null default now(), primary key ("recipient_id"));
`;
