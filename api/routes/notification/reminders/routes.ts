import { changeReminder, createReminder, lockReminder, type ReminderChange } from '../../../../db/commands/notification/reminders.ts';
import { toPage } from '../../../../db/cursor.ts';
import {
  findReminder,
  findReminderAccess,
  listReminders,
  type ReminderAccess,
  type ReminderView,
} from '../../../../db/queries/notification/reminders.ts';
import type { Tx } from '../../../../db/transact.ts';
import { workflowId } from '../../../../domain/events.ts';
import { hasStanding } from '../../../../domain/standing.ts';
import { groupAccess } from '../../../access.ts';
import { databaseOf } from '../../../deps.ts';
import { type Policy, standingOf } from '../../../policy.ts';
import { etag } from '../../../request.ts';
import { type Access, type AnyRoute, type Answer, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'reminders';

/** A reminder of a group of the caller's. The policy names who of its members may act. */
function reminderAccess(policy: Policy): Access<ReminderAccess> {
  const standing = standingOf(policy);
  return {
    resource: 'reminder',
    load: (deps, principal, params) => findReminderAccess(databaseOf(deps, 'notification'), params['reminderId'] ?? '', principal.userId),
    permit: ({ role, isCreator, isDebtor }) =>
      hasStanding(standing, role, (relation) => (relation === 'maker' && isCreator) || (relation === 'debtor' && isDebtor)),
  };
}

const create = route({
  service: 'notification',
  method: 'post',
  path: '/v1/groups/:groupId/reminders',
  operationId: 'createReminder',
  tag,
  summary: 'Remind a member of their debts',
  description:
    'For members who are owed something, and editors of the group. The cadence counts from now; a `reminderCadence` workflow reads the debt before each reminder and ends when it is gone.',
  access: groupAccess,
  params: schema.groupParams,
  body: schema.createReminder,
  answers: { 201: { description: 'The reminder.', schema: schema.reminder, headers: ['ETag', 'Location'] } },
  problems: [403, 409],
  handle: (request) => request.command(async (tx) => answer(tx.query, await createReminder(tx, request.resource, request.body), 201)),
});

const list = route({
  service: 'notification',
  method: 'get',
  path: '/v1/groups/:groupId/reminders',
  operationId: 'listReminders',
  tag,
  summary: 'List reminders of a group',
  access: groupAccess,
  params: schema.groupParams,
  query: listQuery,
  answers: { 200: { description: 'Live and ended ones, the newest first.', schema: listOf(schema.reminder) } },
  handle: async (request) => {
    const page = request.page(`reminders/${request.params.groupId}`);
    const rows = await listReminders(request.read, request.params.groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const get = route({
  service: 'notification',
  method: 'get',
  path: '/v1/reminders/:reminderId',
  operationId: 'getReminder',
  tag,
  summary: 'Read a reminder',
  access: reminderAccess,
  params: schema.reminderParams,
  answers: { 200: { description: 'The reminder.', schema: schema.reminder, headers: ['ETag'] } },
  handle: (request) => answer(request.read, request.resource.id, 200),
});

const update = route({
  service: 'notification',
  method: 'patch',
  path: '/v1/reminders/:reminderId',
  operationId: 'updateReminder',
  tag,
  summary: 'Change the cadence of a reminder',
  access: reminderAccess,
  precondition: true,
  params: schema.reminderParams,
  body: schema.updateReminder,
  answers: { 200: { description: 'The changed reminder.', schema: schema.reminder, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command((tx) =>
      changed(tx, request.resource.id, request.principal.userId, { kind: 'cadence', cadence: request.body.cadence }, (version) =>
        request.checkVersion(version),
      ),
    ),
});

const stop = route({
  service: 'notification',
  method: 'delete',
  path: '/v1/reminders/:reminderId',
  operationId: 'stopReminder',
  tag,
  summary: 'Stop a reminder',
  description: 'It stays readable as `stopped`.',
  access: reminderAccess,
  precondition: true,
  params: schema.reminderParams,
  answers: { 204: { description: 'It is stopped.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      await changed(tx, request.resource.id, request.principal.userId, { kind: 'stop' }, (version) => request.checkVersion(version));
      return { status: 204 };
    }),
});

const pause = route({
  service: 'notification',
  method: 'post',
  path: '/v1/reminders/:reminderId/pause',
  operationId: 'pauseReminder',
  tag,
  summary: 'Pause a reminder until it is resumed',
  access: reminderAccess,
  params: schema.reminderParams,
  answers: { 200: { description: 'The paused reminder.', schema: schema.reminder, headers: ['ETag'] } },
  problems: [409],
  handle: (request) => request.command((tx) => changed(tx, request.resource.id, request.principal.userId, { kind: 'pause' })),
});

const resume = route({
  service: 'notification',
  method: 'post',
  path: '/v1/reminders/:reminderId/resume',
  operationId: 'resumeReminder',
  tag,
  summary: 'Go on with a paused or snoozed reminder',
  access: reminderAccess,
  params: schema.reminderParams,
  answers: { 200: { description: 'The active reminder.', schema: schema.reminder, headers: ['ETag'] } },
  problems: [409],
  handle: (request) => request.command((tx) => changed(tx, request.resource.id, request.principal.userId, { kind: 'resume' })),
});

const snooze = route({
  service: 'notification',
  method: 'post',
  path: '/v1/reminders/:reminderId/snooze',
  operationId: 'snoozeReminder',
  tag,
  summary: 'Put a reminder off',
  description: 'The debtor may do this too.',
  access: reminderAccess,
  params: schema.reminderParams,
  body: schema.snooze,
  answers: { 200: { description: 'The snoozed reminder.', schema: schema.reminder, headers: ['ETag'] } },
  problems: [409],
  handle: (request) =>
    request.command((tx) => changed(tx, request.resource.id, request.principal.userId, { kind: 'snooze', untilIso: request.body.until })),
});

/** Operations on reminders. */
export const reminderRoutes: readonly AnyRoute[] = [create, list, get, update, stop, pause, resume, snooze];

async function changed(
  tx: Tx,
  reminderId: string,
  userId: string,
  change: ReminderChange,
  check?: (version: number) => void,
): Promise<Answer> {
  const reminder = await lockReminder(tx, reminderId);
  check?.(reminder.version);
  await changeReminder(tx, reminder, userId, change);
  return answer(tx.query, reminderId, 200);
}

async function answer(query: Tx['query'], reminderId: string, status: number): Promise<Answer> {
  const reminder = await findReminder(query, reminderId);
  if (reminder === null) throw new Error(`reminder ${reminderId} vanished within its own request`);
  const headers: Record<string, string> = { ETag: etag(reminder.version) };
  if (status === 201) headers['Location'] = `/v1/reminders/${reminderId}`;
  return { status, headers, body: present(reminder) };
}

function present(reminder: ReminderView): Record<string, unknown> {
  const instantOf = (value: string | null): string | null => (value === null ? null : toInstant(value));
  return {
    ...reminder,
    nextAt: instantOf(reminder.nextAt),
    snoozedUntil: instantOf(reminder.snoozedUntil),
    createdAt: toInstant(reminder.createdAt),
    workflowId: workflowId('reminderCadence', `${reminder.groupId}/${reminder.memberId}`),
  };
}
