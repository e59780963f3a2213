import { wakeProcess, type Waker } from '../shared/client.ts';
import { refundProcess, settlementProcess, transferProcess } from './contract.ts';

/** Wakes a settlement. @param key the settlement's id. */
export const wakeSettlement: Waker = (client, key) => wakeProcess(client, settlementProcess, key);

/** Wakes a transfer. @param key the transfer's id. */
export const wakeTransfer: Waker = (client, key) => wakeProcess(client, transferProcess, key);

/** Wakes a refund. @param key the refund's id. */
export const wakeRefund: Waker = (client, key) => wakeProcess(client, refundProcess, key);
