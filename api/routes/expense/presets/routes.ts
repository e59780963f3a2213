import { z } from 'zod';
import { lockGroup } from '../../../../db/commands/expense/groups.ts';
import { actingMember } from '../../../../db/commands/expense/members.ts';
import { createPreset, deletePreset } from '../../../../db/commands/expense/presets.ts';
import { toPage } from '../../../../db/cursor.ts';
import { findPreset, listPresets, type PresetView } from '../../../../db/queries/expense/presets.ts';
import { groupAccess } from '../../../access.ts';
import { leastOf, statesOf } from '../../../policy.ts';
import { type AnyRoute, route } from '../../../route.ts';
import { id, line, listOf, listQuery, toInstant } from '../../../schemas.ts';
import { splitWithoutAmounts } from '../split-schema.ts';

const tag = 'presets';
const groupParams = z.strictObject({ groupId: id });
const presetParams = z.strictObject({ groupId: id, presetId: id });

const preset = z
  .strictObject({
    id,
    groupId: id,
    name: z.string(),
    split: splitWithoutAmounts,
    createdBy: id,
    createdAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Preset' });

const create = route({
  service: 'expense',
  method: 'post',
  path: '/v1/groups/:groupId/presets',
  operationId: 'createPreset',
  tag,
  summary: 'Name a split',
  description: 'A client offers it by its name and sends its `split` with the expense. When a member whom it names leaves, it goes.',
  access: groupAccess,
  params: groupParams,
  body: z.strictObject({ id: id.optional(), name: line(80).meta({ example: 'Rent by rooms' }), split: splitWithoutAmounts }),
  answers: { 201: { description: 'The preset.', schema: preset, headers: ['Location'] } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      const actor = await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      const presetId = await createPreset(tx, group, actor, request.body);
      const view = await findPreset(tx.query, presetId);
      if (view === null) throw new Error(`preset ${presetId} vanished within its own request`);
      return { status: 201, headers: { Location: `/v1/groups/${group.id}/presets/${presetId}` }, body: present(view) };
    }),
});

const list = route({
  service: 'expense',
  method: 'get',
  path: '/v1/groups/:groupId/presets',
  operationId: 'listPresets',
  tag,
  summary: 'List the named splits of a group',
  access: groupAccess,
  params: groupParams,
  query: listQuery,
  answers: { 200: { description: 'By name.', schema: listOf(preset) } },
  handle: async (request) => {
    const page = request.page(`presets/${request.params.groupId}`);
    const rows = await listPresets(request.read, request.params.groupId, page);
    return { status: 200, body: toPage(rows, page, page.cursor, (row) => [row.name], present) };
  },
});

const remove = route({
  service: 'expense',
  method: 'delete',
  path: '/v1/groups/:groupId/presets/:presetId',
  operationId: 'deletePreset',
  tag,
  summary: 'Delete a named split',
  description: 'Expenses that were made from it stay as they are.',
  access: groupAccess,
  params: presetParams,
  answers: { 204: { description: 'The preset is gone.' } },
  problems: [409],
  handle: (request) =>
    request.command(async (tx) => {
      const group = await lockGroup(tx, request.params.groupId, statesOf(request.policy));
      await actingMember(tx, group, request.principal.userId, leastOf(request.policy));
      await deletePreset(tx, group, request.params.presetId);
      return { status: 204 };
    }),
});

/** Operations on named splits. */
export const presetRoutes: readonly AnyRoute[] = [create, list, remove];

function present(view: PresetView): Record<string, unknown> {
  return { ...view, createdAt: toInstant(view.createdAt) };
}
