import type { MigrationObject } from '@mikro-orm/core';
import { Tables } from './0001-tables.ts';
import { LedgerGuards } from './0002-ledger-guards.ts';
import { RolesAndViews } from './0003-roles-and-views.ts';
import { PaymentProcess } from './0004-payment-process.ts';
import { ApprovalReminders } from './0005-approval-reminders.ts';
import { GroupLifecycle } from './0006-group-lifecycle.ts';
import { NotificationIndexes } from './0007-notification-indexes.ts';
import { QuarantinedTries } from './0008-quarantined-tries.ts';
import { PublishedCursors } from './0009-published-cursors.ts';
import { Credentials } from './0010-credentials.ts';
import { SecondFactor } from './0012-second-factor.ts';
import { PersonalTokens } from './0013-personal-tokens.ts';
import { Identities } from './0014-identities.ts';
import { OAuth } from './0015-oauth.ts';
import { PlatformLists } from './0016-platform-lists.ts';
import { PreferencesOfPeople } from './0020-preferences.ts';
import { SecondFactorMisses } from './0026-second-factor-misses.ts';
import { PeriodLock } from './0030-period-lock.ts';
import { Disputes } from './0031-disputes.ts';
import { CategoriesAndChanges } from './0035-categories-and-changes.ts';
import { FxRates } from './0047-fx-rates.ts';

/** Every migration in order; a new one is one file beside this and one line here. */
export const MIGRATIONS: MigrationObject[] = [
  { name: '0001-tables', class: Tables },
  { name: '0002-ledger-guards', class: LedgerGuards },
  { name: '0003-roles-and-views', class: RolesAndViews },
  { name: '0004-payment-process', class: PaymentProcess },
  { name: '0005-approval-reminders', class: ApprovalReminders },
  { name: '0006-group-lifecycle', class: GroupLifecycle },
  { name: '0007-notification-indexes', class: NotificationIndexes },
  { name: '0008-quarantined-tries', class: QuarantinedTries },
  { name: '0009-published-cursors', class: PublishedCursors },
  { name: '0010-credentials', class: Credentials },
  { name: '0012-second-factor', class: SecondFactor },
  { name: '0013-personal-tokens', class: PersonalTokens },
  { name: '0014-identities', class: Identities },
  { name: '0015-oauth', class: OAuth },
  { name: '0016-platform-lists', class: PlatformLists },
  { name: '0020-preferences', class: PreferencesOfPeople },
  { name: '0026-second-factor-misses', class: SecondFactorMisses },
  { name: '0030-period-lock', class: PeriodLock },
  { name: '0031-disputes', class: Disputes },
  { name: '0035-categories-and-changes', class: CategoriesAndChanges },
  { name: '0047-fx-rates', class: FxRates },
];
