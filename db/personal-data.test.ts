// Goal: no table comes in of which nobody has said what an erasure does to it. Method: the tables that there are against a list by hand.
import assert from 'node:assert/strict';
import { Client } from 'pg';
import { SERVICES } from '../config/env.ts';
import { testDatabaseUrl } from '../test/support/servers.ts';

/**
 * What an erasure does to each table; docs/privacy.md says why.
 *
 * - `gone`: rows of the person are deleted.
 * - `pseudonym`: the row stays, without what names the person.
 * - `words`: rows that others need stay, and the words that the person wrote are taken out of them.
 * - `ids`: nothing of a person but ids that lead to the pseudonym, with amounts, dates, states and codes.
 * - `passing`: the person's rows are gone by themselves within minutes, when what they are for has ended.
 * - `shared`: words of a group as a whole, which belong to it and not to who typed them.
 */
const ON_ERASURE: Readonly<Record<string, 'gone' | 'pseudonym' | 'words' | 'ids' | 'passing' | 'shared'>> = {
  'user.account': 'pseudonym',
  'user.session': 'pseudonym',
  'user.audit_event': 'pseudonym',
  'user.data_request': 'pseudonym',
  'user.friendship': 'pseudonym',
  'user.block': 'gone',
  'user.preference': 'gone',
  'user.recovery_code': 'gone',
  'user.mail_token': 'gone',
  'user.identity': 'gone',
  'user.identity_link': 'gone',
  'user.oauth_application': 'gone',
  'user.oauth_artifact': 'gone',
  'user.export_archive': 'gone',
  'user.idempotency': 'gone',
  'user.oidc_transaction': 'passing',
  'user.export_part': 'passing',
  'user.outbox': 'ids',
  'user.consumer_cursor': 'ids',
  'expense.member': 'pseudonym',
  'expense.change': 'words',
  'expense.expense': 'words',
  'expense.expense_version': 'words',
  'expense.comment': 'words',
  'expense.dispute': 'words',
  'expense.adjustment': 'words',
  'expense.import': 'words',
  'expense.recurring_rule': 'words',
  'expense.recurring_slot': 'ids',
  'expense.idempotency': 'gone',
  'expense.invitation': 'gone',
  'expense.receipt': 'gone',
  'expense.file_removal': 'passing',
  'expense.import_content': 'passing',
  'expense.export_part': 'passing',
  'expense.group_export': 'gone',
  'expense.group_export_part': 'gone',
  'expense.group': 'shared',
  'expense.category': 'shared',
  'expense.preset': 'shared',
  'expense.budget': 'ids',
  'expense.budget_alert': 'ids',
  'expense.approval_round': 'ids',
  'expense.approval_vote': 'ids',
  'expense.balance': 'ids',
  'expense.conversion': 'ids',
  'expense.converted_balance': 'ids',
  'expense.converted_line': 'ids',
  'expense.fx_rate': 'ids',
  'expense.imported_row': 'ids',
  'expense.member_merge': 'ids',
  'expense.member_merge_entry': 'ids',
  'expense.plan_snapshot': 'ids',
  'expense.posting': 'ids',
  'expense.posting_line': 'ids',
  'expense.reservation': 'ids',
  'expense.system_account': 'ids',
  'expense.outbox': 'ids',
  'expense.consumer_cursor': 'ids',
  'payment.payout_account': 'gone',
  'payment.idempotency': 'gone',
  'payment.export_part': 'passing',
  'payment.transfer': 'words',
  'payment.refund': 'words',
  'payment.attempt': 'ids',
  'payment.gateway_event': 'ids',
  'payment.payment': 'ids',
  'payment.settlement': 'ids',
  'payment.settlement_currency': 'ids',
  'payment.outbox': 'ids',
  'payment.consumer_cursor': 'ids',
  'notification.notification': 'gone',
  'notification.delivery': 'gone',
  'notification.wake': 'gone',
  'notification.idempotency': 'gone',
  'notification.export_part': 'passing',
  'notification.reminder': 'ids',
  'notification.outbox': 'ids',
  'notification.consumer_cursor': 'ids',
};

describe('personal data', () => {
  it('of every table it is said what an erasure does to it', async function () {
    this.timeout(60_000);
    const client = new Client({ connectionString: await testDatabaseUrl() });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>(
        `select table_schema || '.' || table_name as name from information_schema.tables
         where table_schema = any ($1) and table_type = 'BASE TABLE'`,
        [SERVICES],
      );
      assert.deepEqual(
        rows.map(({ name }) => name).toSorted(),
        Object.keys(ON_ERASURE).toSorted(),
        'say here what an erasure does to it, and do it in db/commands/<service>/erasure.ts',
      );
    } finally {
      await client.end();
    }
  });
});
