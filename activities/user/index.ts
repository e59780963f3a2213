import { activityEdge, type ActivityDeps } from '../edge.ts';
import type { UserActivities } from './contract.ts';

/** Makes the activities of the user service. */
export function createUserActivities(deps: ActivityDeps): UserActivities {
  return activityEdge<UserActivities>({}, deps.logger);
}
