import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'PayoutAccount',
  schema: 'payment',
  tableName: 'payout_account',
  properties: {
    userId: p.uuid().primary(),
    gateway: p.text().primary(),
    accountRef: p.text(),
    chargesEnabled: p.boolean().default(false),
    payoutsEnabled: p.boolean().default(false),
    detailsSubmitted: p.boolean().default(false),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [{ name: 'payout_account_ref', properties: ['gateway', 'accountRef'] }],
});

/** Where a user receives money at a gateway. */
export class PayoutAccount extends schema.class {}
schema.setClass(PayoutAccount);
