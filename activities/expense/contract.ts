import type { RateSourceName } from '../../domain/fx.ts';
import type { MoneyWire } from '../../domain/money.ts';
import type { PersonActivities } from '../shared/contract.ts';

/** One leg of a plan: who pays whom how much. The id is made with the plan, so that planning again gives the same legs. */
export interface PlannedTransfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly money: MoneyWire;
}

/**
 * What workflows of any service may ask of the expense service. Every activity is one transaction, and doing it twice
 * is the same as doing it once.
 */
export interface ExpenseActivities extends PersonActivities {
  /**
   * Plans a settlement over what is not yet reserved and reserves it; asked again for the same settlement it gives the
   * plan that it made. An empty list: nothing is owed any more.
   *
   * @throws archived, deleted (not retried).
   */
  planSettlement(input: {
    readonly settlementId: string;
    readonly groupId: string;
    readonly currencies: readonly string[];
    readonly strategy: 'minimal' | 'pairwise' | 'hub';
    readonly hub?: string;
  }): Promise<{ readonly transfers: readonly PlannedTransfer[] }>;

  /** Gives back what transfers of a settlement still hold reserved; transfers without a reservation are passed over. */
  releaseTransfers(input: { readonly groupId: string; readonly transferIds: readonly string[] }): Promise<void>;

  /**
   * Posts a payment to the ledger: the payer's balance rises, the receiver's falls, and the transfer's reservation is
   * released by the same amount, in one transaction. Posted once per `paymentId`.
   */
  postTransfer(input: {
    readonly paymentId: string;
    readonly transferId: string;
    readonly groupId: string;
    readonly from: string;
    readonly to: string;
    readonly money: MoneyWire;
    readonly date: string;
  }): Promise<{ readonly postingId: string }>;

  /** Posts the reversal of (a part of) a payment that was refunded: from and to are those of the payment. Posted once per `refundId`. */
  postRefund(input: {
    readonly refundId: string;
    readonly groupId: string;
    readonly from: string;
    readonly to: string;
    readonly money: MoneyWire;
    readonly date: string;
  }): Promise<{ readonly postingId: string }>;

  /** Looks at a pending expense: what there is to wait for. `state` other than `waiting` ends its approval. */
  readApproval(input: { readonly expenseId: string }): Promise<{
    readonly state: 'waiting' | 'ended';
    readonly version: number;
    readonly groupId: string;
    readonly dueAtIso: string;
    /** When those who have not voted are to be reminded; null once that is done. */
    readonly remindAtIso: string | null;
    readonly voters: number;
    readonly voted: number;
    /** What each voter has said, by member id; of very many, the first. Absent in what was answered before this was told. */
    readonly answers?: readonly { readonly memberId: string; readonly decision: 'approved' | 'rejected' | 'waiting' }[];
    readonly onTimeout: 'reject' | 'approve';
  }>;

  /** Reminds those who have not voted on a version that still waits; once per version. */
  remindVoters(input: { readonly expenseId: string; readonly version: number }): Promise<{ readonly reminded: number }>;

  /** Applies the time-out rule of a version that is still waiting and due (or `force`d by an operator). Harmless when it is not. */
  expireApproval(input: {
    readonly expenseId: string;
    readonly version: number;
    readonly force: boolean;
  }): Promise<{ readonly outcome: string }>;

  /**
   * Does what is due of a recurring expense: tells members in advance, or records slots, each in a transaction of its own and
   * never twice; many at once after an outage. A slot that is refused pauses it, and who made it is told.
   *
   * @param nowIso the workflow's time; the later of it and the worker's counts.
   * @throws not_found (not retried).
   */
  advanceRecurring(input: { readonly ruleId: string; readonly nowIso: string }): Promise<{
    readonly groupId: string;
    readonly state: 'active' | 'paused' | 'ended';
    /** Business day of the next slot. */
    readonly nextOn: string | null;
    /** When there is something to do again; null while it is not active. */
    readonly nextAtIso: string | null;
    /** Slots that this call recorded. */
    readonly recorded: number;
    /** Code of the refusal that paused it. */
    readonly problem: string | null;
  }>;

  /** Reads what a group's lifecycle waits for. */
  readGroup(input: { readonly groupId: string }): Promise<{
    readonly state: 'active' | 'archived' | 'deleted' | 'purged';
    readonly purgeAtIso: string | null;
    readonly nextInvitationExpiryIso: string | null;
    readonly lastActivityIso: string;
  }>;

  /** Closes invitations whose time is over. */
  expireInvitations(input: { readonly groupId: string }): Promise<{ readonly expired: number }>;

  /** Pseudonymises a group that was deleted 30 days ago; the ledger stays. Harmless when it was restored meanwhile. */
  purgeGroup(input: { readonly groupId: string }): Promise<{ readonly purged: boolean }>;

  /** Notes that a group has been idle, for the owner's inbox. */
  nudgeIdleGroup(input: { readonly groupId: string; readonly sinceIso: string }): Promise<void>;

  /**
   * Asks a source for the rates that it published since the newest known day, and keeps them. Asked again it changes nothing.
   *
   * @throws rate_source_away (retried): not reached, slow, or says something else than rates.
   */
  refreshRates(input: { readonly source: RateSourceName }): Promise<{
    /** The newest day that is known now; null when the source has none. */
    readonly newestOn: string | null;
    readonly added: number;
    /** Figures that the source has changed since it published them first. */
    readonly corrected: number;
  }>;

  /** Looks at an import: what there is to do. */
  readImportStep(input: { readonly importId: string }): Promise<{
    readonly groupId: string;
    readonly state: 'running' | 'done' | 'failed' | 'undone';
    readonly next: 'read' | 'post' | 'undo' | 'nothing';
  }>;

  /**
   * Reads the file of an import and decides whether it is recorded; adds the members that it names. A bad file ends the import.
   *
   * @throws archived, deleted, forbidden (not retried): the import cannot go on.
   */
  prepareImport(input: { readonly importId: string }): Promise<{ readonly outcome: 'post' | 'ended' | 'undo' }>;

  /**
   * Records the next rows of an import, some thousand in batches of their own.
   *
   * @throws archived, deleted, period_locked, member_not_active, balance_out_of_range (not retried): the import cannot go on.
   */
  postImportRows(input: { readonly importId: string }): Promise<{
    readonly outcome: 'more' | 'end' | 'stopped';
    readonly posted: number;
    readonly rows: number;
  }>;

  /** Ends an import whose rows are all recorded. */
  finishImport(input: { readonly importId: string }): Promise<{ readonly ended: boolean }>;

  /** Reverses what an import recorded and ends it. @param input.reasonCode why it could not go on; null where somebody asked. */
  undoImport(input: { readonly importId: string; readonly reasonCode: string | null }): Promise<void>;

  /** Looks at an export: what there is to do, and until when its file is kept. */
  readExportStep(input: { readonly exportId: string }): Promise<{
    readonly groupId: string;
    readonly state: 'running' | 'done' | 'failed' | 'cancelled' | 'expired';
    readonly next: 'write' | 'pack' | 'seal' | 'wait' | 'discard' | 'nothing';
    readonly expiresAtIso: string | null;
  }>;

  /** Writes the next rows of an export's data file, some thousand in batches of their own. */
  writeExportRows(input: { readonly exportId: string }): Promise<{
    readonly outcome: 'more' | 'end' | 'stopped';
    readonly written: number;
    readonly rows: number;
  }>;

  /** Packs the data file and the next receipts of an export into its ZIP, one after the other; a receipt whose file is gone is listed as missing. */
  packExportFiles(input: { readonly exportId: string }): Promise<{ readonly outcome: 'more' | 'end' | 'stopped'; readonly files: number }>;

  /** Ends an export whose file is whole, with its size and sum. @returns its state; other than `done` where it was cancelled meanwhile. */
  sealExport(input: { readonly exportId: string }): Promise<{ readonly state: string }>;

  /** Ends an export; one that has ended stays as it is. @param input.reasonCode why it could not go on; null where somebody asked. */
  stopExport(input: { readonly exportId: string; readonly reasonCode: string | null }): Promise<void>;

  /** Ends an export whose time is over. @returns its state; `done` where it is not time yet. */
  expireGroupExport(input: { readonly exportId: string }): Promise<{ readonly state: string }>;

  /** Deletes the parts that an export does not need: all but the file, and once it has none, that too. */
  discardExportParts(input: { readonly exportId: string }): Promise<void>;
}
