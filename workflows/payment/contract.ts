import { keyParts, type ProcessDefinition } from '../shared/process.ts';
import { startAttributes } from '../shared/search-attributes.ts';

/** Input of the workflow `settlement`. */
export interface SettlementInput {
  readonly settlementId: string;
}

/** Input of the workflow `transfer`. */
export interface TransferInput {
  readonly transferId: string;
}

/** Input of the workflow `refund`. */
export interface RefundInput {
  readonly refundId: string;
}

/** Workflow type of the hourly schedule that opens settlements by date; takes no input. */
export const SETTLEMENT_RUN = 'settlementRun';

/** A plan being paid: `settlement/<settlementId>`. */
export const settlementProcess: ProcessDefinition<SettlementInput> = {
  process: 'settlement',
  service: 'payment',
  input: (key) => ({ settlementId: keyParts(key, 1)[0]! }),
  summary: (input) => `Settlement ${input.settlementId}`,
  details:
    'Reserves and plans through the expense service, starts one transfer workflow per leg and ends when every leg has. Update `retryNow` looks at the rows again at once. Cancel through the API.',
  attributes: (input) => [...startAttributes({ subjectId: input.settlementId })],
};

/** One leg of a settlement, or a payment outside one: `transfer/<transferId>`. */
export const transferProcess: ProcessDefinition<TransferInput> = {
  process: 'transfer',
  service: 'payment',
  input: (key) => ({ transferId: keyParts(key, 1)[0]! }),
  summary: (input) => `Transfer ${input.transferId}`,
  details:
    'Tries the gateway, resolves what is unknown by asking it, waits for a manual confirmation, and posts to the ledger. Update `retryNow` asks again at once. A reset or termination never pays twice: the key of each attempt is stored.',
  attributes: (input) => startAttributes({ subjectId: input.transferId }),
};

/** Money going back: `refund/<refundId>`. */
export const refundProcess: ProcessDefinition<RefundInput> = {
  process: 'refund',
  service: 'payment',
  input: (key) => ({ refundId: keyParts(key, 1)[0]! }),
  summary: (input) => `Refund ${input.refundId}`,
  details: 'Refunds at the gateway and reverses the posting in the ledger. Update `retryNow` asks the gateway again at once.',
  attributes: (input) => startAttributes({ subjectId: input.refundId }),
};
