// Bundle entry of this service's worker: names workflow functions only, one line each.
export { processSweep } from '../shared/process-sweep.ts';
export { groupLifecycle } from './group-lifecycle.ts';
export { recurringExpense } from './recurring-expense.ts';
export { expenseApproval } from './expense-approval.ts';
export { fxRefresh } from './fx-refresh.ts';
export { importGroup } from './import-group.ts';
export { exportData } from './export-data.ts';
