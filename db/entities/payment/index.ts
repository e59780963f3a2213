import { PaymentOutbox } from './payment-outbox.ts';
import { PaymentIdempotency } from './payment-idempotency.ts';
import { PaymentCursor } from './payment-cursor.ts';
import { Settlement } from './settlement.ts';
import { SettlementCurrency } from './settlement-currency.ts';
import { Transfer } from './transfer.ts';
import { Attempt } from './attempt.ts';
import { Payment } from './payment.ts';
import { Refund } from './refund.ts';
import { PayoutAccount } from './payout-account.ts';
import { GatewayEvent } from './gateway-event.ts';
import { PaymentExportPart } from './payment-export-part.ts';

/** Every table of the payment service. */
export const paymentEntities = [
  PaymentOutbox,
  PaymentIdempotency,
  PaymentCursor,
  Settlement,
  SettlementCurrency,
  Transfer,
  Attempt,
  Payment,
  Refund,
  PayoutAccount,
  GatewayEvent,
  PaymentExportPart,
];
