import { tieBreakOf } from '../../config/secrets.ts';
import { haltRule, type RuleStep, stepRule } from '../../db/commands/expense/recurring-step.ts';
import { findRule, type RuleView } from '../../db/queries/expense/recurring.ts';
import { read } from '../../db/transact.ts';
import { refusal, RefusalError } from '../../domain/refusal.ts';
import { type ActivityDeps, runCommand } from '../edge.ts';
import type { ExpenseActivities } from './contract.ts';

/** Slots of one call: a second of work, so that after a long outage the workflow shows progress. */
const SLOTS_MAX = 25;

/** What the workflow `recurringExpense` does. */
export function recurringActivities(deps: ActivityDeps): Pick<ExpenseActivities, 'advanceRecurring'> {
  return {
    async advanceRecurring({ ruleId, nowIso }) {
      const at = new Date(Math.max(Date.parse(nowIso), Date.now()));
      let recorded = 0;
      for (;;) {
        const rule = await existing(deps, ruleId);
        const step = await stepOrHalt(deps, rule, at);
        if (step.recorded) recorded += 1;
        if (step.recorded && step.state === 'active' && recorded < SLOTS_MAX) continue;
        const { problem } = await existing(deps, ruleId);
        const { groupId, state, nextOn, nextAt } = step;
        return { groupId, state, nextOn, nextAtIso: nextAt === null ? null : nextAt.toISOString(), recorded, problem };
      }
    },
  };
}

async function existing(deps: ActivityDeps, ruleId: string): Promise<RuleView> {
  const rule = await findRule((text, values) => read(deps.db, text, values), ruleId);
  if (rule === null) throw refusal('not_found', 'There is no such recurring expense.');
  return rule;
}

async function stepOrHalt(deps: ActivityDeps, { id, version }: RuleView, at: Date): Promise<RuleStep> {
  try {
    return await runCommand(deps, (tx) => stepRule(tx, id, at, (expenseId) => tieBreakOf(deps.secrets, expenseId)));
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    const { code } = error.refusal;
    return runCommand(deps, (tx) => haltRule(tx, id, { version, code }));
  }
}
