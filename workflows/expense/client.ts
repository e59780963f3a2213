import { wakeProcess, type Waker } from '../shared/client.ts';
import {
  expenseApprovalProcess,
  exportDataProcess,
  groupLifecycleProcess,
  importGroupProcess,
  recurringExpenseProcess,
} from './contract.ts';

/** Wakes the lifecycle of a group. @param key the group's id. */
export const wakeGroupLifecycle: Waker = (client, key) => wakeProcess(client, groupLifecycleProcess, key);

/** Wakes the approval of an expense. @param key the expense's id. */
export const wakeExpenseApproval: Waker = (client, key) => wakeProcess(client, expenseApprovalProcess, key);

/** Wakes an import. @param key the import's id. */
export const wakeImportGroup: Waker = (client, key) => wakeProcess(client, importGroupProcess, key);

/** Wakes an export. @param key the export's id. */
export const wakeExportData: Waker = (client, key) => wakeProcess(client, exportDataProcess, key);

/** Wakes a recurring expense. @param key the rule's id. */
export const wakeRecurringExpense: Waker = (client, key) => wakeProcess(client, recurringExpenseProcess, key);
