/** One task queue per service: its workflows and its activities. */
export const TASK_QUEUES = {
  user: 'safesplitx-user',
  expense: 'safesplitx-expense',
  payment: 'safesplitx-payment',
  notification: 'safesplitx-notification',
} as const;

/** The services by name, as the workflow sandbox knows them (it cannot import the environment). */
export type QueueName = keyof typeof TASK_QUEUES;
