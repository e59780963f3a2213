import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Settlement',
  schema: 'payment',
  tableName: 'settlement',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    strategy: p.text(),
    currency: p.string().columnType('char(3)').nullable(),
    method: p.text(),
    state: p.text().default('planning'),
    dueAt: p.datetime().columnType('timestamptz'),
    origin: p.text().default('user'),
    hubMemberId: p.uuid().nullable(),
    dueNoticedAt: p.datetime().columnType('timestamptz').nullable(),
    cancelRequestedAt: p.datetime().columnType('timestamptz').nullable(),
    createdBy: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    plannedAt: p.datetime().columnType('timestamptz').nullable(),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'settlement_group', properties: ['groupId', 'createdAt', 'id'] },
    { name: 'settlement_open', properties: ['id'], where: 'ended_at is null' },
  ],
  checks: [{ name: 'settlement_state', expression: "state in ('planning', 'collecting', 'settled', 'partly_settled', 'cancelled')" }],
});

/** A plan being paid. Its currencies are listed in `settlement_currency`, open ones unique per group. */
export class Settlement extends schema.class {}
schema.setClass(Settlement);
