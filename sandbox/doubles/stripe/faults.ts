import { z } from 'zod';
import { matchesPattern, occurrenceSchema, RuleCounter } from '../rule-counter.ts';

const matchSchema = z.strictObject({
  /** HTTP method; any when missing. */
  method: z.enum(['GET', 'POST', 'DELETE']).optional(),
  /** Path pattern, see `matchesPattern`; any when missing. */
  path: z.string().min(1).max(200).optional(),
  /** Event type pattern, only for webhook faults. */
  event: z.string().min(1).max(100).optional(),
  ...occurrenceSchema,
});

const ms = z.int().min(0).max(600_000);

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('lost_before') }),
  z.strictObject({ kind: z.literal('lost_after') }),
  z.strictObject({ kind: z.literal('status_500') }),
  z.strictObject({ kind: z.literal('status_503') }),
  z.strictObject({ kind: z.literal('rate_limited') }),
  z.strictObject({ kind: z.literal('slow'), ms: ms.default(2_000), when: z.enum(['before', 'after']).default('after') }),
  z.strictObject({ kind: z.literal('decline') }),
  z.strictObject({ kind: z.literal('webhook_twice') }),
  z.strictObject({ kind: z.literal('webhook_late'), ms: ms.default(5_000) }),
  z.strictObject({ kind: z.literal('webhook_out_of_order') }),
]);

/** A fault is written as its name, `{kind, ...}` or `{slow: {ms}}`; all three mean the same. */
const faultInput = z.preprocess((value) => {
  if (typeof value === 'string') return { kind: value };
  if (typeof value !== 'object' || value === null || 'kind' in value) return value;
  const [entry, ...others] = Object.entries(value);
  return entry && others.length === 0 ? { kind: entry[0], ...(entry[1] as object) } : value;
}, faultSchema);

/** A fault plan as `POST /_sandbox/faults` takes it. */
export const faultPlanSchema = z.strictObject({
  seed: z.int().default(1),
  rules: z.array(z.preprocess(withOptionsInside, z.strictObject({ match: matchSchema.default({}), fault: faultInput }))).max(100),
});

/** `{fault: 'slow', ms: 500}` is `{fault: {kind: 'slow', ms: 500}}`. */
function withOptionsInside(rule: unknown): unknown {
  if (typeof rule !== 'object' || rule === null || !('fault' in rule) || typeof rule.fault !== 'string') return rule;
  const { match, fault, ...options } = rule as { match?: unknown; fault: string };
  return { ...(match === undefined ? {} : { match }), fault: { kind: fault, ...options } };
}

/** A parsed fault plan. */
export type FaultPlanInput = z.infer<typeof faultPlanSchema>;
/** One misbehaviour. */
export type Fault = z.infer<typeof faultSchema>;
/** A fault of the answer to a request. */
export type TransportFault = Extract<Fault, { kind: 'lost_before' | 'lost_after' | 'status_500' | 'status_503' | 'rate_limited' | 'slow' }>;
/** A fault of an event's delivery. */
export type WebhookFault = Extract<Fault, { kind: 'webhook_twice' | 'webhook_late' | 'webhook_out_of_order' }>;

interface Rule {
  readonly match: FaultPlanInput['rules'][number]['match'];
  readonly fault: Fault;
  readonly counter: RuleCounter;
}

/** How the double misbehaves at present. Lives in memory: a restarted double behaves well. */
export class FaultPlan {
  #seed = 1;
  #rules: readonly Rule[] = [];

  /** Replaces the whole plan; counters begin anew. */
  set(plan: FaultPlanInput): void {
    this.#seed = plan.seed;
    this.#rules = plan.rules.map((rule, index) => ({ ...rule, counter: new RuleCounter(rule.match, plan.seed + index * 7_919) }));
  }

  /** Makes the double behave well. */
  clear(): void {
    this.#rules = [];
  }

  /** The plan with how often each rule matched and fired. */
  read(): object {
    return { seed: this.#seed, rules: this.#rules.map((rule) => ({ match: rule.match, fault: rule.fault, ...rule.counter.counts })) };
  }

  /** The fault of this request's answer, if any. The first rule that fires wins; later ones do not count the request. */
  transport(method: string, path: string): TransportFault | undefined {
    return this.#first((fault): fault is TransportFault => isTransport(fault), { method, path });
  }

  /** Whether a charge made by this request is to be declined. */
  declines(method: string, path: string): boolean {
    return this.#first((fault): fault is Extract<Fault, { kind: 'decline' }> => fault.kind === 'decline', { method, path }) !== undefined;
  }

  /** The fault of this event's delivery, if any. */
  webhook(event: string): WebhookFault | undefined {
    return this.#first((fault): fault is WebhookFault => fault.kind.startsWith('webhook_'), { event });
  }

  #first<F extends Fault>(concerns: (fault: Fault) => fault is F, subject: Subject): F | undefined {
    for (const { match, fault, counter } of this.#rules) {
      if (concerns(fault) && matches(match, subject) && counter.fires()) return fault;
    }
    return undefined;
  }
}

interface Subject {
  readonly method?: string;
  readonly path?: string;
  readonly event?: string;
}

function matches(match: Rule['match'], subject: Subject): boolean {
  if (match.method !== undefined && match.method !== subject.method) return false;
  if (match.path !== undefined && !matchesPattern(match.path, subject.path ?? '')) return false;
  return match.event === undefined || matchesPattern(match.event, subject.event ?? '');
}

function isTransport(fault: Fault): boolean {
  return fault.kind !== 'decline' && !fault.kind.startsWith('webhook_');
}
