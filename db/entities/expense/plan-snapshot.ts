import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'PlanSnapshot',
  schema: 'expense',
  tableName: 'plan_snapshot',
  properties: {
    settlementId: p.uuid().primary(),
    groupId: p.uuid(),
    transfers: p.json<readonly { id: string; from: string; to: string; amount: string; currency: string }[]>(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
});

/** The plan that a settlement reserved, kept so that asking again gives the same transfers. */
export class PlanSnapshot extends schema.class {}
schema.setClass(PlanSnapshot);
