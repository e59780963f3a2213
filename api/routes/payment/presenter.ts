import type { PaymentView, RefundView } from '../../../db/queries/payment/payments.ts';
import type { PaymentOfTransfer, SettlementView, TransferView } from '../../../db/queries/payment/transfers.ts';
import { workflowId } from '../../../domain/events.ts';
import { formatAmount } from '../../../domain/money.ts';
import { toInstant } from '../../schemas.ts';

type Shown = Record<string, unknown>;

const moneyOf = (minor: string, currency: string): Shown => ({ amount: formatAmount(BigInt(minor), currency), currency });

/** A transfer as the API answers it. */
export function presentTransfer(transfer: TransferView): Shown {
  const { currency } = transfer;
  const remaining = BigInt(transfer.amountMinor) - BigInt(transfer.paidMinor);
  return {
    id: transfer.id,
    settlementId: transfer.settlementId,
    groupId: transfer.groupId,
    from: transfer.from,
    to: transfer.to,
    money: moneyOf(transfer.amountMinor, currency),
    paid: formatAmount(BigInt(transfer.paidMinor), currency),
    remaining: formatAmount(remaining, currency),
    state: transfer.state,
    method: transfer.method,
    ...(transfer.failureCode === null ? {} : { failureCode: transfer.failureCode }),
    ...(transfer.nextAction === null ? {} : { nextAction: transfer.nextAction }),
    payments: transfer.payments.map((payment) => presentPaymentOfTransfer(payment, currency)),
    dueAt: toInstant(transfer.dueAt),
    createdAt: toInstant(transfer.createdAt),
    updatedAt: toInstant(transfer.updatedAt),
    workflowId: workflowId('transfer', transfer.id),
  };
}

function presentPaymentOfTransfer(payment: PaymentOfTransfer, currency: string): Shown {
  return {
    id: payment.id,
    money: moneyOf(payment.amountMinor, currency),
    method: payment.method,
    state: payment.state,
    refunded: formatAmount(BigInt(payment.refundedMinor), currency),
  };
}

/** A settlement as the API answers it. */
export function presentSettlement(settlement: SettlementView): Shown {
  return {
    id: settlement.id,
    groupId: settlement.groupId,
    state: settlement.state,
    strategy: settlement.strategy,
    currency: settlement.currency,
    method: settlement.method,
    transfers: settlement.transfers.map(presentTransfer),
    dueAt: toInstant(settlement.dueAt),
    createdAt: toInstant(settlement.createdAt),
    workflowId: workflowId('settlement', settlement.id),
  };
}

/** A payment as the API answers it. */
export function presentPayment(payment: PaymentView): Shown {
  const { transferId, groupId, from, to } = payment;
  return { ...presentPaymentOfTransfer(payment, payment.currency), transferId, groupId, from, to, createdAt: toInstant(payment.createdAt) };
}

/** A refund as the API answers it. */
export function presentRefund(refund: RefundView): Shown {
  return {
    id: refund.id,
    paymentId: refund.paymentId,
    money: moneyOf(refund.amountMinor, refund.currency),
    state: refund.state,
    reason: refund.reason,
    ...(refund.failureCode === null ? {} : { failureCode: refund.failureCode }),
    createdAt: toInstant(refund.createdAt),
    workflowId: workflowId('refund', refund.id),
  };
}
