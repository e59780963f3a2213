import { wakeProcess, type Waker } from '../shared/client.ts';
import { deliveryProcess, reminderCadenceProcess } from './contract.ts';

/** Wakes the reminders of a member. @param key `<groupId>/<memberId>`. */
export const wakeReminderCadence: Waker = (client, key) => wakeProcess(client, reminderCadenceProcess, key);

/** Wakes the deliveries to a recipient. @param key the recipient's user id. */
export const wakeDelivery: Waker = (client, key) => wakeProcess(client, deliveryProcess, key);
