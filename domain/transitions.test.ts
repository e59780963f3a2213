import assert from 'node:assert/strict';
import { ATTEMPT_EVENTS, ATTEMPT_STATES, isAttemptOpen, moveAttempt, type AttemptEvent, type AttemptState } from './attempt.ts';
import { FRIENDSHIP_EVENTS, FRIENDSHIP_STATES, moveFriendship } from './friendship.ts';
import { EXPENSE_EVENTS, EXPENSE_STATES, moveExpense } from './expense-state.ts';
import { GROUP_EVENTS, GROUP_STATES, GROUP_TRANSITIONS, moveGroup } from './group.ts';
import { isFinal } from './machine.ts';
import { moveRefund, REFUND_EVENTS, REFUND_STATES, REFUND_TRANSITIONS } from './refund.ts';
import { moveReminder, REMINDER_EVENTS, REMINDER_STATES } from './reminder.ts';
import type { Outcome } from './refusal.ts';
import { moveTransfer, TRANSFER_EVENTS, TRANSFER_STATES, type TransferState } from './transfer.ts';

// Goal: every state machine, every state and every event. Method: all moves are tried and written down by event, which
// is the other way round than the tables under test: `state>next` where allowed, `state!code` where refused. A refusal
// with the machine's usual code is left out.

function tabulate<S extends string, E extends string>(
  states: readonly S[],
  events: readonly E[],
  move: (state: S, event: E) => Outcome<S>,
  usualCode: string,
): Record<string, string> {
  const cell = (state: S, event: E): string => {
    const outcome = move(state, event);
    if (outcome.ok) return `${state}>${outcome.value}`;
    return outcome.refusal.code === usualCode ? '' : `${state}!${outcome.refusal.code}`;
  };
  return Object.fromEntries(
    events.map((event) => [
      event,
      states
        .map((state) => cell(state, event))
        .filter(Boolean)
        .join(' '),
    ]),
  );
}

describe('state machines, every state and event', () => {
  it('transfer', () => {
    const busy =
      'processing!payment_in_progress awaiting_confirmation!payment_in_progress unknown!payment_in_progress quarantined!payment_in_progress disputed!payment_in_progress';
    const [processing, ...others] = busy.split(' ');
    const starting = (next: string): string => ['planned>' + next, processing, others[0], 'failed>' + next, ...others.slice(1)].join(' ');
    assert.deepEqual(tabulate(TRANSFER_STATES, TRANSFER_EVENTS, moveTransfer, 'wrong_state'), {
      pay_by_gateway: starting('processing'),
      pay_manually: starting('awaiting_confirmation'),
      confirm: 'awaiting_confirmation>processing disputed>processing',
      dispute: 'awaiting_confirmation>disputed disputed>disputed',
      gateway_processing:
        'planned>planned processing>processing awaiting_confirmation>awaiting_confirmation succeeded>succeeded failed>failed unknown>processing quarantined>quarantined disputed>disputed cancelled>cancelled',
      gateway_succeeded:
        'planned>quarantined processing>processing awaiting_confirmation>quarantined succeeded>succeeded failed>quarantined unknown>processing quarantined>quarantined disputed>quarantined cancelled>quarantined',
      gateway_failed:
        'planned>planned processing>failed awaiting_confirmation>awaiting_confirmation succeeded>succeeded failed>failed unknown>failed quarantined>quarantined disputed>disputed cancelled>cancelled',
      gateway_unknown:
        'planned>planned processing>unknown awaiting_confirmation>awaiting_confirmation succeeded>succeeded failed>failed unknown>unknown quarantined>quarantined disputed>disputed cancelled>cancelled',
      gateway_mismatch:
        'planned>quarantined processing>quarantined awaiting_confirmation>quarantined succeeded>succeeded failed>quarantined unknown>quarantined quarantined>quarantined disputed>quarantined cancelled>quarantined',
      posted: 'processing>succeeded succeeded>succeeded',
      posted_part: 'planned>planned processing>planned',
      resolve_paid: 'unknown>processing quarantined>processing disputed>processing',
      resolve_unpaid: 'unknown>failed quarantined>failed disputed>failed',
      cancel: starting('cancelled'),
    });
  });

  it('attempt', () => {
    const late = 'captured>captured succeeded>succeeded';
    const open = (next: string): string => `created>${next} sent>${next} requires_action>${next}`;
    const report = (next: string): string =>
      `${open(next)} ${late} declined>declined canceled>canceled unknown>${next} quarantined>quarantined`;
    assert.deepEqual(tabulate(ATTEMPT_STATES, ATTEMPT_EVENTS, moveAttempt, 'wrong_state'), {
      send: 'created>sent sent>sent requires_action>sent declined>sent',
      claim: 'created>awaiting_confirmation awaiting_confirmation>awaiting_confirmation',
      confirmed: 'awaiting_confirmation>captured captured>captured succeeded>succeeded',
      denied: 'awaiting_confirmation>canceled',
      gateway_requires_action: report('requires_action'),
      gateway_processing: report('sent'),
      gateway_succeeded: `${open('captured')} ${late} declined>captured canceled>quarantined unknown>captured quarantined>quarantined`,
      gateway_declined: report('declined'),
      gateway_canceled: `${open('canceled')} ${late} declined>canceled canceled>canceled unknown>canceled quarantined>quarantined`,
      gateway_timed_out: report('unknown'),
      gateway_mismatch: `${open('quarantined')} captured>quarantined succeeded>succeeded declined>quarantined canceled>quarantined unknown>quarantined quarantined>quarantined`,
      posted: 'captured>succeeded succeeded>succeeded',
      resolve_paid: 'awaiting_confirmation>captured unknown>captured quarantined>captured',
      resolve_unpaid: 'awaiting_confirmation>canceled unknown>canceled quarantined>canceled',
    });
  });

  it('refund', () => {
    assert.deepEqual(tabulate(REFUND_STATES, REFUND_EVENTS, moveRefund, 'wrong_state'), {
      approve: 'requested>approved',
      reject: 'requested>rejected',
      send: 'approved>processing processing>processing',
      gateway_processing: 'processing>processing succeeded>succeeded failed>failed unknown>processing',
      gateway_succeeded: 'processing>processing succeeded>succeeded failed>unknown unknown>processing',
      gateway_failed: 'processing>failed succeeded>succeeded failed>failed unknown>failed',
      gateway_unknown: 'processing>unknown succeeded>succeeded failed>failed unknown>unknown',
      posted: 'approved>succeeded processing>succeeded succeeded>succeeded',
      resolve_paid: 'unknown>processing',
      resolve_unpaid: 'unknown>failed',
    });
  });

  it('reminder', () => {
    assert.deepEqual(tabulate(REMINDER_STATES, REMINDER_EVENTS, moveReminder, 'reminder_ended'), {
      pause: 'active>paused paused>paused snoozed>paused',
      resume: 'active>active paused>active snoozed>active',
      snooze: 'active>snoozed paused>snoozed snoozed>snoozed',
      wake: 'active>active paused>paused snoozed>active',
      stop: 'active>stopped paused>stopped snoozed>stopped stopped>stopped',
      debt_gone: 'active>done paused>done snoozed>done done>done',
      exhaust: 'active>stopped paused!wrong_state snoozed!wrong_state',
    });
  });

  for (const hasPendingVersion of [false, true]) {
    it(`expense, ${hasPendingVersion ? 'an edit waits' : 'no edit waits'}`, () => {
      const moves = tabulate(
        EXPENSE_STATES,
        EXPENSE_EVENTS,
        (state, event) => moveExpense({ state, event, hasPendingVersion }),
        'expense_not_pending',
      );
      const edit = (next: string): string => `rejected>${next} expired>${next} withdrawn>${next}`;
      const ending = (next: string): string => `${hasPendingVersion ? 'posted>posted ' : ''}pending>${next} deleted!deleted`;
      const restoring = (next: string): string =>
        `${EXPENSE_STATES.slice(0, 5)
          .map((state) => `${state}!not_deleted`)
          .join(' ')} deleted>${next}`;
      assert.deepEqual(moves, {
        edit_post: `posted>posted pending>posted ${edit('posted')} deleted!deleted`,
        edit_submit: `posted>posted pending>pending ${edit('pending')} deleted!deleted`,
        restore_post: restoring('posted'),
        restore_submit: restoring('pending'),
        approve: ending('posted'),
        reject: ending('rejected'),
        expire: ending('expired'),
        withdraw: ending('withdrawn'),
        delete: `posted>deleted pending>deleted ${edit('deleted')} deleted!deleted`,
      });
    });
  }

  it('group', () => {
    assert.deepEqual(tabulate(GROUP_STATES, GROUP_EVENTS, moveGroup, ''), {
      change: 'active>active archived!archived deleted!deleted',
      settle: 'active>active archived>archived deleted!deleted',
      archive: 'active>archived archived!archived deleted!deleted',
      unarchive: 'active!not_archived archived>active deleted!deleted',
      delete: 'active>deleted archived>deleted deleted!deleted',
      restore: 'active!not_deleted archived!not_deleted deleted>active',
    });
  });
});

describe('state machines, what follows from the tables', () => {
  it('any reports in any order after success, the attempt stays a success', () => {
    for (const first of ATTEMPT_EVENTS) {
      const outcome = moveAttempt('succeeded', first);
      assert.ok(!outcome.ok || outcome.value === 'succeeded');
    }
  });

  it('a time-out never ends as a failure by itself', () => {
    for (const state of TRANSFER_STATES) {
      const outcome = moveTransfer(state, 'gateway_unknown');
      assert.ok(outcome.ok && (state === 'failed' || outcome.value !== 'failed'));
    }
    for (const state of ATTEMPT_STATES) {
      const outcome = moveAttempt(state, 'gateway_timed_out');
      assert.ok(!outcome.ok || state === 'canceled' || outcome.value !== 'canceled');
    }
  });

  it('success is reached through the posting to the ledger alone', () => {
    const into = (target: string, states: readonly string[], moves: Record<string, string>): string[] =>
      Object.entries(moves).flatMap(([event, cells]) =>
        states.some((state) => state !== target && cells.split(' ').includes(`${state}>${target}`)) ? [event] : [],
      );
    const transfer = tabulate<TransferState, (typeof TRANSFER_EVENTS)[number]>(TRANSFER_STATES, TRANSFER_EVENTS, moveTransfer, '');
    const attempt = tabulate<AttemptState, AttemptEvent>(ATTEMPT_STATES, ATTEMPT_EVENTS, moveAttempt, '');
    assert.deepEqual(into('succeeded', TRANSFER_STATES, transfer), ['posted']);
    assert.deepEqual(into('succeeded', ATTEMPT_STATES, attempt), ['posted']);
    assert.deepEqual(into('succeeded', REFUND_STATES, tabulate(REFUND_STATES, REFUND_EVENTS, moveRefund, '')), ['posted']);
  });

  it('final states', () => {
    assert.deepEqual(
      REFUND_STATES.filter((state) => isFinal(REFUND_TRANSITIONS, state)),
      ['succeeded', 'rejected'],
    );
    assert.deepEqual(
      GROUP_STATES.filter((state) => isFinal(GROUP_TRANSITIONS, state)),
      [],
    );
    assert.deepEqual(
      ATTEMPT_STATES.filter((state) => !isAttemptOpen(state)),
      ['succeeded', 'canceled'],
    );
  });

  it('friendship', () => {
    assert.deepEqual(tabulate(FRIENDSHIP_STATES, FRIENDSHIP_EVENTS, moveFriendship, 'wrong_state'), {
      accept: 'pending>accepted',
      decline: 'pending>declined',
      withdraw: 'pending>withdrawn',
      end: 'accepted>ended',
    });
  });
});
