import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ExpenseInput } from '../../../domain/expense.ts';
import type { RecurrenceUnit } from '../../../domain/recurrence.ts';

const schema = defineEntity({
  name: 'RecurringRule',
  schema: 'expense',
  tableName: 'recurring_rule',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    expense: p.json<Omit<ExpenseInput, 'date'>>(),
    everyN: p.integer(),
    everyUnit: p.text().$type<RecurrenceUnit>(),
    startOn: p.string().columnType('date'),
    endOn: p.string().columnType('date').nullable(),
    endCount: p.integer().nullable(),
    noticeDays: p.integer().default(0),
    state: p.text().$type<'active' | 'paused' | 'ended'>().default('active'),
    used: p.integer().default(0),
    lastOn: p.string().columnType('date').nullable(),
    nextOn: p.string().columnType('date').nullable(),
    noticedOn: p.string().columnType('date').nullable(),
    problem: p.text().nullable(),
    createdBy: p.uuid(),
    version: p.integer().default(1),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'recurring_rule_group', properties: ['groupId', 'createdAt', 'id'] },
    { name: 'recurring_rule_due', properties: ['nextOn'], where: "state = 'active'" },
  ],
  checks: [
    { name: 'recurring_rule_state', expression: "state in ('active', 'paused', 'ended')" },
    { name: 'recurring_rule_next', expression: "state = 'ended' or next_on is not null" },
  ],
});

/**
 * An expense that is recorded again and again. `used`: slots that were recorded or skipped; `lastOn`: the day up to which slots are
 * settled; `nextOn`: the first slot after it; `noticedOn`: the slot that members were told of in advance; `problem`: the code
 * of the refusal that paused it.
 */
export class RecurringRule extends schema.class {}
schema.setClass(RecurringRule);
