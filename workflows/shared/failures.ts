import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

/**
 * Types of the failures that an activity may end with. A refusal's type is {@link REFUSAL_PREFIX} plus its code, such
 * as `refused:overpayment`; it is never retried. The others are retried by the profile.
 */
export const REFUSAL_PREFIX = 'refused:';
/** Postgres is away, too busy, or a lock was waited for too long: retried. */
export const DATABASE_UNAVAILABLE = 'DatabaseUnavailable';
/** What nobody foresaw: retried, and red in the Web UI while it lasts. */
export const UNEXPECTED = 'Unexpected';
/** The input of an activity or workflow breaks its contract: a bug, not retried. */
export const CONTRACT_BROKEN = 'ContractBroken';

/**
 * The code of the refusal that an activity ended with, or null when it failed for another reason.
 *
 * @param error what awaiting an activity threw.
 */
export function refusalCode(error: unknown): string | null {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  if (!(failure instanceof ApplicationFailure) || typeof failure.type !== 'string') return null;
  return failure.type.startsWith(REFUSAL_PREFIX) ? failure.type.slice(REFUSAL_PREFIX.length) : null;
}

/**
 * Awaits an activity and turns its refusal into a value: business "no" is a return value in workflows.
 *
 * @returns the activity's result, or the refusal's code.
 * @throws what the activity failed with when that was no refusal.
 */
export async function orRefusal<T>(running: Promise<T>): Promise<{ ok: true; value: T } | { ok: false; code: string }> {
  try {
    return { ok: true, value: await running };
  } catch (error) {
    const code = refusalCode(error);
    if (code === null) throw error;
    return { ok: false, code };
  }
}
