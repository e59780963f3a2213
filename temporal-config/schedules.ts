import type { ScheduleSpec } from '@temporalio/client';
import { FX_REFRESH } from '../workflows/expense/contract.ts';
import { SETTLEMENT_RUN } from '../workflows/payment/contract.ts';
import { PROCESS_SWEEP, type ProcessSweepInput } from '../workflows/shared/sweep-contract.ts';
import { TASK_QUEUES, type QueueName } from '../workflows/shared/task-queues.ts';

/** Wall-clock work. Overlap is always SKIP: a run reads what is due, so one that is skipped is made up by the next. */
export interface DeclaredSchedule {
  readonly scheduleId: string;
  readonly workflowType: string;
  /** Prefix of the runs' workflow ids; the server adds the time. */
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: readonly unknown[];
  readonly spec: Pick<ScheduleSpec, 'intervals' | 'calendars' | 'jitter'>;
  /** Actions missed for longer than this, while the server was away, are not made up. */
  readonly catchupWindow: string;
  /** Runs once as soon as the schedule is made, besides its times; false where not given. */
  readonly atOnce?: boolean;
  readonly summary: string;
  readonly details: string;
}

/** The services, each of which has processes to sweep. */
const SWEPT: readonly QueueName[] = ['user', 'expense', 'payment', 'notification'];

/** Every schedule; a new one is one entry. */
export const SCHEDULES: readonly DeclaredSchedule[] = [
  {
    scheduleId: 'settlement-run',
    workflowType: SETTLEMENT_RUN,
    workflowId: 'settlement-run',
    taskQueue: TASK_QUEUES.payment,
    args: [],
    // Hourly, since groups live in different zones: each gets its settlement in the first hours of its own day.
    spec: { calendars: [{ hour: '*', minute: 5, comment: 'each hour' }], jitter: '1m' },
    catchupWindow: '1 day',
    summary: 'Opens the settlements that are due today',
    details:
      'Reads groups whose policy names this day of the month in their own zone. The only thing that opens settlements by date; running it twice opens nothing twice.',
  },
  {
    scheduleId: 'fx-refresh',
    workflowType: FX_REFRESH,
    workflowId: 'fx-refresh',
    taskQueue: TASK_QUEUES.expense,
    args: [],
    // The ECB publishes at about 16:00 in Frankfurt on its business days, at times late. Hourly, since a run without news is one small file.
    spec: { calendars: [{ hour: '*', minute: 20, comment: 'each hour' }], jitter: '5m' },
    // The next run fetches all days that are missing.
    catchupWindow: '1h',
    atOnce: true,
    summary: 'Fetches exchange rates',
    details:
      'Asks each source for what it published since the newest known day and keeps it. Running it twice adds nothing; rates that expenses were frozen at never change.',
  },
  ...SWEPT.map((service): DeclaredSchedule => ({
    scheduleId: `process-sweep-${service}`,
    workflowType: PROCESS_SWEEP,
    workflowId: `process-sweep-${service}`,
    taskQueue: TASK_QUEUES[service],
    args: [{ service } satisfies ProcessSweepInput],
    spec: { intervals: [{ every: '1 minute' }], jitter: '10s' },
    // The next run finds what a missed one would have found.
    catchupWindow: '1m',
    summary: `Brings back ${service} processes whose workflow is gone`,
    details: 'Finds rows in a non-final state whose workflow does not run (terminated by hand, lost namespace) and starts it from the row.',
  })),
];
