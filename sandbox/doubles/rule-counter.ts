import { z } from 'zod';
import { seededRandom } from './seeded-random.ts';

/** When a rule whose pattern matches really fires. All given conditions must hold. */
export const occurrenceSchema = {
  /** Fires at most this many times. */
  times: z.int().min(1).max(1_000_000).optional(),
  /** Fires with this probability, drawn from the seeded generator. */
  probability: z.number().min(0).max(1).optional(),
  /** Fires only on the n-th match, counted from 1. */
  nth: z.int().min(1).max(1_000_000).optional(),
};

/** The conditions of {@link occurrenceSchema}, parsed. */
export interface Occurrence {
  readonly times?: number | undefined;
  readonly probability?: number | undefined;
  readonly nth?: number | undefined;
}

/** Counts how often a rule was matched and fired, and decides about the next match. */
export class RuleCounter {
  readonly #occurrence: Occurrence;
  readonly #random: () => number;
  #matched = 0;
  #fired = 0;

  /**
   * @param occurrence when the rule fires.
   * @param seed the plan's seed with the rule's place mixed in, so that one rule's draws do not move another's.
   */
  constructor(occurrence: Occurrence, seed: number) {
    this.#occurrence = occurrence;
    this.#random = seededRandom(seed);
  }

  /** Counts one match. @returns whether the rule fires on it. */
  fires(): boolean {
    this.#matched += 1;
    const { times, probability, nth } = this.#occurrence;
    if (times !== undefined && this.#fired >= times) return false;
    if (nth !== undefined && this.#matched !== nth) return false;
    if (probability !== undefined && this.#random() >= probability) return false;
    this.#fired += 1;
    return true;
  }

  /** How often the rule's pattern matched and how often the rule fired. */
  get counts(): { readonly matched: number; readonly fired: number } {
    return { matched: this.#matched, fired: this.#fired };
  }
}

/**
 * Matches a text against a pattern: `*` stands for anything, a pattern without `*` is a prefix, a final `$` ties it to the end.
 *
 * @param pattern such as `/v1/refunds`, `/v1/payment_intents/*` + `/confirm`, `/v1/payment_intents$`.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const tied = pattern.endsWith('$');
  const body = tied ? pattern.slice(0, -1) : pattern;
  const source = body.split('*').map(escapeForRegExp).join('.*');
  const whole = tied || (body.includes('*') && !body.endsWith('*'));
  return new RegExp(`^${source}${whole ? '$' : ''}`, 'i').test(text);
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
