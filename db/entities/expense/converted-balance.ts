import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ConvertedBalance',
  schema: 'expense',
  tableName: 'converted_balance',
  properties: {
    groupId: p.uuid().primary(),
    accountId: p.uuid().primary(),
    currency: p.string().columnType('char(3)').primary(),
    net: p.bigint('bigint').default(0),
    converted: p.bigint('bigint').default(0),
  },
});

/** The running sums of an account's converted lines in one currency, kept in the transaction of each posting. What `balance` has above `net` has no rate. */
export class ConvertedBalance extends schema.class {}
schema.setClass(ConvertedBalance);
