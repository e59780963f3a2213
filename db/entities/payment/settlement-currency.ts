import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'SettlementCurrency',
  schema: 'payment',
  tableName: 'settlement_currency',
  properties: {
    settlementId: p.uuid().primary(),
    currency: p.string().columnType('char(3)').primary(),
    groupId: p.uuid(),
    open: p.boolean().default(true),
  },
  uniques: [{ name: 'settlement_one_open', properties: ['groupId', 'currency'], where: 'open' }],
});

/** A currency that a settlement settles. At most one open settlement per group and currency. */
export class SettlementCurrency extends schema.class {}
schema.setClass(SettlementCurrency);
