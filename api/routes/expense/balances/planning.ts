import { z } from 'zod';
import { findGroupCurrency, findPairs, findPlanBase } from '../../../../db/queries/expense/balances.ts';
import type { Query } from '../../../../db/queries/expense/groups.ts';
import { isKnownCurrency } from '../../../../domain/currency.ts';
import type { Plan } from '../../../../domain/plan.ts';
import { planStably } from '../../../../domain/plan-stable.ts';
import type { Net } from '../../../../domain/plan-settle.ts';
import { refusal, unwrap } from '../../../../domain/refusal.ts';
import { currency, id } from '../../../schemas.ts';

export const strategy = z.enum(['minimal', 'pairwise', 'hub']);

/** What a plan depends on, in the query. */
export const planQuery = {
  strategy: strategy.optional(),
  hub: id.optional().meta({ description: 'The member through whom all transfers go; required for `hub`.' }),
  currency: currency.optional().meta({ description: "The group's currency where not given." }),
};

/** A plan with what it was made from. */
export interface Planned {
  readonly plan: Plan;
  readonly currency: string;
  /** What is left of each member's balance once all reserved transfers are paid. */
  readonly nets: readonly Net[];
  readonly units: ReadonlyMap<string, string>;
}

/**
 * Plans who should pay whom in a group, less what is reserved; a payment along the plan leaves the rest of it as it was.
 *
 * @throws RefusalError unknown_currency and those of `planStably`, pointing into the query.
 */
export async function planOf(
  query: Query,
  groupId: string,
  asked: {
    readonly strategy?: z.output<typeof strategy> | undefined;
    readonly hub?: string | undefined;
    readonly currency?: string | undefined;
  },
): Promise<Planned> {
  const { strategy: how = 'minimal', hub } = asked;
  const code = asked.currency ?? (await findGroupCurrency(query, groupId));
  checkCurrency(code, '/query/currency');
  const { balances: nets, units, moved } = await findPlanBase(query, groupId, code);
  const pairs = how === 'pairwise' ? await findPairs(query, groupId, code) : [];
  const input = { balances: nets, strategy: how, pairs, units, ...(hub === undefined ? {} : { hub }) };
  const plan = unwrap(atQuery(planStably(input, moved)));
  return { plan, currency: code, nets, units };
}

/** Refuses what is no currency. @throws RefusalError unknown_currency. */
export function checkCurrency(code: string, pointer: string): void {
  if (!isKnownCurrency(code)) throw refusal('unknown_currency', 'This is not the code of a currency that can be spent.', pointer);
}

/** The plan's refusals point into its input, which here is the query. */
function atQuery<T extends ReturnType<typeof planStably>>(outcome: T): T {
  if (outcome.ok || outcome.refusal.pointer === undefined) return outcome;
  return { ...outcome, refusal: { ...outcome.refusal, pointer: `/query${outcome.refusal.pointer}` } };
}
