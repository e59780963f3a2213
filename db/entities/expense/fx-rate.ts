import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'FxRate',
  schema: 'expense',
  tableName: 'fx_rate',
  properties: {
    source: p.text().primary(),
    currency: p.string().columnType('char(3)').primary(),
    publishedOn: p.string().columnType('date').primary(),
    revision: p.integer().primary(),
    perEuro: p.string().columnType('numeric(30,18)'),
    fetchedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  checks: [{ name: 'fx_rate_above_zero', expression: 'per_euro > 0 and revision > 0' }],
});

/** What one euro buys of a currency, as published for a business day. Append-only: a correction is a new revision, the highest one counts. */
export class FxRate extends schema.class {}
schema.setClass(FxRate);
