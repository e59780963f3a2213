import { keyParts, type ProcessDefinition } from '../shared/process.ts';
import { startAttributes } from '../shared/search-attributes.ts';

/** Input of the workflow `reminderCadence`. */
export interface ReminderCadenceInput {
  readonly groupId: string;
  readonly memberId: string;
}

/** Input of the workflow `delivery`. */
export interface DeliveryInput {
  readonly recipientId: string;
}

/** The only thing that reminds a member of debts in a group: `reminder/<groupId>/<memberId>`. */
export const reminderCadenceProcess: ProcessDefinition<ReminderCadenceInput> = {
  process: 'reminderCadence',
  service: 'notification',
  input: (key) => {
    const [groupId, memberId] = keyParts(key, 2);
    return { groupId: groupId!, memberId: memberId! };
  },
  summary: (input) => `Reminders of member ${input.memberId}`,
  details: 'Reads the debt again before each reminder, sends at most one a day, and ends when the debt is gone. Update `stop` ends it now.',
  attributes: (input) => startAttributes({ groupId: input.groupId, subjectId: input.memberId }),
};

/** What is due to one recipient: `delivery/<recipientId>`. */
export const deliveryProcess: ProcessDefinition<DeliveryInput> = {
  process: 'delivery',
  service: 'notification',
  input: (key) => ({ recipientId: keyParts(key, 1)[0]! }),
  summary: (input) => `Deliveries to ${input.recipientId}`,
  details:
    'Pulls what is due to one recipient and sends it over each channel with its own retries. Update `retryNow` tries what failed again at once.',
  attributes: (input) => startAttributes({ subjectId: input.recipientId }),
};
