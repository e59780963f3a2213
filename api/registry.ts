import { SERVICES, type ServiceName } from '../config/env.ts';
import type { AnyRoute } from './route.ts';
import { activityRoutes } from './routes/expense/activity/routes.ts';
import { adjustmentRoutes } from './routes/expense/adjustments/routes.ts';
import { balanceRoutes } from './routes/expense/balances/routes.ts';
import { categoryRoutes } from './routes/expense/categories/routes.ts';
import { commentRoutes } from './routes/expense/comments/routes.ts';
import { receiptRoutes } from './routes/expense/receipts/routes.ts';
import { exportRoutes } from './routes/expense/exports/routes.ts';
import { groupExportRoutes } from './routes/expense/exports/process-routes.ts';
import { expenseRoutes } from './routes/expense/expenses/routes.ts';
import { groupRoutes } from './routes/expense/groups/routes.ts';
import { groupStateRoutes } from './routes/expense/groups/state-routes.ts';
import { importRoutes } from './routes/expense/imports/routes.ts';
import { invitationRoutes } from './routes/expense/invitations/routes.ts';
import { memberRoutes } from './routes/expense/members/routes.ts';
import { budgetRoutes } from './routes/expense/budgets/routes.ts';
import { chartRoutes } from './routes/expense/charts/routes.ts';
import { statsRoutes } from './routes/expense/stats/routes.ts';
import { mergeRoutes } from './routes/expense/merges/routes.ts';
import { presetRoutes } from './routes/expense/presets/routes.ts';
import { rateRoutes } from './routes/expense/rates/routes.ts';
import { recurringRoutes } from './routes/expense/recurring/routes.ts';
import { notificationRoutes } from './routes/notification/notifications/routes.ts';
import { reminderRoutes } from './routes/notification/reminders/routes.ts';
import { paymentRoutes } from './routes/payment/payments/routes.ts';
import { payoutAccountRoutes } from './routes/payment/payout-account/routes.ts';
import { refundRoutes } from './routes/payment/refunds/routes.ts';
import { settlementRoutes } from './routes/payment/settlements/routes.ts';
import { transferRoutes } from './routes/payment/transfers/routes.ts';
import { webhookRoutes } from './routes/payment/webhooks/routes.ts';
import { auditRoutes } from './routes/user/audit/routes.ts';
import { authRoutes } from './routes/user/auth/routes.ts';
import { identityRoutes } from './routes/user/oidc/identity-routes.ts';
import { oidcRoutes } from './routes/user/oidc/routes.ts';
import { meRoutes } from './routes/user/me/routes.ts';
import { preferenceRoutes } from './routes/user/preferences/routes.ts';
import { friendBalanceRoutes } from './routes/user/friends/balance-routes.ts';
import { friendRoutes } from './routes/user/friends/routes.ts';
import { blockRoutes } from './routes/user/blocks/routes.ts';
import { applicationRoutes } from './routes/user/oauth/application-routes.ts';
import { authorizationRoutes } from './routes/user/oauth/authorization-routes.ts';
import { requestRoutes } from './routes/user/requests/routes.ts';
import { sessionRoutes } from './routes/user/sessions/routes.ts';
import { tokenRoutes } from './routes/user/tokens/routes.ts';
import { userRoutes } from './routes/user/users/routes.ts';

/** Every operation of the product, by service. A new endpoint is one `route()` in its service's folder and, for a new file, one line here. */
const ROUTES: Record<ServiceName, readonly AnyRoute[]> = {
  user: [
    ...authRoutes,
    ...oidcRoutes,
    ...identityRoutes,
    ...meRoutes,
    ...preferenceRoutes,
    ...friendRoutes,
    ...friendBalanceRoutes,
    ...blockRoutes,
    ...requestRoutes,
    ...sessionRoutes,
    ...tokenRoutes,
    ...applicationRoutes,
    ...authorizationRoutes,
    ...userRoutes,
    ...auditRoutes,
  ],
  expense: [
    ...groupRoutes,
    ...groupStateRoutes,
    ...memberRoutes,
    ...mergeRoutes,
    ...presetRoutes,
    ...invitationRoutes,
    ...expenseRoutes,
    ...categoryRoutes,
    ...commentRoutes,
    ...receiptRoutes,
    ...activityRoutes,
    ...balanceRoutes,
    ...adjustmentRoutes,
    ...recurringRoutes,
    ...statsRoutes,
    ...chartRoutes,
    ...importRoutes,
    ...budgetRoutes,
    ...exportRoutes,
    ...groupExportRoutes,
    ...rateRoutes,
  ],
  payment: [...settlementRoutes, ...transferRoutes, ...paymentRoutes, ...refundRoutes, ...payoutAccountRoutes, ...webhookRoutes],
  notification: [...notificationRoutes, ...reminderRoutes],
};

/** The routes of some services, all by default. */
export function routesOf(services: readonly ServiceName[] = SERVICES): readonly AnyRoute[] {
  return services.flatMap((service) => ROUTES[service]);
}
