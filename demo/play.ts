import { approveAndReject } from './approving.ts';
import { befriend, checkFriends, type Friends } from './befriending.ts';
import type { Ask, Cast } from './cast.ts';
import { type Check, checkBalances, checkJournal, checkPlan, checkState, checkTransfers, checkZero } from './checks.ts';
import type { Client } from './client.ts';
import { checkChart, saveChart } from './drawing.ts';
import { checkExplained, type Explained, explainLargest } from './explaining.ts';
import { type Flat, shareFlat } from './flat.ts';
import { open, type SignedIn } from './opening.ts';
import { type Nets, netsOf, netsOfFile, paymentEffect, plus } from './oracle.ts';
import { type Leg, minorOf, payableByStripe } from './paying.ts';
import type { Progress } from './progress.ts';
import { record } from './recording.ts';
import { awaitReminderEnd, startReminder } from './reminding.ts';
import { journalOf, type JournalEntry } from './sandbox.ts';
import type { Ledger } from './sesterce.ts';
import { refundPart, type Refunded, settle } from './settling.ts';

/** A payment that a plan proposes, by names. */
export interface Proposed {
  readonly from: string;
  readonly to: string;
  readonly minor: bigint;
  readonly currency: string;
}

/** What a run has found out so far; it is filled act by act, so that a run that fails can tell how far it came. */
export interface Story {
  readonly people: readonly string[];
  readonly currencies: readonly string[];
  readonly balancesBefore: Nets;
  balancesAfter: Nets;
  /** Who should pay whom when all rows are in, in every currency. */
  owedBefore: readonly Proposed[];
  owedAfter: readonly Proposed[];
  /** The plan that is settled, in the group's currency. */
  plan: readonly Proposed[];
  legs: readonly Leg[];
  refunded: Refunded | null;
  journal: readonly JournalEntry[];
  /** The file with the chart of who owes whom, once it is saved. */
  chart: string | null;
  explained: Explained | null;
  flat: Flat | null;
  friends: Friends | null;
  readonly workflowIds: string[];
  signIns: readonly SignedIn[];
  readonly checks: Check[];
}

/** What a run needs. */
export interface PlayInput {
  readonly text: string;
  readonly ledger: Ledger;
  readonly groupName: string;
  readonly withoutAccount: ReadonlySet<string>;
  /** Where the chart is saved. */
  readonly chartFile: string;
  readonly api: Client;
  readonly apiUrl: string;
  readonly sandbox: Client;
  readonly progress: Progress;
}

/** A run in which nothing has happened yet. */
export function newStory({ text, ledger }: Pick<PlayInput, 'text' | 'ledger'>): Story {
  const { people, currencies } = ledger;
  const [owedBefore, owedAfter, plan, legs, journal]: [Proposed[], Proposed[], Proposed[], Leg[], JournalEntry[]] = [[], [], [], [], []];
  const balancesBefore = netsOfFile(text);
  return {
    people,
    currencies,
    balancesBefore,
    balancesAfter: new Map(),
    owedBefore,
    owedAfter,
    plan,
    legs,
    refunded: null,
    journal,
    chart: null,
    explained: null,
    flat: null,
    friends: null,
    workflowIds: [],
    signIns: [],
    checks: [],
  };
}

/**
 * Plays the platform's main job from a ledger to a settled group, and checks each act against what the file alone says.
 *
 * @throws Error when the API refuses or does not answer; what was found out until then is in the story.
 */
export async function play(input: PlayInput, story: Story): Promise<void> {
  const { ledger, progress, sandbox } = input;
  const { cast, group, ask, signIns } = await open(input);
  story.signIns = signIns;
  story.workflowIds.push(group.workflowId);

  await record(ledger, cast, ask, progress);
  progress.step('Comparing the balances with the sums of the file');
  story.checks.push(checkBalances('the balances are those of the file', await balancesOf(cast, ask), story.balancesBefore));
  story.owedBefore = (await Promise.all(ledger.currencies.map((currency) => planOf(cast, currency, ask)))).flatMap(
    (plan) => plan.transfers,
  );

  const approved = await approveAndReject(cast, story.balancesBefore, ask, progress);
  story.workflowIds.push(...approved.workflowIds);
  story.checks.push(checkState('the approved expense is in the ledger', approved.approvedState, 'posted'));
  story.checks.push(checkState('the rejected expense is rejected', approved.rejectedState, 'rejected'));
  const nets = plus(story.balancesBefore, approved.effect);

  const reminded = await startReminder(cast, nets, ledger.currencies, ask, progress);
  const owed = plus(nets, reminded.effect);
  story.checks.push(checkBalances('the approved expense counts, and the rejected one does not', await balancesOf(cast, ask), owed));

  const plan = await planOf(cast, cast.currency, ask);
  story.plan = plan.transfers;
  progress.step(`Transfers that the plan needs: ${plan.transfers.length}${plan.minimal ? ', and fewer are proven impossible' : ''}`);
  story.checks.push(checkPlan('the plan settles everybody', plan.transfers, owed, cast.currency));

  story.explained = await explainLargest(cast, plan.transfers, ask, progress);
  story.checks.push(checkExplained(story.explained));
  story.checks.push(checkChart(await saveChart(cast, input.chartFile, ask, progress)));
  story.chart = input.chartFile;

  const settled = await settle(cast, ask, sandbox, progress);
  story.legs = settled.legs;
  story.workflowIds.push(settled.workflowId, ...settled.legs.map(({ transfer }) => transfer.workflowId));
  story.checks.push(checkState('the settlement is settled', settled.state, 'settled'));
  story.checks.push(checkState('the declined transfer was shown as failed', settled.failed?.state, 'failed'));
  story.checks.push(checkPlan('the transfers settle everybody', settled.legs.map(proposedOf), owed, cast.currency));

  story.workflowIds.push(reminded.workflowId);
  const reminderState = await awaitReminderEnd(reminded, ask, progress);
  story.checks.push(checkState('the reminder has stopped with the debt', reminderState, 'done'));

  const part = (minor: bigint): bigint => payableByStripe(minor / 3n, cast.currency) || minor;
  const refunded = await refundPart(settled.legs, part, ask, progress);
  story.refunded = refunded;
  story.workflowIds.push(refunded.refund.workflowId);
  story.checks.push(checkState('the refund has succeeded', refunded.refund.state, 'succeeded'));

  await compareEnd(input, story, { cast, ask, owed, refunded });
  await playAside(input, story, cast, ask);
}

/** What happens outside of the ledger's group: a flat with a past and a rent, and two friends. */
async function playAside({ api, progress }: PlayInput, story: Story, cast: Cast, ask: Ask): Promise<void> {
  const flat = await shareFlat(cast, api, ask, progress);
  story.flat = flat;
  story.workflowIds.push(flat.workflowId, flat.imported.workflowId, flat.rent.workflowId);
  story.checks.push(...flat.checks);
  story.friends = await befriend(cast, ask, progress);
  story.checks.push(checkFriends(story.friends));
}

async function compareEnd(
  { ledger, sandbox, progress }: PlayInput,
  story: Story,
  { cast, ask, owed, refunded }: { cast: Cast; ask: Ask; owed: Nets; refunded: Refunded },
): Promise<void> {
  progress.step("Comparing the balances and the gateway's journal");
  const { from, to } = refunded.leg;
  const back = paymentEffect({ from: to.name, to: from.name, currency: cast.currency, minor: refunded.minor });
  const expected = plus(owed, [...story.legs.map(proposedOf).flatMap(paymentEffect), ...back]);
  story.balancesAfter = await balancesOf(cast, ask);
  story.journal = await journalOf(sandbox, new Set(story.legs.map(({ transfer }) => transfer.id)));
  story.owedAfter = (await Promise.all(ledger.currencies.map((currency) => planOf(cast, currency, ask)))).flatMap((plan) => plan.transfers);
  story.checks.push(checkBalances('the balances at the end are as computed', story.balancesAfter, expected));
  story.checks.push(checkZero(story.balancesAfter, cast.currency, refunded));
  story.checks.push(checkTransfers(story.legs));
  story.checks.push(checkJournal(story.journal, story.legs, refunded));
}

function proposedOf({ transfer, from, to }: Leg): Proposed {
  return { from: from.name, to: to.name, minor: minorOf(transfer.money.amount), currency: transfer.money.currency };
}

async function balancesOf(cast: Cast, ask: Ask): Promise<Nets> {
  const { body } = await ask<{ balances: { memberId: string; currency: string; net: string }[] }>(
    cast.owner,
    'GET',
    `/v1/groups/${cast.groupId}/balances`,
  );
  return netsOf(
    body.balances.map(({ memberId, currency, net }) => ({ name: cast.byMember(memberId).name, currency, minor: minorOf(net) })),
  );
}

async function planOf(cast: Cast, currency: string, ask: Ask): Promise<{ transfers: Proposed[]; minimal: boolean }> {
  const { body } = await ask<{ transfers: { from: string; to: string; money: { amount: string } }[]; minimal: boolean }>(
    cast.owner,
    'GET',
    `/v1/groups/${cast.groupId}/plan?strategy=minimal&currency=${currency}`,
  );
  const transfers = body.transfers.map(({ from, to, money }) => ({
    from: cast.byMember(from).name,
    to: cast.byMember(to).name,
    minor: minorOf(money.amount),
    currency,
  }));
  return { transfers, minimal: body.minimal };
}
