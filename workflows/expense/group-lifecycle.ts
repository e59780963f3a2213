import { continueAsNew, proxyActivities } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, shouldRollOver, waitForChange } from '../shared/waiting.ts';
import type { GroupLifecycleInput } from './contract.ts';

const { readGroup, expireInvitations, purgeGroup, nudgeIdleGroup } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.database);

const DAY_MS = 24 * 60 * 60 * 1000;
/** A group without activity for a quarter is nudged: settled and forgotten, or forgotten and not settled. */
const IDLE_DAYS = 90;
/** Where Postgres says that it is not time yet, our clock is ahead of its; it is asked again after this. */
const CLOCK_DIFFERENCE_MS = 60 * 1000;

type Group = Awaited<ReturnType<ExpenseActivities['readGroup']>>;

/** What the clock does to the group next. */
interface Step {
  readonly what: 'purge' | 'expire invitations' | 'nudge the idle group';
  readonly atIso: string;
}

/**
 * The time side of a group: notices invitations that ran out, nudges a group that lies idle, and purges it 30 days after
 * its deletion. Ends when it is purged. What the group is stands in Postgres, and is read again at every `changed`.
 *
 * @returns how it ended; `not_found` for a group that never was.
 */
export async function groupLifecycle(input: GroupLifecycleInput): Promise<'purged' | 'not_found'> {
  const { groupId } = input;
  const bell = changedBell();
  let nudgedForIso = input.nudgedForIso;
  let notBefore = 0;
  for (;;) {
    bell.silence();
    const found = await orRefusal(readGroup.executeWithOptions({ summary: 'what comes next' }, [{ groupId }]));
    if (!found.ok) return end('not_found', 'There is no such group.');
    const group = found.value;
    if (group.state === 'purged') return end('purged', 'Names and texts are gone for good; the ledger stays.');
    if (shouldRollOver()) {
      await handlersDone();
      await continueAsNew<typeof groupLifecycle>(nudgedForIso === undefined ? { groupId } : { groupId, nudgedForIso });
    }
    const step = postponed(nextStep(group, nudgedForIso), notBefore);
    if (step !== null && Date.parse(step.atIso) <= Date.now()) {
      const done = await take(step, groupId, group);
      notBefore = done ? 0 : Date.now() + CLOCK_DIFFERENCE_MS;
      if (step.what === 'nudge the idle group') nudgedForIso = group.lastActivityIso;
      continue;
    }
    show(group.state, describe(step), { groupId, subjectId: groupId, nextStepAt: step?.atIso ?? null });
    // Whatever ends the wait, the row is read again before anything is done: an expense signals nothing.
    await waitForChange(bell, step?.atIso ?? null, step?.what ?? 'a change');
  }
}

async function end(state: 'purged' | 'not_found', details: string): Promise<typeof state> {
  show(state, details, { nextStepAt: null });
  await handlersDone();
  return state;
}

function nextStep(group: Group, nudgedForIso: string | undefined): Step | null {
  if (group.state === 'deleted') return group.purgeAtIso === null ? null : { what: 'purge', atIso: group.purgeAtIso };
  const steps: Step[] = [];
  if (group.nextInvitationExpiryIso !== null) steps.push({ what: 'expire invitations', atIso: group.nextInvitationExpiryIso });
  if (group.state === 'active' && group.lastActivityIso !== nudgedForIso) {
    steps.push({ what: 'nudge the idle group', atIso: new Date(Date.parse(group.lastActivityIso) + IDLE_DAYS * DAY_MS).toISOString() });
  }
  return steps.toSorted((left, right) => Date.parse(left.atIso) - Date.parse(right.atIso))[0] ?? null;
}

function postponed(step: Step | null, notBefore: number): Step | null {
  return step !== null && Date.parse(step.atIso) < notBefore ? { ...step, atIso: new Date(notBefore).toISOString() } : step;
}

function describe(step: Step | null): string {
  return step === null ? 'Nothing is due; waits for a change.' : `Will ${step.what} at ${step.atIso}, unless something changes before.`;
}

/** @returns false when Postgres says that it is not time yet. */
async function take(step: Step, groupId: string, group: Group): Promise<boolean> {
  switch (step.what) {
    case 'purge':
      return (await purgeGroup.executeWithOptions({ summary: 'names and texts' }, [{ groupId }])).purged;
    case 'expire invitations':
      return (await expireInvitations.executeWithOptions({ summary: 'whose time is over' }, [{ groupId }])).expired > 0;
    case 'nudge the idle group':
      await nudgeIdleGroup.executeWithOptions({ summary: `since ${group.lastActivityIso}` }, [
        { groupId, sinceIso: group.lastActivityIso },
      ]);
      return true;
  }
}
