import { activityEdge, type ActivityDeps } from '../edge.ts';
import type { PaymentActivities } from './contract.ts';

/** Makes the activities of the payment service. */
export function createPaymentActivities(deps: ActivityDeps): PaymentActivities {
  return activityEdge<PaymentActivities>({}, deps.logger);
}
