import { moneyFromWire, moneyToWire, type MoneyWire } from './money.ts';
import { ok, refuse, type Outcome } from './refusal.ts';

/** How long a budget runs before it begins again: calendar months and years, weeks from Monday. */
export const BUDGET_PERIODS = ['week', 'month', 'year'] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/** Budgets of a group: each is looked at after every recorded expense. */
export const BUDGETS_MAX = 50;
/** Alerts of one budget. */
export const BUDGET_ALERTS_MAX = 5;
/** Greatest share of an amount that an alert may wait for, in per cent. */
export const BUDGET_ALERT_PERCENT_MAX = 1_000;
/** When a budget alerts where nothing else is said, in per cent of its amount. */
export const BUDGET_ALERTS_DEFAULT: readonly number[] = [80, 100];

/** What may be spent in a period, on one category with all below it or on everything. */
export interface Budget {
  readonly category: string | null;
  readonly period: BudgetPeriod;
  readonly amount: MoneyWire;
  /** Shares of the amount in per cent, rising. */
  readonly alerts: readonly number[];
}

/** A budget as a caller sends it. */
export interface BudgetInput {
  readonly category?: string | null | undefined;
  readonly period: BudgetPeriod;
  readonly amount: MoneyWire;
  readonly alerts?: readonly number[] | undefined;
}

/**
 * Checks the budgets of a group against each other and brings them into their form.
 *
 * @returns refusals `budget_not_positive`, `duplicate_budget` (of one category, period and currency there is one) and those of an amount.
 */
export function checkBudgets(inputs: readonly BudgetInput[]): Outcome<readonly Budget[]> {
  const budgets: Budget[] = [];
  const taken = new Set<string>();
  for (const [index, { category = null, period, amount, alerts = BUDGET_ALERTS_DEFAULT }] of inputs.entries()) {
    const pointer = `/budgets/${index}`;
    const money = moneyFromWire(amount, `${pointer}/amount`);
    if (!money.ok) return money;
    if (money.value.minor <= 0n) return refuse('budget_not_positive', 'A budget is above zero.', `${pointer}/amount/amount`);
    const key = budgetKey({ category, period, amount });
    if (taken.has(key)) return refuse('duplicate_budget', 'There is another budget of this category, period and currency.', pointer);
    taken.add(key);
    const rising = [...new Set(alerts)].toSorted((one, other) => one - other);
    budgets.push({ category, period, amount: moneyToWire(money.value), alerts: rising });
  }
  return ok(budgets);
}

/** What makes a budget the same one, whatever its amount and alerts. */
export function budgetKey({ category, period, amount }: Pick<Budget, 'category' | 'period' | 'amount'>): string {
  return `${category ?? ''}/${period}/${amount.currency}`;
}
