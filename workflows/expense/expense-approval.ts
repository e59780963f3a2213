import { patched, proxyActivities, setHandler } from '@temporalio/workflow';
import type { ExpenseActivities } from '../../activities/expense/contract.ts';
import { orRefusal } from '../shared/failures.ts';
import { expireNow } from '../shared/messages.ts';
import { RETRY_PROFILES } from '../shared/retry-profiles.ts';
import { show } from '../shared/show.ts';
import { changedBell, handlersDone, waitForChange } from '../shared/waiting.ts';
import type { ExpenseApprovalInput } from './contract.ts';

const { readApproval, remindVoters, expireApproval } = proxyActivities<ExpenseActivities>(RETRY_PROFILES.database);

type Approval = Awaited<ReturnType<ExpenseActivities['readApproval']>>;

/** How long to wait when the database says that a round is not due although our clock does: clocks differ by seconds. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * The time side of an expense that waits for approval: reminds those who have not voted, and applies the time-out rule.
 * Votes are commands of the API; the deciding one posts the expense itself and wakes this to end.
 *
 * @returns how it ended: `ended`, or the refusal's code when the expense is gone.
 */
export async function expenseApproval(input: ExpenseApprovalInput): Promise<string> {
  const { expenseId } = input;
  const bell = changedBell();
  setHandler(expireNow, async () => {
    const found = await orRefusal(readApproval({ expenseId }));
    if (!found.ok) return found.code;
    if (found.value.state === 'ended') return 'ended';
    const { outcome } = await expireApproval({ expenseId, version: found.value.version, force: true });
    bell.ring();
    return outcome;
  });
  const end = await followRounds(expenseId, bell);
  await handlersDone();
  return end;
}

async function followRounds(expenseId: string, bell: ReturnType<typeof changedBell>): Promise<string> {
  let notBeforeIso: string | null = null;
  for (;;) {
    bell.silence();
    const found = await orRefusal(readApproval({ expenseId }));
    if (!found.ok) {
      show('gone', 'The expense is not there any more.', { failureCode: found.code, nextStepAt: null });
      return found.code;
    }
    const approval = found.value;
    if (approval.state === 'ended') {
      // An edit during the look asks anew and rang here: this run follows that round.
      if (bell.rang && patched('look-again-at-the-end')) continue;
      show('ended', 'The voters, the time-out or a change of the expense ended it.', { groupId: approval.groupId, nextStepAt: null });
      return 'ended';
    }
    const nextIso = notBeforeIso ?? approval.remindAtIso ?? approval.dueAtIso;
    show('waiting', details(approval), { groupId: approval.groupId, nextStepAt: nextIso });
    const woken = await waitForChange(bell, nextIso, approval.remindAtIso === null ? 'time-out' : 'remind voters');
    notBeforeIso = null;
    if (woken === 'changed') continue;
    notBeforeIso = await actOn(expenseId, approval);
  }
}

/** Does what is due. @returns until when to wait before the next look, or null. */
async function actOn(expenseId: string, approval: Approval): Promise<string | null> {
  const { version } = approval;
  if (Date.parse(approval.dueAtIso) > Date.now()) {
    await remindVoters({ expenseId, version });
    return null;
  }
  const { outcome } = await expireApproval({ expenseId, version, force: false });
  return outcome === 'waiting' ? new Date(Date.now() + CLOCKS_DIFFER_MS).toISOString() : null;
}

function details(approval: Approval): string {
  const { version, voters, voted, dueAtIso, onTimeout } = approval;
  const rule = onTimeout === 'approve' ? 'it is posted' : 'it is not posted';
  const head = `${voted} of ${voters} voters have voted on version ${version}. At ${dueAtIso} the time-out applies: ${rule}. Update \`expireNow\` applies it at once.`;
  return [head, ...answers(approval)].join('\n\n');
}

/** Who has answered and who has not: member ids, one line a decision. */
function answers({ voters, answers: told = [] }: Approval): string[] {
  const lines = (['approved', 'rejected', 'waiting'] as const).flatMap((decision) => {
    const ids = told.filter((answer) => answer.decision === decision).map(({ memberId }) => `\`${memberId}\``);
    return ids.length === 0 ? [] : [`- **${decision}**: ${ids.join(', ')}`];
  });
  const rest = voters - told.length;
  return lines.length === 0 ? [] : [[...lines, ...(rest > 0 ? [`- and ${rest} more voters`] : [])].join('\n')];
}
