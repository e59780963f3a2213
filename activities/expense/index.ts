import { activityEdge, type ActivityDeps } from '../edge.ts';
import { approvalActivities } from './approval-activities.ts';
import type { ExpenseActivities } from './contract.ts';
import { exportActivities } from './export-activities.ts';
import { importActivities } from './import-activities.ts';
import { createGroupActivities } from './group-activities.ts';
import { fxActivities } from './fx-activities.ts';
import { personActivities } from '../shared/person.ts';
import { expensePerson } from './person-data.ts';
import { ledgerActivities } from './ledger-activities.ts';
import { recurringActivities } from './recurring-activities.ts';

/** Makes the activities of the expense service. */
export function createExpenseActivities(deps: ActivityDeps): ExpenseActivities {
  return activityEdge<ExpenseActivities>(
    {
      ...ledgerActivities(deps),
      ...approvalActivities(deps),
      ...createGroupActivities(deps),
      ...fxActivities(deps),
      ...recurringActivities(deps),
      ...personActivities(deps, expensePerson(deps)),
      ...importActivities(deps),
      ...exportActivities(deps),
    },
    deps.logger,
  );
}
