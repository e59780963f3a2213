import { Migration } from '@mikro-orm/migrations';

/**
 * Lets a try be quarantined beside a newer one that is open: money that arrives late has to be kept, whatever its
 * transfer does meanwhile.
 */
export class QuarantinedTries extends Migration {
  override up(): void {
    this.addSql(SQL);
  }
}

const SQL = `
drop index payment.attempt_one_open;
create unique index attempt_one_open on payment.attempt (transfer_id)
  where state in ('created', 'sent', 'requires_action', 'awaiting_confirmation', 'unknown', 'captured');
create index attempt_quarantined on payment.attempt (transfer_id) where state = 'quarantined';
`;
