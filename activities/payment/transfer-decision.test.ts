// Goal: what is done for a transfer follows from its row alone, at every border of time. Method: rows written by hand.
import assert from 'node:assert/strict';
import type { AttemptWork, TransferWork } from '../../db/queries/payment/transfer-work.ts';
import { ACTION_HOURS, CONFIRMATION_DAYS, decideTransfer } from './transfer-decision.ts';

const START = Date.parse('2026-11-20T10:00:00.000Z');
const at = (hours: number, ms = 0): string => new Date(START + hours * 3_600_000 + ms).toISOString();

function attempt(change: Partial<AttemptWork>): AttemptWork {
  return {
    id: 'a1',
    epoch: 1,
    gateway: 'stripe',
    idempotencyKey: 'stripe:t:1',
    amountMinor: '100',
    state: 'created',
    gatewayRef: null,
    paymentMethodRef: 'pm_x',
    destinationRef: 'acct_x',
    failureCode: null,
    tries: 1,
    answeredTry: 0,
    keptUntilIso: at(23),
    sentAtIso: at(0),
    capturedOn: null,
    overdueNoticed: false,
    reported: false,
    ...change,
  };
}

function transfer(state: TransferWork['state'], attempts: AttemptWork[], change: Partial<TransferWork> = {}): TransferWork {
  return {
    id: 't',
    settlementId: 's',
    groupId: 'g',
    from: 'f',
    to: 'r',
    currency: 'EUR',
    state,
    method: 'stripe',
    failureCode: null,
    date: '2026-11-20',
    cancelRequested: false,
    attempts,
    ...change,
  };
}

const decide = (work: TransferWork, nowIso = at(0), asked: string[] = []): string => {
  const decision = decideTransfer(work, nowIso, new Set(asked));
  return decision.do === 'wait' ? `wait for ${decision.kind}` : decision.do;
};

describe('decideTransfer', () => {
  it('stored attempt, key still kept, is sent; afterwards the gateway is asked first', () => {
    const work = transfer('processing', [attempt({})]);
    assert.equal(decide(work, at(23, -1)), 'send');
    assert.equal(decide(work, at(23)), 'ask');
    assert.equal(decide(work, at(0), ['a1']), 'wait for later');
  });

  it('unknown attempt is asked about and never sent blindly', () => {
    const work = transfer('unknown', [attempt({ state: 'unknown' })]);
    assert.equal(decide(work), 'ask');
    assert.equal(decide(work, at(0), ['a1']), 'wait for unknown');
  });

  it('declined attempt beside a newer one is cancelled at the gateway before the newer one is sent', () => {
    const work = transfer('processing', [attempt({ id: 'a2', epoch: 2 }), attempt({ state: 'declined', gatewayRef: 'pi' })]);
    assert.equal(decide(work), 'cancel');
    const put = transfer('processing', [attempt({ id: 'a2', epoch: 2 }), attempt({ state: 'canceled' })]);
    assert.equal(decide(put), 'send');
  });

  it('captured attempt is posted; of a quarantined transfer it waits for an operator', () => {
    assert.equal(decide(transfer('processing', [attempt({ state: 'captured' })])), 'post');
    assert.equal(decide(transfer('quarantined', [attempt({ state: 'captured' })])), 'wait for operator');
  });

  it('payer who does not act, has until the deadline', () => {
    const work = transfer('processing', [attempt({ state: 'requires_action', answeredTry: 1, gatewayRef: 'pi' })]);
    assert.equal(decide(work, at(ACTION_HOURS, -1)), 'ask');
    assert.equal(decide(work, at(ACTION_HOURS)), 'cancel');
    assert.equal(decide({ ...work, cancelRequested: true }), 'cancel');
  });

  it('manual payment, unconfirmed, is told at the deadline and waits on', () => {
    const waiting = attempt({ state: 'awaiting_confirmation', gateway: 'manual' });
    const work = transfer('awaiting_confirmation', [waiting]);
    assert.equal(decide(work, at(CONFIRMATION_DAYS * 24, -1)), 'wait for receiver');
    assert.equal(decide(work, at(CONFIRMATION_DAYS * 24)), 'noticeOverdue');
    assert.equal(decide(transfer('awaiting_confirmation', [{ ...waiting, overdueNoticed: true }]), at(9_999)), 'wait for receiver');
    assert.equal(decide(transfer('disputed', [waiting]), at(9_999)), 'wait for receiver');
  });

  it('cancelled settlement, leg with a declined attempt, cancels there first, then the leg', () => {
    const declined = attempt({ state: 'declined', gatewayRef: 'pi', answeredTry: 1 });
    const work = transfer('failed', [declined], { cancelRequested: true });
    assert.equal(decide(work), 'cancel');
    assert.equal(decide(work, at(0), ['a1']), 'wait for unknown');
    assert.equal(decide(transfer('failed', [{ ...declined, state: 'canceled' }], { cancelRequested: true })), 'cancelLeg');
  });

  it('leg without a try waits for its payer; what stands alone ends until somebody pays', () => {
    assert.equal(decide(transfer('planned', [])), 'wait for person');
    assert.equal(decide(transfer('failed', [attempt({ state: 'canceled' })], { settlementId: null })), 'ended');
    assert.equal(decide(transfer('succeeded', [attempt({ state: 'succeeded' })])), 'ended');
  });

  it('news about money after a final failure are looked at, even when the transfer has ended', () => {
    assert.equal(decide(transfer('cancelled', [attempt({ state: 'canceled', gatewayRef: 'pi', reported: true })])), 'ask');
    assert.equal(decide(transfer('succeeded', [attempt({ state: 'succeeded', reported: true })])), 'seen');
  });

  it('money that came although the transfer had ended, waits for an operator and is not forgotten with it', () => {
    const late = [attempt({ state: 'succeeded' }), attempt({ state: 'quarantined' })];
    assert.equal(decide(transfer('succeeded', late)), decide(transfer('quarantined', [attempt({ state: 'quarantined' })])));
  });
});
