import { z } from 'zod';
import { NOTICE_TYPES } from '../../../../domain/notices.ts';
import { id } from '../../../schemas.ts';

export const notification = z
  .strictObject({
    id,
    type: z.enum(NOTICE_TYPES),
    groupId: id.nullable(),
    subjectId: id.meta({ description: 'The expense, member, group, settlement, transfer, refund or reminder that it is about.' }),
    data: z.record(z.string(), z.unknown()).meta({ description: 'Ids, amounts and states, by type.' }),
    readAt: z.string().nullable(),
    createdAt: z.string(),
  })
  .meta({ id: 'Notification' });

export const notificationParams = z.strictObject({ notificationId: id });

export const readAll = z.strictObject({ marked: z.int().min(0).meta({ description: 'How many were unread.' }) });
