import { NotificationOutbox } from './notification-outbox.ts';
import { NotificationIdempotency } from './notification-idempotency.ts';
import { NotificationCursor } from './notification-cursor.ts';
import { Notification } from './notification.ts';
import { Delivery } from './delivery.ts';
import { Wake } from './wake.ts';
import { Reminder } from './reminder.ts';
import { NotificationExportPart } from './notification-export-part.ts';

/** Every table of the notification service. */
export const notificationEntities = [
  NotificationOutbox,
  NotificationIdempotency,
  NotificationCursor,
  Notification,
  Delivery,
  Wake,
  Reminder,
  NotificationExportPart,
];
