import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Posting',
  schema: 'expense',
  tableName: 'posting',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    kind: p.text(),
    sourceId: p.uuid(),
    sourceVersion: p.integer().default(1),
    reversesId: p.uuid().nullable(),
    occurredOn: p.string().columnType('date'),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'posting_group', properties: ['groupId', 'createdAt'] }],
  uniques: [
    { name: 'posting_source', properties: ['sourceId', 'kind', 'sourceVersion'] },
    { name: 'posting_reverses_once', properties: ['reversesId'] },
  ],
  checks: [{ name: 'posting_kind', expression: "kind in ('expense', 'transfer', 'refund', 'adjustment', 'reversal')" }],
});

/** A balanced entry of the ledger. Append-only: corrected by a reversal, never changed. */
export class Posting extends schema.class {}
schema.setClass(Posting);
