import { activityEdge, type ActivityDeps } from '../edge.ts';
import type { ExpenseActivities } from './contract.ts';

/** Makes the activities of the expense service. */
export function createExpenseActivities(deps: ActivityDeps): ExpenseActivities {
  return activityEdge<ExpenseActivities>({}, deps.logger);
}
