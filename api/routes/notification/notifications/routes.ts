import { z } from 'zod';
import { markAllRead, markRead } from '../../../../db/commands/notification/inbox.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findNotification, listNotifications, type NotificationView } from '../../../../db/queries/notification/notifications.ts';
import { read } from '../../../../db/transact.ts';
import { databaseOf } from '../../../deps.ts';
import { type Access, type AnyRoute, route } from '../../../route.ts';
import { listOf, listQuery, toInstant } from '../../../schemas.ts';
import * as schema from './schema.ts';

const tag = 'notifications';

/** A line of the caller's own inbox; nobody else may see it. */
const own: Access<NotificationView> = {
  resource: 'notification',
  load: (deps, principal, params) => {
    const db = databaseOf(deps, 'notification');
    return findNotification((text, values) => read(db, text, values), principal.userId, params['notificationId'] ?? '');
  },
};

const list = route({
  service: 'notification',
  method: 'get',
  path: '/v1/notifications',
  operationId: 'listNotifications',
  tag,
  summary: 'Read my inbox',
  query: listQuery.extend({
    unread: z.enum(['true', 'false']).optional().meta({ description: 'Only lines that were not read, or only those that were.' }),
  }),
  answers: { 200: { description: 'The newest first.', schema: listOf(schema.notification) } },
  handle: async (request) => {
    const { unread } = request.query;
    const page = request.page(`notifications/${request.principal.userId}/${unread ?? ''}`);
    const wanted = unread === undefined ? undefined : unread === 'true';
    const rows = await listNotifications(request.read, request.principal.userId, wanted, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.createdAt, row.id], present) };
  },
});

const markOne = route({
  service: 'notification',
  method: 'post',
  path: '/v1/notifications/:notificationId/read',
  operationId: 'readNotification',
  tag,
  summary: 'Mark a line of my inbox as read',
  access: own,
  params: schema.notificationParams,
  answers: { 200: { description: 'The line; once read it keeps its time.', schema: schema.notification } },
  handle: (request) =>
    request.command(async (tx) => {
      await markRead(tx, request.principal.userId, request.resource.id);
      const line = await findNotification(tx.query, request.principal.userId, request.resource.id);
      return { status: 200, body: present(line ?? request.resource) };
    }),
});

const markAll = route({
  service: 'notification',
  method: 'post',
  path: '/v1/notifications/read-all',
  operationId: 'readAllNotifications',
  tag,
  summary: 'Mark my whole inbox as read',
  answers: { 200: { description: 'How many were unread.', schema: schema.readAll } },
  handle: (request) => request.command(async (tx) => ({ status: 200, body: { marked: await markAllRead(tx, request.principal.userId) } })),
});

/** Operations on the caller's inbox. */
export const notificationRoutes: readonly AnyRoute[] = [list, markAll, markOne];

function present(line: NotificationView): Record<string, unknown> {
  return { ...line, readAt: line.readAt === null ? null : toInstant(line.readAt), createdAt: toInstant(line.createdAt) };
}
