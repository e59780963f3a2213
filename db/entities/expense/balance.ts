import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Balance',
  schema: 'expense',
  tableName: 'balance',
  properties: {
    groupId: p.uuid().primary(),
    accountId: p.uuid().primary(),
    currency: p.string().columnType('char(3)').primary(),
    net: p.bigint('bigint').default(0),
    reserved: p.bigint('bigint').default(0),
  },
});

/** The running balance of one ledger account in one currency, kept in the transaction of each posting. `net` > 0: is owed. `reserved` is what open settlements will add to it. */
export class Balance extends schema.class {}
schema.setClass(Balance);
