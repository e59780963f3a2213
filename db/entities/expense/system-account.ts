import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'SystemAccount',
  schema: 'expense',
  tableName: 'system_account',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    kind: p.text(),
  },
  uniques: [{ name: 'system_account_kind', properties: ['groupId', 'kind'] }],
  checks: [{ name: 'system_account_kind_known', expression: "kind in ('rounding', 'fees', 'conversion')" }],
});

/** A ledger account of a group that belongs to no member: what rounding, fees and conversions leave. */
export class SystemAccount extends schema.class {}
schema.setClass(SystemAccount);
