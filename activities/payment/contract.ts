import type { MoneyWire } from '../../domain/money.ts';
import type { PersonActivities } from '../shared/contract.ts';

/** What a leg of a plan is, as the expense service gives it. */
export interface Leg {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
}

/** What operators see of a settlement. */
export interface SettlementShown {
  readonly groupId: string;
  readonly state: string;
  readonly legs: number;
  readonly legsOpen: number;
}

/** What a settlement's process has to do next. */
export type SettlementStep = {
  readonly shown: SettlementShown;
} & (
  | {
      readonly step: 'plan';
      readonly groupId: string;
      readonly currencies: readonly string[];
      readonly strategy: 'minimal' | 'pairwise' | 'hub';
      readonly hub?: string;
    }
  /** Reservations of cancelled legs are to be released. */
  | { readonly step: 'release'; readonly groupId: string; readonly transferIds: readonly string[] }
  /** Something changed; `legsOpen` are to have a process each. `untilIso`: the due date, null once it was told. */
  | { readonly step: 'wait'; readonly untilIso: string | null; readonly openTransferIds: readonly string[] }
  | { readonly step: 'ended' }
);

/** What operators see of a transfer. */
export interface TransferShown {
  readonly groupId: string;
  readonly settlementId: string | null;
  readonly state: string;
  readonly method: string;
  readonly currency: string;
  readonly failureCode: string | null;
}

/** A payment that the ledger is to have. */
export interface PaymentPosting {
  readonly paymentId: string;
  readonly transferId: string;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
  /** `YYYY-MM-DD`. */
  readonly date: string;
}

/**
 * What a transfer or refund waits for. `person`: nobody but a person ends the wait. `receiver`: the confirmation of a
 * manual payment, told as overdue at `untilIso`. The others are asked for again with growing pauses: `unknown` the
 * gateway's answer, `gateway` its work, `payer` a further step of the payer, `later` a gateway that is too busy.
 */
export type WaitKind = 'person' | 'operator' | 'receiver' | 'unknown' | 'gateway' | 'payer' | 'later';

/** What a transfer's process has to do next. */
export type TransferStep = {
  readonly shown: TransferShown;
} & (
  | { readonly step: 'post'; readonly posting: PaymentPosting }
  | { readonly step: 'wait'; readonly kind: WaitKind; readonly untilIso: string | null }
  | { readonly step: 'ended' }
);

/** What operators see of a refund. */
export interface RefundShown {
  readonly groupId: string;
  readonly state: string;
  readonly method: string;
  readonly currency: string;
  readonly failureCode: string | null;
}

/** The reversal of a payment that the ledger is to have. */
export interface RefundPosting {
  readonly refundId: string;
  readonly groupId: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
  readonly date: string;
}

/** What a refund's process has to do next. */
export type RefundStep = {
  readonly shown: RefundShown;
} & (
  | { readonly step: 'post'; readonly posting: RefundPosting }
  | { readonly step: 'wait'; readonly kind: WaitKind; readonly untilIso: null }
  | { readonly step: 'ended' }
);

/**
 * What workflows may ask of the payment service. Each is safe to repeat. `nowIso` is the workflow's time, by which
 * deadlines are judged.
 */
export interface PaymentActivities extends PersonActivities {
  /** Looks at a settlement, tells once that it is due, and says what to do next. */
  advanceSettlement(input: { readonly settlementId: string; readonly nowIso: string }): Promise<SettlementStep>;

  /** Stores the plan once; an empty one ends the settlement as cancelled. */
  storePlan(input: { readonly settlementId: string; readonly transfers: readonly Leg[] }): Promise<void>;

  /** Notes released reservations, and ends the settlement when nothing is left to do. */
  noteReleased(input: { readonly settlementId: string; readonly transferIds: readonly string[] }): Promise<void>;

  /** Looks at a transfer, asks its gateway where something is to be asked, stores the answer, and says what to do next. */
  advanceTransfer(input: { readonly transferId: string; readonly nowIso: string }): Promise<TransferStep>;

  /** Makes a posted attempt a payment: `succeeded`, or planned again after a part. */
  completePayment(input: { readonly transferId: string; readonly paymentId: string }): Promise<{ readonly state: string }>;

  /** Looks at a refund, asks its gateway where something is to be asked, stores the answer, and says what to do next. */
  advanceRefund(input: { readonly refundId: string; readonly nowIso: string }): Promise<RefundStep>;

  /** Ends a refund whose reversal is posted. */
  completeRefund(input: { readonly refundId: string }): Promise<{ readonly state: string }>;

  /**
   * Opens the settlements of one page of groups whose settlement day is today in their own zone, at most one per group
   * and day.
   *
   * @returns `after`: where the next page begins, null at the end.
   */
  openDueSettlements(input: { readonly nowIso: string; readonly after: string | null }): Promise<{
    readonly opened: number;
    readonly skipped: number;
    readonly after: string | null;
  }>;
}
