// Goal: what leaves an activity's process is a code, retryable only where a retry may help, and no words of anybody's.
import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { createLogger } from '../config/logger.ts';
import { refusal } from '../domain/refusal.ts';
import { activityEdge } from './edge.ts';

const logger = createLogger('test', 'silent');

async function failureOf(error: unknown): Promise<ApplicationFailure> {
  const { act } = activityEdge({ act: (): Promise<void> => Promise.reject(error as Error) }, logger);
  try {
    await act();
  } catch (failure) {
    assert.ok(failure instanceof ApplicationFailure);
    return failure;
  }
  assert.fail('nothing was thrown');
}

describe('activity edge', () => {
  it('a refusal, becomes a non-retryable failure with its code alone', async () => {
    const failure = await failureOf(refusal('overpayment', 'Anna owes less than that.'));

    assert.deepEqual([failure.type, failure.message, failure.nonRetryable], ['refused:overpayment', 'overpayment', true]);
  });

  for (const [circumstance, error] of [
    ['a connection that is refused', Object.assign(new Error('connect 10.0.0.7'), { code: 'ECONNREFUSED' })],
    ['a lock that is waited for too long', Object.assign(new Error('row of Anna'), { code: '55P03' })],
    ['one wrapped by the ORM', new Error('driver', { cause: Object.assign(new Error('x'), { code: '57P01' }) })],
  ] as const) {
    it(`${circumstance}, is retried as a database that is not there`, async () => {
      const failure = await failureOf(error);

      assert.equal(failure.type, 'DatabaseUnavailable');
      assert.notEqual(failure.nonRetryable, true);
      assert.match(failure.message, /^the database is (away|busy)$/);
    });
  }

  it('an error that nobody foresaw, is retried and keeps its words in the log', async () => {
    const failure = await failureOf(new TypeError('anna@example.org is undefined'));

    assert.deepEqual(
      [failure.type, failure.message, failure.nonRetryable ?? false],
      ['Unexpected', "act: TypeError, see the worker's log", false],
    );
    assert.equal(failure.cause, undefined);
  });

  it("a failure that is Temporal's already, passes as it is", async () => {
    const own = ApplicationFailure.nonRetryable('mine', 'Mine');

    assert.equal(await failureOf(own), own);
  });
});
