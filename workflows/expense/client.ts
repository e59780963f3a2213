import { wakeProcess, type Waker } from '../shared/client.ts';
import { expenseApprovalProcess, groupLifecycleProcess } from './contract.ts';

/** Wakes the lifecycle of a group. @param key the group's id. */
export const wakeGroupLifecycle: Waker = (client, key) => wakeProcess(client, groupLifecycleProcess, key);

/** Wakes the approval of an expense. @param key the expense's id. */
export const wakeExpenseApproval: Waker = (client, key) => wakeProcess(client, expenseApprovalProcess, key);
