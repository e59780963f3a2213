import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Invitation',
  schema: 'expense',
  tableName: 'invitation',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    memberId: p.uuid().nullable(),
    email: p.text().nullable(),
    role: p.text(),
    createdBy: p.uuid(),
    expiresAt: p.datetime().columnType('timestamptz'),
    maxUses: p.integer(),
    uses: p.integer().default(0),
    revokedAt: p.datetime().columnType('timestamptz').nullable(),
    closedAt: p.datetime().columnType('timestamptz').nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'invitation_group', properties: ['groupId', 'createdAt'] },
    { name: 'invitation_member', properties: ['memberId'] },
    { name: 'invitation_maker', properties: ['createdBy', 'createdAt'] },
    {
      name: 'invitation_address',
      expression: 'create index "invitation_address" on "expense"."invitation" (lower(email), created_at) where email is not null',
    },
  ],
  checks: [{ name: 'invitation_uses', expression: 'uses >= 0 and uses <= max_uses' }],
});

/** A link that lets somebody join a group, or take over a member without an account. Its token is derived from the id. `closedAt`: when its expiry was noticed. */
export class Invitation extends schema.class {}
schema.setClass(Invitation);
