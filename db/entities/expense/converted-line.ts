import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'ConvertedLine',
  schema: 'expense',
  tableName: 'converted_line',
  properties: {
    postingId: p.uuid().primary(),
    accountId: p.uuid().primary(),
    currency: p.string().columnType('char(3)').primary(),
    groupId: p.uuid(),
    net: p.bigint('bigint'),
    converted: p.bigint('bigint'),
  },
});

/** One account's part of a posting in another currency: what it is there, and in minor units of the group's. Both sum to zero per posting. */
export class ConvertedLine extends schema.class {}
schema.setClass(ConvertedLine);
