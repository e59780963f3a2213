import { defineEntity, p } from '@mikro-orm/postgresql';
import type { DefaultSplit } from '../../../domain/group.ts';

const schema = defineEntity({
  name: 'Preset',
  schema: 'expense',
  tableName: 'preset',
  properties: {
    id: p.uuid().primary(),
    groupId: p.uuid(),
    name: p.text(),
    split: p.json<DefaultSplit>(),
    createdBy: p.uuid(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  uniques: [{ name: 'preset_name', properties: ['groupId', 'name'] }],
});

/** A split without amounts that a group has given a name, such as "Rent by rooms", to be copied into expenses. */
export class Preset extends schema.class {}
schema.setClass(Preset);
