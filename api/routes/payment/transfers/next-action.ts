import { setTimeout as sleep } from 'node:timers/promises';
import { findTransfer, type Query } from '../../../../db/queries/payment/transfers.ts';
import type { Answer } from '../../../route.ts';
import { presentTransfer } from '../presenter.ts';

/**
 * A gateway answers a first try in a few hundred milliseconds. Where Temporal or the gateway is away the answer goes
 * out without the next action after this, and reading the transfer shows it once it is there.
 */
const WAIT_MS = 2_500;
const LOOK_EVERY_MS = 50;

/**
 * Adds what the payer has to do next to the answer of a pay without a payment method. The command has committed, so
 * this only looks; whatever happens here, the answer stands.
 *
 * @param answer of the command: the transfer as committed.
 */
export async function withNextAction(query: Query, userId: string, transferId: string, answer: Answer): Promise<Answer> {
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const transfer = await findTransfer(query, userId, transferId);
    if (transfer === null) return answer;
    if (transfer.nextAction !== null) return { ...answer, body: presentTransfer(transfer) };
    if (transfer.state !== 'processing') return answer;
    await sleep(LOOK_EVERY_MS);
  }
  return answer;
}
