import { storePlan, noteReleased } from '../../db/commands/payment/settlement-process.ts';
import { completePayment } from '../../db/commands/payment/transfer-process.ts';
import { completeRefund } from '../../db/commands/payment/refunds.ts';
import { countPaymentTraces, erasePayer } from '../../db/commands/payment/erasure.ts';
import { PAYMENT_EXPORT } from '../../db/queries/payment/export-files.ts';
import { activityEdge, type ActivityDeps, runCommand } from '../edge.ts';
import { personActivities } from '../shared/person.ts';
import { advanceRefund } from './advance-refund.ts';
import { advanceSettlement } from './advance-settlement.ts';
import { type AdvanceDeps, advanceTransfer } from './advance-transfer.ts';
import type { PaymentActivities } from './contract.ts';
import { gatewaysOf } from './gateways/registry.ts';
import { openDueSettlements } from './settle-due.ts';

/** Makes the activities of the payment service. */
export function createPaymentActivities(deps: ActivityDeps): PaymentActivities {
  const { env } = deps;
  const returnUrl = `${env.PUBLIC_URL ?? `http://${env.HOST}:${env.PORT}`}/docs`;
  const asking: AdvanceDeps = { ...deps, gateways: gatewaysOf(env), returnUrl };
  return activityEdge<PaymentActivities>(
    {
      advanceSettlement: (input) => advanceSettlement(deps, input),
      storePlan: (input) => runCommand(deps, (tx) => storePlan(tx, input.settlementId, input.transfers)),
      noteReleased: (input) => runCommand(deps, (tx) => noteReleased(tx, input.settlementId, input.transferIds)),
      advanceTransfer: (input) => advanceTransfer(asking, input),
      completePayment: async (input) => ({ state: await runCommand(deps, (tx) => completePayment(tx, input.transferId, input.paymentId)) }),
      advanceRefund: (input) => advanceRefund(asking, input),
      completeRefund: async (input) => ({ state: await runCommand(deps, (tx) => completeRefund(tx, input.refundId)) }),
      ...personActivities(deps, { files: PAYMENT_EXPORT, erase: erasePayer, traces: countPaymentTraces }),
      openDueSettlements: (input) => openDueSettlements(deps, input),
    },
    deps.logger,
  );
}
