import { z } from 'zod';
import { COUNT_MAX, EVERY_MAX, RECURRENCE_UNITS } from '../../../../domain/recurrence.ts';
import { date, id, listOf } from '../../../schemas.ts';
import { createExpense } from '../expenses/schema.ts';

/** A month of notice: earlier, nobody remembers it. */
const NOTICE_DAYS_MAX = 30;

const template = createExpense
  .omit({ id: true, date: true })
  .extend({ date: date.optional().meta({ description: 'Has no effect: each slot is the date of its own expense.' }) })
  .meta({ id: 'RecurringTemplate' });

const every = z
  .strictObject({ n: z.int().min(1).max(EVERY_MAX), unit: z.enum(RECURRENCE_UNITS) })
  .meta({ id: 'Every', example: { n: 1, unit: 'month' } });

const end = z
  .union([
    z.strictObject({ date: date.meta({ description: 'The last day on which a slot may be.' }) }),
    z.strictObject({ count: z.int().min(1).max(COUNT_MAX).meta({ description: 'Slots in all; those that are skipped count.' }) }),
  ])
  .meta({ id: 'RecurrenceEnd' });

const start = date.meta({
  description:
    "The first slot, in the calendar of the group's zone, and the anchor of all others: a month's slot is on its day, or on the last day of a shorter month. At most 366 days in the past; slots until today are recorded at once.",
});
const noticeDays = z
  .int()
  .min(0)
  .max(NOTICE_DAYS_MAX)
  .meta({ description: 'Days before a slot on which members are told; 0 tells nobody.' });

export const createRecurring = z
  .strictObject({ id: id.optional(), expense: template, every, start, end: end.optional(), noticeDays: noticeDays.optional() })
  .meta({ id: 'NewRecurringExpense' });
export const updateRecurring = z
  .strictObject({ expense: template, every, start, end: end.nullable(), noticeDays })
  .partial()
  .meta({ id: 'RecurringExpenseChange' });
export const resumeRecurring = z.strictObject({
  catchUp: z.boolean().optional().meta({
    description:
      'Whether slots that passed meanwhile are recorded now. Where left out: those of a rule that was refused are, those of one that somebody paused are not.',
  }),
});
export const skipRecurring = z.strictObject({
  date: date.optional().meta({ description: 'A slot of the preview; the next one where left out.' }),
});

const instant = z.string().meta({ format: 'date-time' });

export const recurring = z
  .strictObject({
    id,
    groupId: id,
    expense: template.extend({ date: z.never().optional() }).meta({ id: 'RecurringExpenseTemplate' }),
    every,
    start: z.iso.date(),
    end: end.nullable(),
    noticeDays: z.int(),
    state: z.enum(['active', 'paused', 'ended']),
    nextOn: z.iso.date().nullable().meta({ description: 'Business day of the next slot.' }),
    nextAt: instant.nullable().meta({ description: "When that day begins in the group's zone; null while it is not active." }),
    recorded: z.int().meta({ description: 'Expenses recorded so far.' }),
    lastExpenseId: id.nullable(),
    problem: z.string().nullable().meta({ description: 'Code of the refusal that paused it, such as `member_not_active`.' }),
    createdBy: id,
    version: z.int(),
    createdAt: instant,
    updatedAt: instant,
    workflowId: z.string(),
  })
  .meta({ id: 'RecurringExpense' });

export const preview = listOf(z.strictObject({ date: z.iso.date(), at: instant }).meta({ id: 'RecurringSlot' }));

export const groupParams = z.strictObject({ groupId: id });
export const recurringParams = z.strictObject({ recurringId: id });
