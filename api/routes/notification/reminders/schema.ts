import { z } from 'zod';
import { CADENCE_DAYS_MAX } from '../../../../domain/reminder.ts';
import { id, instant } from '../../../schemas.ts';

/** Reminders of one cadence; above it, daily, they are a nuisance. */
const REMINDERS_MAX = 50;
/** Channels that are built; `push` and `sms` come with theirs. */
const CHANNELS = ['inApp', 'email'] as const;

export const cadence = z
  .strictObject({
    firstAfterDays: z.int().min(0).max(CADENCE_DAYS_MAX).meta({ description: 'Days from now to the first reminder.', example: 3 }),
    everyDays: z.int().min(1).max(CADENCE_DAYS_MAX).meta({ example: 7 }),
    max: z.int().min(1).max(REMINDERS_MAX).meta({ description: 'Reminders in all.', example: 5 }),
    escalate: z
      .array(z.enum(CHANNELS))
      .min(1)
      .max(4)
      .meta({
        description: 'Channel of each reminder in turn; the last one repeats. Without a verified address `email` falls back to `inApp`.',
        example: ['inApp', 'email'],
      }),
  })
  .meta({ id: 'ReminderCadence' });

export const reminder = z
  .strictObject({
    id,
    groupId: id,
    memberId: id,
    state: z.enum(['active', 'paused', 'snoozed', 'stopped', 'done']),
    sent: z.int(),
    nextAt: z.string().nullable().meta({ description: 'When the next reminder goes out, if the debt is still there.' }),
    snoozedUntil: z.string().nullable(),
    cadence,
    version: z.int(),
    createdAt: z.string(),
    workflowId: z.string(),
  })
  .meta({ id: 'Reminder' });

export const createReminder = z.strictObject({ id: id.optional(), memberId: id, cadence });
export const updateReminder = z.strictObject({ cadence });
export const snooze = z.strictObject({ until: instant.meta({ description: 'Within the next 90 days.' }) });

export const groupParams = z.strictObject({ groupId: id });
export const reminderParams = z.strictObject({ reminderId: id });
