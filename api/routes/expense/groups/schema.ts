import { z } from 'zod';
import { currency, date, decimal, id, line, money, timeZone } from '../../../schemas.ts';
import { splitWithoutAmounts } from '../split-schema.ts';

export const role = z.enum(['owner', 'admin', 'editor', 'contributor', 'viewer']);

const approval = z.strictObject({
  mode: z.enum(['none', 'above', 'all', 'quorum']),
  above: money.optional(),
  quorum: z.int().min(1).max(500).optional(),
  timeoutHours: z.int().min(1).max(8760).optional(),
  onTimeout: z.enum(['reject', 'approve']).optional(),
});

export const policy = z
  .strictObject({
    approval: approval.optional(),
    whoMayAdd: role.optional(),
    settlementDay: z.int().min(1).max(31).optional(),
    settlementStrategy: z.enum(['minimal', 'pairwise', 'hub']).optional(),
    refundApproval: z.enum(['none', 'receiver', 'owner']).optional(),
    defaultSplit: splitWithoutAmounts.optional(),
  })
  .meta({ id: 'GroupPolicy', description: 'Rules of a group; what is left out has its default. A change replaces all of them.' });

/** A standing weight: below ten million, so that any share between two members can be told. */
export const weight = decimal.regex(/^\d{1,7}(\.|$)/, 'must be below 10000000').meta({ example: '1' });

export const member = z
  .strictObject({
    id,
    displayName: z.string(),
    userId: id.nullable(),
    role,
    weight,
    unitId: id.nullable(),
    state: z.enum(['active', 'left']),
    mergedInto: id.optional().meta({ description: 'The member whom they turned out to be.' }),
    version: z.int(),
  })
  .meta({ id: 'Member' });

export const kind = z
  .enum(['shared', 'friends'])
  .meta({ description: '`friends`: the ledger of two friends. Both record in it; nobody joins or leaves it.' });

export const group = z
  .strictObject({
    id,
    kind,
    name: z.string().meta({ description: 'Of a ledger of friends: the name of the other one.' }),
    currency,
    timeZone: z.string(),
    state: z.enum(['active', 'archived', 'deleted']),
    myMemberId: id,
    myRole: role,
    members: z.array(member),
    policy,
    lockedUntil: z.iso
      .date()
      .nullable()
      .meta({ description: 'Nothing dated before this day changes; null where nothing is locked.', example: '2026-11-01' }),
    version: z.int(),
    createdAt: z.string(),
    workflowId: z.string(),
  })
  .meta({ id: 'Group' });

export const createGroup = z.strictObject({
  id: id.optional(),
  name: line(120),
  currency,
  timeZone: timeZone.optional(),
  policy: policy.optional(),
});

export const updateGroup = z.strictObject({ name: line(120).optional(), timeZone: timeZone.optional(), policy: policy.optional() });

export const groupParams = z.strictObject({ groupId: id });

export const lockPeriod = z.strictObject({
  until: date.nullable().meta({ description: 'The first day that may still change, at most 366 days ahead; null opens all of it again.' }),
});

export const handOver = z.strictObject({ memberId: id });
