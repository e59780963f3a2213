import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Reservation',
  schema: 'expense',
  tableName: 'reservation',
  properties: {
    transferId: p.uuid().primary(),
    settlementId: p.uuid(),
    groupId: p.uuid(),
    fromMemberId: p.uuid(),
    toMemberId: p.uuid(),
    currency: p.string().columnType('char(3)'),
    amountMinor: p.bigint('bigint'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'reservation_settlement', properties: ['settlementId'] },
    { name: 'reservation_group', properties: ['groupId'] },
  ],
  checks: [{ name: 'reservation_amount', expression: 'amount_minor > 0' }],
});

/** What a transfer of an open settlement will move, held back from other plans until it is posted or released. */
export class Reservation extends schema.class {}
schema.setClass(Reservation);
