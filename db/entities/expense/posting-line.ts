import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'PostingLine',
  schema: 'expense',
  tableName: 'posting_line',
  properties: {
    postingId: p.uuid().primary(),
    accountId: p.uuid().primary(),
    currency: p.string().columnType('char(3)').primary(),
    groupId: p.uuid(),
    paid: p.bigint('bigint'),
    owed: p.bigint('bigint'),
  },
  indexes: [{ name: 'posting_line_account', properties: ['groupId', 'accountId', 'currency'] }],
  checks: [{ name: 'posting_line_amounts', expression: 'paid >= 0 and owed >= 0 and (paid > 0 or owed > 0)' }],
});

/** One line of a posting: what an account paid and owes, in minor units of one currency. The lines of a posting sum to zero per currency. */
export class PostingLine extends schema.class {}
schema.setClass(PostingLine);
