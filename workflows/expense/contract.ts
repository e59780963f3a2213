import { keyParts, type ProcessDefinition } from '../shared/process.ts';
import { startAttributes } from '../shared/search-attributes.ts';

/** Input of the workflow `groupLifecycle`. */
export interface GroupLifecycleInput {
  readonly groupId: string;
  /** The last activity for whose idleness the owner was told; carried over when the workflow continues as new. */
  readonly nudgedForIso?: string;
}

/** Input of the workflow `expenseApproval`. */
export interface ExpenseApprovalInput {
  readonly expenseId: string;
}

/** Input of the workflow `recurringExpense`. */
export interface RecurringExpenseInput {
  readonly ruleId: string;
  /** Slots that earlier runs of this process recorded; carried over when it continues as new. */
  readonly recorded?: number;
}

/** Workflow type of the hourly schedule that fetches exchange rates; takes no input. */
export const FX_REFRESH = 'fxRefresh';

/** Input of the workflow `importGroup`. */
export interface ImportGroupInput {
  readonly importId: string;
}

/** Input of the workflow `exportData`. */
export interface ExportDataInput {
  readonly exportId: string;
}

/** The time side of a group: `group/<groupId>`. */
export const groupLifecycleProcess: ProcessDefinition<GroupLifecycleInput> = {
  process: 'groupLifecycle',
  service: 'expense',
  input: (key) => ({ groupId: keyParts(key, 1)[0]! }),
  summary: (input) => `Lifecycle of group ${input.groupId}`,
  details:
    'Expires invitations, tells the owner of a group that lies idle for 90 days, and purges it 30 days after its deletion. The state itself is in Postgres; terminating or resetting this does no harm, the sweep starts it again.',
  attributes: (input) => startAttributes({ groupId: input.groupId, subjectId: input.groupId }),
};

/** The time side of a pending expense: `expense-approval/<expenseId>`. */
export const expenseApprovalProcess: ProcessDefinition<ExpenseApprovalInput> = {
  process: 'expenseApproval',
  service: 'expense',
  input: (key) => ({ expenseId: keyParts(key, 1)[0]! }),
  summary: (input) => `Approval of expense ${input.expenseId}`,
  details: 'Reminds voters and applies the time-out rule. Votes are commands of the API. Update `expireNow` lets the time-out happen now.',
  attributes: (input) => startAttributes({ subjectId: input.expenseId }),
};

/** A file that is recorded, or undone: `import/<importId>`. */
export const importGroupProcess: ProcessDefinition<ImportGroupInput> = {
  process: 'importGroup',
  service: 'expense',
  input: (key) => ({ importId: keyParts(key, 1)[0]! }),
  summary: (input) => `Import ${input.importId}`,
  details:
    'Records the rows of a file in batches. Signal `cancel` ends it in good order: what is recorded is reversed. Terminating or resetting this does no harm, the sweep starts it again and it goes on where it was.',
  attributes: (input) => startAttributes({ subjectId: input.importId }),
};

/** A group that is written to a file: `export/<exportId>`. */
export const exportDataProcess: ProcessDefinition<ExportDataInput> = {
  process: 'exportData',
  service: 'expense',
  input: (key) => ({ exportId: keyParts(key, 1)[0]! }),
  summary: (input) => `Export ${input.exportId}`,
  details:
    'Writes a group to a file in batches, with its receipts where they were asked for, and deletes it after seven days. Signal `cancel` ends it and deletes what there is. Terminating or resetting this does no harm, the sweep starts it again and it goes on where it was.',
  attributes: (input) => startAttributes({ subjectId: input.exportId }),
};

/** An expense that is recorded again and again: `recurring/<ruleId>`. */
export const recurringExpenseProcess: ProcessDefinition<RecurringExpenseInput> = {
  process: 'recurringExpense',
  service: 'expense',
  input: (key) => ({ ruleId: keyParts(key, 1)[0]! }),
  summary: (input) => `Recurring expense ${input.ruleId}`,
  details:
    'Records one expense a slot, when its day begins in the zone of the group, and tells members in advance where the rule says so. Slots missed in an outage are caught up. Update `retryNow` looks at once. Terminating or resetting this does no harm: each slot is recorded once, and the sweep starts it again.',
  attributes: (input) => startAttributes({ subjectId: input.ruleId }),
};
