import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'MemberMergeEntry',
  schema: 'expense',
  tableName: 'member_merge_entry',
  properties: {
    mergeId: p.uuid().primary(),
    kind: p.text().primary(),
    sourceId: p.uuid().primary(),
    versionBefore: p.integer(),
    versionAfter: p.integer(),
    postingBefore: p.uuid().nullable(),
    postingAfter: p.uuid().nullable(),
    entriesBefore: p.json<readonly { memberId: string; money: { amount: string; currency: string } }[]>().nullable(),
  },
  checks: [{ name: 'member_merge_entry_kind', expression: "kind in ('expense', 'transfer', 'refund', 'adjustment')" }],
});

/** One thing that a merge moved: its version, or its posting's, before and after; of an adjustment its entries too. */
export class MemberMergeEntry extends schema.class {}
schema.setClass(MemberMergeEntry);
