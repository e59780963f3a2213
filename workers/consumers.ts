import { alertBudgets, BUDGET_EVENTS } from '../db/commands/expense/budgets.ts';
import { FRIENDSHIP_EVENTS, followFriendships } from '../db/commands/expense/friend-ledgers.ts';
import { noticeEvents } from '../db/commands/notification/notices.ts';
import { DEBT_EVENTS, wakeMovedReminders, wakeSettledReminders, ZONE_EVENTS } from '../db/commands/notification/reminder-wakes.ts';
import { AUDITED_EVENTS, auditEvents } from '../db/commands/user/audit-events.ts';
import type { Consumer } from '../db/consume.ts';
import type { ServiceName } from '../config/env.ts';
import { noticedEventsOf } from '../domain/notices.ts';

/** Every consumer: who follows whose events, and which. A new one is one line. */
export const CONSUMERS: readonly Consumer[] = [
  notices('user'),
  notices('expense'),
  notices('payment'),
  {
    name: 'reminders-settled',
    service: 'notification',
    source: 'expense',
    types: DEBT_EVENTS,
    handle: (events, tx) => wakeSettledReminders(tx, events),
  },
  {
    name: 'reminders-moved',
    service: 'notification',
    source: 'user',
    types: ZONE_EVENTS,
    handle: (events, tx) => wakeMovedReminders(tx, events),
  },
  {
    name: 'budgets',
    service: 'expense',
    source: 'expense',
    types: BUDGET_EVENTS,
    handle: (events, tx) => alertBudgets(tx, events),
  },
  {
    name: 'friend-ledgers',
    service: 'expense',
    source: 'user',
    types: FRIENDSHIP_EVENTS,
    handle: (events, tx) => followFriendships(tx, events),
  },
  {
    name: 'audited-acts',
    service: 'user',
    source: 'expense',
    types: AUDITED_EVENTS,
    handle: (events, tx) => auditEvents(tx, events),
  },
];

/** Lines of inboxes and mails that follow a service's events. */
function notices(source: Exclude<ServiceName, 'notification'>): Consumer {
  return {
    name: 'notices',
    service: 'notification',
    source,
    types: noticedEventsOf(source),
    handle: (events, tx) => noticeEvents(tx, events),
  };
}
