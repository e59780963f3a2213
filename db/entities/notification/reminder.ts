import { defineEntity, p } from '@mikro-orm/postgresql';

const schema = defineEntity({
  name: 'Reminder',
  schema: 'notification',
  tableName: 'reminder',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    memberId: p.uuid(),
    cadence: p.json<{
      firstAfterDays: number;
      everyDays: number;
      max: number;
      escalate: readonly ('inApp' | 'email' | 'push' | 'sms')[];
    }>(),
    state: p.text().default('active'),
    sent: p.integer().default(0),
    debtSince: p.datetime().columnType('timestamptz'),
    lastSentAt: p.datetime().columnType('timestamptz').nullable(),
    nextAt: p.datetime().columnType('timestamptz').nullable(),
    snoozedUntil: p.datetime().columnType('timestamptz').nullable(),
    createdBy: p.uuid(),
    version: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [{ name: 'reminder_group', properties: ['groupId', 'createdAt', 'id'] }],
  uniques: [{ name: 'reminder_one_live', properties: ['groupId', 'memberId'], where: "state in ('active', 'paused', 'snoozed')" }],
  checks: [{ name: 'reminder_state', expression: "state in ('active', 'paused', 'snoozed', 'stopped', 'done')" }],
});

/** The cadence that reminds one member of the debts in one group. */
export class Reminder extends schema.class {}
schema.setClass(Reminder);
