import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Conversion',
  schema: 'expense',
  tableName: 'conversion',
  properties: {
    postingId: p.uuid().primary(),
    currency: p.string().columnType('char(3)').primary(),
    groupId: p.uuid(),
    perGroupCurrency: p.string().columnType('numeric(30,18)'),
    source: p.text(),
    publishedOn: p.string().columnType('date').nullable(),
  },
  checks: [{ name: 'conversion_above_zero', expression: 'per_group_currency > 0' }],
});

/** The rate at which a posting in another currency counts in its group's own. Append-only, like the posting. */
export class Conversion extends schema.class {}
schema.setClass(Conversion);
