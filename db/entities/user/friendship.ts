import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Friendship',
  schema: 'user',
  tableName: 'friendship',
  properties: {
    id: p.uuid().primary(),
    askerId: p.uuid(),
    askedEmail: p.text(),
    askedKey: p.text(),
    askedId: p.uuid().nullable(),
    state: p.text().default('pending'),
    unseen: p.boolean().default(false),
    ledgerId: p.uuid().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    acceptedAt: p.datetime().columnType('timestamptz').nullable(),
    closedAt: p.datetime().columnType('timestamptz').nullable(),
  },
  indexes: [
    { name: 'friendship_asker', properties: ['askerId', 'createdAt', 'id'] },
    { name: 'friendship_asked', properties: ['askedId', 'createdAt', 'id'] },
    { name: 'friendship_waiting', properties: ['askedKey'], where: "state = 'pending'" },
    {
      name: 'friendship_asked_once',
      expression: `create unique index "friendship_asked_once" on "user"."friendship" (asker_id, asked_key) where state = 'pending'`,
    },
    {
      name: 'friendship_one',
      expression: `create unique index "friendship_one" on "user"."friendship" (least(asker_id, asked_id), greatest(asker_id, asked_id)) where state = 'accepted'`,
    },
  ],
  checks: [
    { name: 'friendship_state', expression: "state in ('pending', 'accepted', 'declined', 'withdrawn', 'ended')" },
    {
      name: 'friendship_accepted',
      expression: "state in ('pending', 'declined', 'withdrawn') or accepted_at is not null",
    },
    { name: 'friendship_ledger', expression: 'accepted_at is null or ledger_id is not null' },
    { name: 'friendship_known', expression: 'accepted_at is null or asked_id is not null' },
    { name: 'friendship_of_two', expression: 'asked_id <> asker_id' },
  ],
});

/**
 * A request of one person to an address, and the friendship that it becomes. `askedId`: the account that has proved to own the
 * address. `unseen`: the asked one has blocked the asker, and is shown nothing. `ledgerId`: the group of the two in the expense service.
 */
export class Friendship extends schema.class {}
schema.setClass(Friendship);
