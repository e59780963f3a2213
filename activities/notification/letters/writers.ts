import { linkedToken } from '../../../config/opaque-tokens.ts';
import type { Secrets } from '../../../config/secrets.ts';
import type { TriedDelivery } from '../../../db/commands/notification/deliveries.ts';
import * as facts from '../../../db/queries/notification/letter-facts.ts';
import type { Tx } from '../../../db/transact.ts';
import type { EventData } from '../../../domain/events.ts';
import type { LetterName } from '../../../domain/notices.ts';
import type { Letter } from './letter.ts';

/** What letters are written from. Names and addresses are read now, never before. */
export interface Desk {
  readonly query: Tx['query'];
  readonly secrets: Secrets;
  /** Base of links, without a slash at the end. */
  readonly publicUrl: string;
}

/** Writes one letter about some deliveries to one recipient; null when none of them matters any more. */
type Writer = (desk: Desk, deliveries: readonly TriedDelivery[]) => Promise<Letter | null>;

/** The writer of each letter; a new letter is one line here, and the compiler asks for it. */
export const WRITERS: Readonly<Record<LetterName, Writer>> = {
  'verify-email': verifyEmail,
  'reset-password': resetPassword,
  'password-changed': passwordChanged,
  invitation,
  'expense-vote': sumsLetter(facts.readVotes, {
    subject: (n, group) => (n === 1 ? `An expense in ${group} waits for your vote` : `${n} expenses wait for your vote`),
    paragraph: 'Please approve or reject:',
    item: (sum) => `${sum.words}: ${sum.amount} ${sum.currency} (${sum.groupName})`,
    link: (id) => `/v1/expenses/${id}`,
  }),
  'settlement-payment': sumsLetter(facts.readPayments, {
    subject: (n, group) => (n === 1 ? `A payment is due in ${group}` : `${n} payments are due`),
    paragraph: 'To settle up, please pay:',
    item: (sum) => `${sum.amount} ${sum.currency} to ${sum.words} (${sum.groupName})`,
    link: (id) => `/v1/settlements/${id}`,
  }),
  'transfer-reminder': sumsLetter(facts.readUnpaidTransfers, {
    subject: (n, group) => (n === 1 ? `You are asked to pay in ${group}` : `You are asked for ${n} payments`),
    paragraph: 'The receiver asks for:',
    item: (sum) => `${sum.amount} ${sum.currency} to ${sum.words} (${sum.groupName})`,
    link: (id) => `/v1/transfers/${id}`,
  }),
  'transfer-confirmation': sumsLetter(facts.readConfirmations, {
    subject: (n, group) => (n === 1 ? `Did this payment in ${group} arrive?` : `Did these ${n} payments arrive?`),
    paragraph: 'Please confirm, or dispute, that you have received:',
    item: (sum) => `${sum.amount} ${sum.currency} from ${sum.words} (${sum.groupName})`,
    link: (id) => `/v1/transfers/${id}`,
  }),
  'refund-approval': sumsLetter(facts.readRefunds, {
    subject: (n, group) => (n === 1 ? `A refund in ${group} waits for you` : `${n} refunds wait for you`),
    paragraph: 'Please approve or reject:',
    item: (sum) => `${sum.amount} ${sum.currency} back to ${sum.words} (${sum.groupName})`,
    link: (id) => `/v1/refunds/${id}`,
  }),
  'debt-reminder': debtReminder,
  'budget-alert': budgetAlert,
  'friend-request': friendRequest,
  'export-ready': exportReady,
  'group-export-ready': groupExportReady,
  'erasure-asked': erasureAsked,
};

async function verifyEmail(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const [delivery] = deliveries;
  const mailTokenId = delivery?.data['mailTokenId'];
  if (delivery === undefined || typeof mailTokenId !== 'string') return null;
  const contact = await facts.readContact(desk.query, delivery.recipientId);
  if (contact === null || contact.emailVerified || !(await facts.isLiveMailToken(desk.query, mailTokenId))) return null;
  return {
    to: contact.email,
    subject: 'Verify your address',
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      'please verify that this address is yours. It can be used once, within 48 hours.',
      `Programs send the token below to POST ${desk.publicUrl}/v1/auth/email/verify as {"token": "..."}.`,
      'If you have not registered, do nothing: no further mail follows.',
    ],
    token: linkedToken(desk.secrets, 'verify-email', mailTokenId),
    deliveryIds: [delivery.id],
  };
}

async function resetPassword(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const delivery = deliveries.at(-1);
  const mailTokenId = delivery?.data['mailTokenId'];
  if (delivery === undefined || typeof mailTokenId !== 'string') return null;
  const contact = await facts.readContact(desk.query, delivery.recipientId);
  if (contact === null || !(await facts.isLiveMailToken(desk.query, mailTokenId))) return null;
  return {
    to: contact.email,
    subject: 'Choose another password',
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      'somebody asked for another password for your account. The token below sets one; it can be used once, within an hour.',
      `Programs send it to POST ${desk.publicUrl}/v1/auth/password/reset as {"token": "...", "password": "..."}.`,
      'If that was not you, do nothing: your password stays as it is.',
    ],
    token: linkedToken(desk.secrets, 'reset-password', mailTokenId),
    deliveryIds: [delivery.id],
  };
}

async function passwordChanged(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const delivery = deliveries.at(-1);
  if (delivery === undefined) return null;
  const contact = await facts.readContact(desk.query, delivery.recipientId);
  if (contact === null) return null;
  return {
    to: contact.email,
    subject: 'Your password was changed',
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      'the password of your account was changed, and whoever was signed in by the old one was signed out.',
      `If that was not you, ask for another one at once: POST ${desk.publicUrl}/v1/auth/password/forgot.`,
    ],
    deliveryIds: deliveries.map(({ id }) => id),
  };
}

async function invitation(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const [delivery] = deliveries;
  if (delivery === undefined) return null;
  const found = await facts.readInvitation(desk.query, delivery.recipientId);
  if (found === null) return null;
  const token = linkedToken(desk.secrets, 'invitation', delivery.recipientId);
  return {
    to: found.email,
    subject: `You are invited to ${found.groupName}`,
    greeting: 'Hello,',
    paragraphs: [
      `${found.inviter ?? 'Somebody'} invites you to share expenses in "${found.groupName}".`,
      `The invitation is good until ${found.expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
      'Programs register an account, verify its address, and send POST to the address below with /accept at its end.',
    ],
    token,
    link: `${desk.publicUrl}/v1/invitations/${token}`,
    deliveryIds: [delivery.id],
  };
}

/** Of several alerts of one budget only the last one is told; those of other budgets are listed with it. */
async function budgetAlert(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const recipientId = deliveries[0]?.recipientId ?? '';
  const contact = await verified(desk, recipientId);
  if (contact === null) return null;
  const budgets = await facts.readBudgets(
    desk.query,
    recipientId,
    deliveries.map(({ subjectId }) => subjectId),
  );
  const known = new Map(budgets.map((budget) => [budget.id, budget]));
  const latest = new Map(deliveries.map((delivery) => [delivery.subjectId, delivery]));
  const alerts = [...latest.values()].flatMap((delivery) => {
    const budget = known.get(delivery.subjectId);
    return budget === undefined ? [] : [{ budget, data: delivery.data as unknown as EventData['budget.reached'] }];
  });
  const [first] = alerts;
  if (first === undefined) return null;
  const one = alerts.length === 1;
  return {
    to: contact.email,
    subject: one ? `${first.data.percent} % of a budget in ${first.budget.groupName} is spent` : `${alerts.length} budgets need a look`,
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [one ? 'of this budget so much is spent:' : 'of these budgets so much is spent:'],
    items: alerts.map(
      ({ budget, data }) =>
        `${budget.category ?? 'everything'}, ${budget.period} from ${data.periodStart}: ${data.spent.amount} of ${data.amount.amount} ${data.amount.currency} (${budget.groupName})`,
    ),
    link: `${desk.publicUrl}/v1/groups/${first.budget.groupId}/budgets`,
    deliveryIds: deliveries.filter(({ subjectId }) => known.has(subjectId)).map(({ id }) => id),
  };
}

async function debtReminder(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const delivery = deliveries.at(-1);
  if (delivery?.groupId == null) return null;
  const contact = await verified(desk, delivery.recipientId);
  const groupName = await facts.readGroupName(desk.query, delivery.groupId);
  if (contact === null || groupName === null) return null;
  const amounts = delivery.data['amounts'] as readonly { amount: string; currency: string }[];
  return {
    to: contact.email,
    subject: `You owe ${amounts.map(({ amount, currency }) => `${amount} ${currency}`).join(' and ')} in ${groupName}`,
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [`this is what you owe in "${groupName}" at present. When it is paid, these reminders end by themselves.`],
    items: amounts.map(({ amount, currency }) => `${amount} ${currency}`),
    link: `${desk.publicUrl}/v1/groups/${delivery.groupId}/balances`,
    deliveryIds: deliveries.map(({ id }) => id),
  };
}

async function friendRequest(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const recipientId = deliveries[0]?.recipientId ?? '';
  const contact = await verified(desk, recipientId);
  if (contact === null) return null;
  const asking = await facts.readFriendRequests(
    desk.query,
    recipientId,
    deliveries.map(({ subjectId }) => subjectId),
  );
  const [first] = asking;
  if (first === undefined) return null;
  const about = new Set(asking.map(({ id }) => id));
  const one = asking.length === 1;
  return {
    to: contact.email,
    subject: one ? `${first.asker} asks to be your friend` : `${asking.length} people ask to be your friends`,
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      `${one ? 'somebody asks' : 'these people ask'} to share expenses with you, between the two of you. If you do not know them, decline or do nothing.`,
      `Programs answer with POST to ${desk.publicUrl}/v1/friends/{id}/accept or /decline.`,
    ],
    items: asking.map(({ asker }) => asker),
    link: `${desk.publicUrl}/v1/friends${one ? `/${first.id}` : ''}`,
    deliveryIds: deliveries.filter(({ subjectId }) => about.has(subjectId)).map(({ id }) => id),
  };
}

async function exportReady(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const delivery = deliveries.at(-1);
  const requestId = delivery?.data['requestId'];
  if (delivery === undefined || typeof requestId !== 'string') return null;
  const contact = await verified(desk, delivery.recipientId);
  if (contact === null) return null;
  return {
    to: contact.email,
    subject: 'Your data is ready',
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      'the export that you asked for is there: a ZIP of everything that we know of you, with a manifest. It is deleted after seven days.',
      'Signed in, get it at the address below. If you did not ask for it, change your password: somebody else is signed in as you.',
    ],
    link: `${desk.publicUrl}/v1/me/requests/${requestId}/download`,
    deliveryIds: deliveries.map(({ id }) => id),
  };
}

async function groupExportReady(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const delivery = deliveries.at(-1);
  if (delivery?.groupId == null) return null;
  const contact = await verified(desk, delivery.recipientId);
  const groupName = await facts.readGroupName(desk.query, delivery.groupId);
  if (contact === null || groupName === null) return null;
  return {
    to: contact.email,
    subject: `The export of ${groupName} is ready`,
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      `the export of "${groupName}" that you asked for is there. It is deleted after seven days.`,
      'Signed in, get it at the address below.',
    ],
    link: `${desk.publicUrl}/v1/exports/${delivery.subjectId}/file`,
    deliveryIds: deliveries.map(({ id }) => id),
  };
}

async function erasureAsked(desk: Desk, deliveries: readonly TriedDelivery[]): Promise<Letter | null> {
  const delivery = deliveries.at(-1);
  const requestId = delivery?.data['requestId'];
  if (delivery === undefined || typeof requestId !== 'string') return null;
  const contact = await verified(desk, delivery.recipientId);
  if (contact === null) return null;
  return {
    to: contact.email,
    subject: 'Your account is being erased',
    greeting: `Hello ${contact.displayName},`,
    paragraphs: [
      'as you asked, your account is being erased. This is the last mail to you: your name, your address and what you wrote go, amounts stay with those who share them.',
      'The address below tells how far it is, without signing in.',
    ],
    link: `${desk.publicUrl}/v1/erasures/${linkedToken(desk.secrets, 'erasure', requestId)}`,
    deliveryIds: deliveries.map(({ id }) => id),
  };
}

/** The words of a letter that lists sums. */
interface SumWords {
  /** @param group the group's name where all of them are in one. */
  subject(count: number, group: string): string;
  readonly paragraph: string;
  item(sum: facts.SumFacts): string;
  /** Path of the thing itself, linked where there is just one. */
  link(subjectId: string): string;
}

function sumsLetter(
  read: (query: Tx['query'], userId: string, ids: readonly string[]) => Promise<facts.SumFacts[]>,
  words: SumWords,
): Writer {
  return async (desk, deliveries) => {
    const recipientId = deliveries[0]?.recipientId ?? '';
    const contact = await verified(desk, recipientId);
    if (contact === null) return null;
    const subjectIds = [...new Set(deliveries.map(({ subjectId }) => subjectId))];
    const sums = await read(desk.query, recipientId, subjectIds);
    const [first] = sums;
    if (first === undefined) return null;
    const about = new Set(sums.map(({ subjectId }) => subjectId));
    return {
      to: contact.email,
      subject: words.subject(sums.length, first.groupName),
      greeting: `Hello ${contact.displayName},`,
      paragraphs: [words.paragraph],
      items: sums.map((sum) => words.item(sum)),
      ...(about.size === 1 ? { link: `${desk.publicUrl}${words.link(first.subjectId)}` } : {}),
      deliveryIds: deliveries.filter(({ subjectId }) => about.has(subjectId)).map(({ id }) => id),
    };
  };
}

async function verified(desk: Desk, userId: string): Promise<facts.Contact | null> {
  const contact = await facts.readContact(desk.query, userId);
  return contact?.emailVerified === true ? contact : null;
}
