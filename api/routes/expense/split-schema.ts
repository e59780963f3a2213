import { z } from 'zod';
import { amount, decimal, id, line, positiveAmount } from '../../schemas.ts';

/** Most members of a split, and most lines of a bill: what people share, with room; a form beyond it is a mistake. */
const MEMBERS_MAX = 500;
const ITEMS_MAX = 200;

const among = z.array(id).min(1).max(MEMBERS_MAX);
const shareParts = z
  .array(z.strictObject({ memberId: id, shares: decimal }))
  .min(1)
  .max(MEMBERS_MAX);
const percentParts = z
  .array(z.strictObject({ memberId: id, percent: decimal }))
  .min(1)
  .max(MEMBERS_MAX);
const equal = z.strictObject({ method: z.literal('equal'), among });
const percentage = z.strictObject({ method: z.literal('percentage'), parts: percentParts });
const shares = z.strictObject({ method: z.literal('shares'), parts: shareParts });
const weights = z.strictObject({ method: z.literal('weights'), among });

const item = z.strictObject({
  name: line(200),
  amount: amount.meta({ description: 'Of the whole line; below zero for a voucher or a returned deposit.' }),
  quantity: decimal.optional(),
  among: among.optional(),
  parts: shareParts.optional(),
});

/** How a total is shared: one of seven methods, each with its own fields. */
export const split = z
  .discriminatedUnion('method', [
    equal,
    z.strictObject({
      method: z.literal('exact'),
      parts: z
        .array(z.strictObject({ memberId: id, amount: positiveAmount }))
        .min(1)
        .max(MEMBERS_MAX),
    }),
    percentage,
    shares,
    z.strictObject({ method: z.literal('adjustment'), among, parts: z.array(z.strictObject({ memberId: id, amount })).max(MEMBERS_MAX) }),
    weights,
    z.strictObject({
      method: z.literal('itemized'),
      items: z.array(item).min(1).max(ITEMS_MAX),
      tax: positiveAmount.optional(),
      tip: positiveAmount.optional(),
      discount: positiveAmount.optional(),
    }),
  ])
  .meta({ id: 'Split' });

/** A split that names no amounts, and so can stand as a group's default. */
export const splitWithoutAmounts = z.discriminatedUnion('method', [equal, percentage, shares, weights]).meta({ id: 'DefaultSplit' });
