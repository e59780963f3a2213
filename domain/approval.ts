import { compareRationals, multiplyRationals, parseDecimal, rational } from './decimal.ts';
import { currencyDigits } from './currency.ts';
import { moneyFromWire, type Money, type MoneyWire } from './money.ts';
import { ok, refuse, type Outcome } from './refusal.ts';
import { compareIds } from './split-form.ts';

/** When an expense waits for others: never, above a limit, always, or until a number of members has agreed. */
export type ApprovalMode = 'none' | 'above' | 'all' | 'quorum';

/** A group's policy of approval, in the form of the wire. */
export interface ApprovalPolicy {
  readonly mode: ApprovalMode;
  /** The limit of mode `above`: greater totals wait. */
  readonly above?: MoneyWire | undefined;
  /** How many voters must agree in mode `quorum`. */
  readonly quorum?: number | undefined;
  /** Hours after which an expense no longer waits; {@link APPROVAL_TIMEOUT_HOURS} by default. */
  readonly timeoutHours?: number | undefined;
  /** What happens then; `reject` by default. */
  readonly onTimeout?: 'reject' | 'approve' | undefined;
}

/** Three days: a weekend and a working day. */
export const APPROVAL_TIMEOUT_HOURS = 72;

/** A quarter: nobody remembers an older dinner. */
export const APPROVAL_TIMEOUT_HOURS_MAX = 2_160;

/**
 * Checks that a policy says all that its mode needs.
 *
 * @returns the policy, or refusal `approval_limit_required`, `approval_quorum_required`, `invalid_timeout`, or one of
 * those of an amount.
 */
export function checkApprovalPolicy(policy: ApprovalPolicy, pointer = '/policy/approval'): Outcome<ApprovalPolicy> {
  const { timeoutHours = APPROVAL_TIMEOUT_HOURS } = policy;
  if (policy.mode === 'above' && policy.above === undefined) {
    return refuse('approval_limit_required', 'The mode above needs a limit.', `${pointer}/above`);
  }
  if (policy.mode === 'quorum' && !(policy.quorum !== undefined && Number.isInteger(policy.quorum) && policy.quorum > 0)) {
    return refuse('approval_quorum_required', 'The mode quorum needs the number of members who must agree.', `${pointer}/quorum`);
  }
  if (!Number.isInteger(timeoutHours) || timeoutHours < 1 || timeoutHours > APPROVAL_TIMEOUT_HOURS_MAX) {
    return refuse('invalid_timeout', `Waiting ends after 1 to ${String(APPROVAL_TIMEOUT_HOURS_MAX)} hours.`, `${pointer}/timeoutHours`);
  }
  const limit = policy.above === undefined ? ok(null) : moneyFromWire(policy.above, `${pointer}/above`);
  return limit.ok ? ok(policy) : limit;
}

/** Who is asked about an expense, and how many of them must agree. */
export interface ApprovalRound {
  readonly mode: 'all' | 'above' | 'quorum';
  /** Ids of members, sorted; never empty. */
  readonly voters: readonly string[];
  /** Votes that it takes: all of them except in mode `quorum`. */
  readonly quorum: number;
}

/** What a policy is applied to. */
export interface ApprovalQuestion {
  readonly policy: ApprovalPolicy;
  readonly total: Money;
  /** Exact decimal text: units of the limit's currency for one unit of the total's; absent when no rate is known. */
  readonly rateToLimit?: string | undefined;
  /** The group's members who have not left. */
  readonly members: readonly { readonly memberId: string; readonly hasAccount: boolean }[];
  readonly payers: readonly string[];
  readonly sharers: readonly string[];
  /** Who records the expense. */
  readonly creatorId: string;
}

/**
 * Decides whether an expense waits, and for whom.
 *
 * @returns null when it is posted at once: the policy does not ask, or there is nobody to ask.
 */
export function openRound(question: ApprovalQuestion): ApprovalRound | null {
  const { mode, quorum } = question.policy;
  if (mode === 'none' || !needsApproval(question.policy, question.total, question.rateToLimit)) return null;
  const voters = votersFor({ ...question, mode });
  if (voters.length === 0) return null;
  return { mode, voters, quorum: mode === 'quorum' ? Math.min(quorum ?? voters.length, voters.length) : voters.length };
}

/**
 * Whether a policy asks for approval of a total, whoever would be asked.
 *
 * @param rateToLimit exact decimal text: units of the limit's currency for one unit of the total's. A total in another
 * currency without a known rate counts as above the limit.
 */
export function needsApproval(policy: ApprovalPolicy, total: Money, rateToLimit?: string): boolean {
  if (policy.mode !== 'above') return policy.mode !== 'none';
  if (policy.above === undefined) return true;
  const limit = moneyFromWire(policy.above);
  if (!limit.ok) return true;
  if (limit.value.currency === total.currency) return total.minor > limit.value.minor;
  const rate = rateToLimit === undefined ? undefined : parseDecimal(rateToLimit, { fractionDigitsMax: RATE_DIGITS_MAX });
  if (rate === undefined || !rate.ok) return true;
  return compareRationals(multiplyRationals(unitsOf(total), rate.value), unitsOf(limit.value)) > 0;
}

/** The currency of a policy's limit, where a total in another one has to be converted to be compared; null where nothing has. */
export function needsApprovalRate(policy: ApprovalPolicy | undefined, currency: string): string | null {
  if (policy?.mode !== 'above' || policy.above === undefined || policy.above.currency === currency) return null;
  return policy.above.currency;
}

/** Published rates have at most so many digits after the point. */
const RATE_DIGITS_MAX = 18;

function unitsOf(money: Money): ReturnType<typeof rational> {
  return rational(money.minor, 10n ** BigInt(currencyDigits(money.currency)));
}

/**
 * Who is asked: members with an account; payers and sharers under `all` and `above`, anybody under `quorum`.
 *
 * Whoever records an expense agrees with it by recording it, and is not asked. So an expense is never approved by its
 * creator alone: either somebody else votes, or there is nobody to ask and it posts.
 *
 * @returns ids, sorted; empty when nobody can be asked.
 */
export function votersFor(
  input: Omit<ApprovalQuestion, 'policy' | 'total' | 'rateToLimit'> & { mode: Exclude<ApprovalMode, 'none'> },
): string[] {
  const concerned = new Set([...input.payers, ...input.sharers]);
  return input.members
    .filter((member) => member.hasAccount && member.memberId !== input.creatorId)
    .filter((member) => input.mode === 'quorum' || concerned.has(member.memberId))
    .map((member) => member.memberId)
    .sort(compareIds);
}

/** One member's vote. */
export interface Vote {
  readonly memberId: string;
  readonly decision: 'approved' | 'rejected';
}

/**
 * What the votes so far amount to. One rejection rejects under `all` and `above`; under `quorum` when those who have not
 * rejected are too few to reach it. Votes of others than the voters do not count.
 */
export function decideRound(round: ApprovalRound, votes: readonly Vote[]): 'approved' | 'rejected' | 'waiting' {
  const count = (decision: Vote['decision']): number =>
    new Set(votes.filter((vote) => vote.decision === decision && round.voters.includes(vote.memberId)).map((vote) => vote.memberId)).size;
  const needed = round.mode === 'quorum' ? Math.min(round.quorum, round.voters.length) : round.voters.length;
  if (round.voters.length - count('rejected') < needed) return 'rejected';
  return count('approved') >= needed ? 'approved' : 'waiting';
}

/** Whether a member may vote now: refusals `forbidden` for one who is not asked, `already_voted`. */
export function voteAllowed(round: ApprovalRound, votes: readonly Vote[], memberId: string): Outcome<null> {
  if (!round.voters.includes(memberId)) return refuse('forbidden', 'You are not asked about this expense.');
  if (votes.some((vote) => vote.memberId === memberId)) return refuse('already_voted', 'You have voted on this expense.');
  return ok(null);
}

/** What happens to an expense for which the time is up: the event of its state machine. */
export function timeoutEvent(policy: Pick<ApprovalPolicy, 'onTimeout'>): 'approve' | 'expire' {
  return policy.onTimeout === 'approve' ? 'approve' : 'expire';
}
