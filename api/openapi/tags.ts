/** What each group of operations is about; the order is the document's. */
export const TAGS: Readonly<Record<string, string>> = {
  auth: 'Accounts and sessions: registration, sign-in, refresh, sign-out, verification of the address and reset of the password.',
  me: 'The signed-in user: profile, preferences and sessions.',
  friends: 'Friends by request, the ledger of two that they share, and people who are blocked.',
  oauth: 'Applications of third parties, and what people allow them (OAuth 2.0).',
  groups: 'Groups of people who share expenses, their policy and their life: archive, delete, restore, leave.',
  members: 'Members of a group, with or without an account, their roles and weights.',
  invitations: 'Invitations into a group, by link or by mail.',
  expenses: 'Expenses and money coming in: recording, editing, approval, history.',
  receipts: 'Pictures and PDFs that belong to an expense.',
  'recurring expenses': 'Expenses that are recorded again and again, one a slot.',
  comments: 'What members say about an expense, and whom they name in it.',
  categories: 'What money is spent on, in two levels: those of the product, translated, and those of a group.',
  activity: 'What happened in a group: who, when, field by field.',
  'imports and exports': 'Files of other programs, and of this one.',
  presets: 'Splits that a group has given a name.',
  adjustments: 'Corrections that move balances without an expense.',
  balances: 'Who is owed and who owes, and the plan with the fewest transfers.',
  statistics: 'What was spent on what, by whom and when; budgets, and charts of it.',
  rates: 'Exchange rates as they were published, by day.',
  settlements: 'A plan being paid: one transfer for each leg.',
  transfers: 'One leg of a settlement, or a payment outside one: pay, confirm, dispute.',
  payments: 'Payments that succeeded, and transfers outside a settlement.',
  refunds: 'Money that goes back to the payer, in part or whole.',
  'payout account': 'Where a user receives card payments.',
  webhooks: 'Events that payment gateways send to us; each is checked by its signature.',
  operations: 'What operators of the platform see and decide.',
  notifications: 'The inbox of the signed-in user.',
  reminders: 'Reminders of debts: a cadence for each member who owes.',
  platform: 'Health, keys and this document. Outside authentication and rate limits.',
};

/** The description of a tag, for one that the table lacks made from its name. */
export function describeTag(tag: string): string {
  return TAGS[tag] ?? `Operations on ${tag.replaceAll('-', ' ')}.`;
}
