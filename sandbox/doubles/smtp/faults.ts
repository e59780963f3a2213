import { z } from 'zod';
import { matchesPattern, occurrenceSchema, RuleCounter } from '../rule-counter.ts';

/** Refusals as `POST /_sandbox/smtp-faults` takes them. */
export const smtpFaultPlanSchema = z.strictObject({
  seed: z.int().default(1),
  rules: z
    .array(
      z.strictObject({
        /** Pattern of the recipient's address, see `matchesPattern`; everyone when missing. */
        to: z.string().min(1).max(200).default('*'),
        /** 4xx asks the sender to try again, 5xx not to. */
        code: z.int().min(400).max(599),
        message: z.string().min(1).max(200).default('Refused by the fault plan'),
        ...occurrenceSchema,
      }),
    )
    .max(100),
});

/** A parsed plan of refusals. */
export type SmtpFaultPlanInput = z.infer<typeof smtpFaultPlanSchema>;

type Rule = SmtpFaultPlanInput['rules'][number] & { readonly counter: RuleCounter };

/** Which recipients the mail server refuses at present. Lives in memory. */
export class SmtpFaults {
  #rules: readonly Rule[] = [];

  /** Replaces the whole plan; counters begin anew. */
  set(plan: SmtpFaultPlanInput): void {
    this.#rules = plan.rules.map((rule, index) => ({ ...rule, counter: new RuleCounter(rule, plan.seed + index * 7_919) }));
  }

  /** Accepts everyone again. */
  clear(): void {
    this.#rules = [];
  }

  /** The plan with how often each rule matched and fired. */
  read(): object {
    return { rules: this.#rules.map(({ counter, ...rule }) => ({ ...rule, ...counter.counts })) };
  }

  /** The refusal of this recipient, if any; counts one match. */
  refusalFor(address: string): { readonly code: number; readonly message: string } | undefined {
    return this.#rules.find((rule) => matchesPattern(rule.to, address) && rule.counter.fires());
  }
}
