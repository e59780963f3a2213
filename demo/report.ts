import { formatAmount } from '../domain/money.ts';
import type { PlatformUrls } from '../sandbox/running.ts';
import { type Nets, netOf } from './oracle.ts';
import { WAYS } from './opening.ts';
import type { Proposed, Story } from './play.ts';
import { asideTexts, asideToJson, explainedTable } from './report-more.ts';
import { newTable, signed } from './tables.ts';

/** Whether everything that was checked holds, and the run came to its end. */
export function isGood(story: Story, failure: string | null): boolean {
  return failure === null && story.checks.length > 0 && story.checks.every(({ problems }) => problems.length === 0);
}

/** The one object of `--json`. Amounts are decimal texts with all digits of their currency; people are called as in the file. */
export function toJson(story: Story, failure: string | null, urls: PlatformUrls | null): Record<string, unknown> {
  const { refunded } = story;
  return {
    ok: isGood(story, failure),
    people: story.people,
    balancesBefore: netsToJson(story, story.balancesBefore),
    plan: story.plan.map(({ from, to, minor, currency }) => ({ from, to, amount: formatAmount(minor, currency), currency })),
    transfers: story.legs.map(({ transfer, from, to }) => ({
      id: transfer.id,
      from: from.name,
      to: to.name,
      ...transfer.money,
      state: transfer.state,
      method: transfer.method,
    })),
    refunds:
      refunded === null
        ? []
        : [
            {
              id: refunded.refund.id,
              paymentId: refunded.refund.paymentId,
              transferId: refunded.leg.transfer.id,
              ...refunded.refund.money,
              state: refunded.refund.state,
            },
          ],
    balancesAfter: story.balancesAfter.size === 0 ? [] : netsToJson(story, story.balancesAfter),
    journal: story.journal,
    workflows: story.workflowIds.map((id) => ({ id, url: workflowUrl(urls, id) })),
    signIns: story.signIns,
    chart: story.chart,
    ...asideToJson(story),
  };
}

function netsToJson({ people, currencies }: Story, nets: Nets): Record<string, string>[] {
  return people.flatMap((name) =>
    currencies.map((currency) => ({ name, currency, net: formatAmount(netOf(nets, name, currency), currency) })),
  );
}

/** What a person wants to read at the end. */
export function toText(story: Story, urls: PlatformUrls, own: boolean): string {
  const parts = [
    story.signIns.map(({ name, method }) => `${name} signed in ${WAYS[method]}.`).join('\n'),
    balancesTable('What the file says: who is owed (+), who owes (-)', story, story.balancesBefore),
    owedTable('Who owes whom before', story.owedBefore),
    explainedTable(story),
    story.chart === null ? '' : `Chart of who owes whom before the settlement: ${story.chart}`,
    transfersTable(story),
    refundLine(story),
    balancesTable('Balances at the end', story, story.balancesAfter),
    owedTable('Who owes whom after', story.owedAfter),
    ...asideTexts(story),
    ['Workflows in the Temporal Web UI', ...story.workflowIds.map((id) => `  ${workflowUrl(urls, id) ?? id}`)].join('\n'),
    ...(own ? ['The platform of this run stops now. After `npm start` these links work, and the group is still there.'] : []),
    checksTable(story),
  ];
  return `\n${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** The links of the Web UI carry the id as one segment of the path. */
function workflowUrl(urls: PlatformUrls | null, workflowId: string): string | null {
  if (urls?.uiUrl === undefined) return null;
  return `${urls.uiUrl}/namespaces/${encodeURIComponent(urls.temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
}

function balancesTable(title: string, { people, currencies }: Story, nets: Nets): string {
  const table = newTable(['', ...currencies], currencies.length);
  for (const name of people) {
    table.push([name, ...currencies.map((currency) => signed(netOf(nets, name, currency), currency))]);
  }
  return `${title}\n${table.toString()}`;
}

function owedTable(title: string, owed: readonly Proposed[]): string {
  if (owed.length === 0) return `${title}: nobody owes anything.`;
  const table = newTable(['from', 'to', 'amount'], 1);
  for (const { from, to, minor, currency } of owed) table.push([from, to, `${formatAmount(minor, currency)} ${currency}`]);
  return `${title} (fewest transfers)\n${table.toString()}`;
}

function transfersTable({ legs }: Story): string {
  const table = newTable(['from', 'to', 'paid in parts', 'amount'], 1);
  for (const { transfer, from, to } of legs) {
    const ways = transfer.payments.map(({ method, money }) => `${money.amount} ${method === 'stripe' ? 'by Stripe' : 'by hand'}`);
    table.push([from.name, to.name, ways.join(', '), `${transfer.money.amount} ${transfer.money.currency}`]);
  }
  return `The settlement, after an expense above the limit was approved\n${table.toString()}`;
}

function refundLine({ refunded }: Story): string {
  if (refunded === null) return '';
  const { money, state } = refunded.refund;
  return `Refund of ${money.amount} ${money.currency} by ${refunded.leg.to.name} to ${refunded.leg.from.name}: ${state}`;
}

/** A sentence for each check, and what speaks against those that do not hold. */
export function checksTable({ checks }: Story): string {
  return checks
    .flatMap(({ name, problems }) => [`${problems.length === 0 ? '✓' : '✗'} ${name}`, ...problems.map((text) => `    ${text}`)])
    .join('\n');
}
