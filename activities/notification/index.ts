import { activityEdge, type ActivityDeps } from '../edge.ts';
import type { NotificationActivities } from './contract.ts';

/** Makes the activities of the notification service. */
export function createNotificationActivities(deps: ActivityDeps): NotificationActivities {
  return activityEdge<NotificationActivities>({}, deps.logger);
}
