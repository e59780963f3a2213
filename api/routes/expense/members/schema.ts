import { z } from 'zod';
import { email, id, line } from '../../../schemas.ts';
import { member, role, weight } from '../groups/schema.ts';

export { member };

export const memberParams = z.strictObject({ groupId: id, memberId: id });

export const createMember = z.strictObject({
  id: id.optional(),
  displayName: line(120),
  email: email.optional().meta({ description: 'Is sent an invitation to take this place; the address is not shown.' }),
  role: role.optional().meta({ description: '`editor` by default; not above your own, and never `owner`.' }),
  weight: weight.optional(),
  unitId: id.nullable().optional().meta({
    description: 'Members with the same unit, such as a couple, settle as one. Any new id makes a unit, given to each of its members.',
  }),
});

export const updateMember = z.strictObject({
  displayName: line(120).optional(),
  role: role.optional(),
  weight: weight.optional(),
  unitId: id.nullable().optional(),
});

export const mergeMember = z.strictObject({ intoMemberId: id.meta({ description: 'The member who remains.' }) });
