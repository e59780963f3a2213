import { z } from 'zod';
import { AUDIT_ACTIONS, type AuditAction } from '../../../../db/commands/user/audit.ts';
import { toPage } from '../../../../db/cursor.ts';
import { type AuditView, listAudit } from '../../../../db/queries/user/audit.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { id, instant, listOf, listQuery, toInstant, withBounds } from '../../../schemas.ts';

const ACTIONS = Object.keys(AUDIT_ACTIONS) as [AuditAction, ...AuditAction[]];

const auditEvent = z
  .strictObject({
    id,
    at: z.string(),
    action: z.string(),
    outcome: z.enum(['succeeded', 'refused']),
    actorId: id.nullable(),
    subjectId: id.nullable(),
    sessionId: id.nullable(),
    address: z.string().nullable().meta({ description: 'Network address of the caller.' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'Ids, states and reasons, by action.' }),
  })
  .meta({ id: 'AuditEvent' });

const list = route({
  service: 'user',
  method: 'get',
  path: '/v1/audit',
  operationId: 'listAudit',
  tag: 'operations',
  summary: 'Read the log of security events',
  query: withBounds(
    listQuery.extend({
      action: z.enum(ACTIONS).optional(),
      outcome: z.enum(['succeeded', 'refused']).optional(),
      actor: id.optional().meta({ description: 'Who acted.' }),
      subject: id.optional().meta({ description: 'Whom it concerned.' }),
      from: instant.optional(),
      to: instant.optional().meta({ description: 'Not included.' }),
    }),
  ),
  answers: { 200: { description: 'The newest first.', schema: listOf(auditEvent) } },
  problems: [422],
  handle: async (request) => {
    const { action, outcome, actor, subject, from, to } = request.query;
    const page = request.page(`audit/${JSON.stringify([action, outcome, actor, subject, from, to])}`);
    const rows = await listAudit(request.read, { action, outcome, actorId: actor, subjectId: subject, from, to }, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.at, row.id], present) };
  },
});

/** Operations on the log of security events. */
export const auditRoutes: readonly AnyRoute[] = [list];

function present(event: AuditView): Record<string, unknown> {
  return { ...event, at: toInstant(event.at) };
}
