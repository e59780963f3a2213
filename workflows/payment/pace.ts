import type { WaitKind } from '../../activities/payment/contract.ts';

/** Pauses between two looks: they double from the first to the last. After `quietLooks` an operator is asked to look. */
interface Pace {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly quietLooks: number;
}

const MINUTE = 60_000;

const PACES: Record<Exclude<WaitKind, 'person' | 'operator' | 'receiver'>, Pace> = {
  // An answer was lost: the gateway mostly knows at once. Ten looks span half an hour.
  unknown: { firstMs: 2_000, lastMs: 15 * MINUTE, quietLooks: 10 },
  // Bank debits take days; a webhook tells, the look is the net.
  gateway: { firstMs: MINUTE, lastMs: 60 * MINUTE, quietLooks: 100 },
  payer: { firstMs: MINUTE, lastMs: 60 * MINUTE, quietLooks: Number.POSITIVE_INFINITY },
  later: { firstMs: 2_000, lastMs: 5 * MINUTE, quietLooks: 10 },
};

/** When to look again, and whether a person should look before. */
export interface NextLook {
  /** RFC 3339; null: only when woken. */
  readonly atIso: string | null;
  readonly needsAttention: boolean;
}

/**
 * Says when to look again.
 *
 * @param looks how often in a row the same was found.
 * @param untilIso the deadline that the activity named.
 * @param nowMs the workflow's time.
 */
export function nextLook(kind: WaitKind, looks: number, untilIso: string | null, nowMs: number): NextLook {
  if (kind === 'operator') return { atIso: null, needsAttention: true };
  if (kind === 'person' || kind === 'receiver') return { atIso: untilIso, needsAttention: false };
  const { firstMs, lastMs, quietLooks } = PACES[kind];
  // Beyond 2^30 the exponent only makes numbers that are cut off anyway.
  const pauseMs = Math.min(lastMs, firstMs * 2 ** Math.min(looks, 30));
  return { atIso: new Date(nowMs + pauseMs).toISOString(), needsAttention: looks >= quietLooks };
}

const WORDS: Record<WaitKind, string> = {
  person: 'waits for somebody to act through the API',
  operator: 'needs a person: what the gateway said does not fit what was sent. Compare the two; `retryNow` looks at the row again',
  receiver: 'waits for the receiver to confirm',
  unknown: 'the gateway has not said what became of it; it is asked again under the same key. `retryNow` asks at once',
  gateway: 'the gateway is at work; a webhook or the next look tells',
  payer: 'waits for a further step of the payer at the gateway',
  later: 'the gateway took nothing for now; it is asked again',
};

/** What operators read while it waits. */
export function waitWords(kind: WaitKind, next: NextLook): string {
  return next.atIso === null ? `${WORDS[kind]}.` : `${WORDS[kind]}. Next look at ${next.atIso}.`;
}
