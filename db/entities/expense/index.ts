import { ExpenseOutbox } from './expense-outbox.ts';
import { ExpenseIdempotency } from './expense-idempotency.ts';
import { ExpenseCursor } from './expense-cursor.ts';
import { FxRate } from './fx-rate.ts';
import { Conversion } from './conversion.ts';
import { ConvertedLine } from './converted-line.ts';
import { ConvertedBalance } from './converted-balance.ts';
import { Group } from './group.ts';
import { Member } from './member.ts';
import { SystemAccount } from './system-account.ts';
import { Invitation } from './invitation.ts';
import { Expense } from './expense.ts';
import { ExpenseVersion } from './expense-version.ts';
import { ApprovalRound } from './approval-round.ts';
import { ApprovalVote } from './approval-vote.ts';
import { Posting } from './posting.ts';
import { PostingLine } from './posting-line.ts';
import { Balance } from './balance.ts';
import { Reservation } from './reservation.ts';
import { PlanSnapshot } from './plan-snapshot.ts';
import { Adjustment } from './adjustment.ts';
import { Import } from './import.ts';
import { ImportContent } from './import-content.ts';
import { ImportedRow } from './imported-row.ts';
import { GroupExport } from './group-export.ts';
import { GroupExportPart } from './group-export-part.ts';
import { Category } from './category.ts';
import { Budget } from './budget.ts';
import { BudgetAlert } from './budget-alert.ts';
import { Change } from './change.ts';
import { Comment } from './comment.ts';
import { FileRemoval } from './file-removal.ts';
import { Receipt } from './receipt.ts';
import { Dispute } from './dispute.ts';
import { Preset } from './preset.ts';
import { ExpenseExportPart } from './expense-export-part.ts';
import { MemberMerge } from './member-merge.ts';
import { MemberMergeEntry } from './member-merge-entry.ts';
import { RecurringRule } from './recurring-rule.ts';
import { RecurringSlot } from './recurring-slot.ts';

/** Every table of the expense service. */
export const expenseEntities = [
  ExpenseOutbox,
  ExpenseIdempotency,
  ExpenseCursor,
  FxRate,
  Conversion,
  ConvertedLine,
  ConvertedBalance,
  Group,
  Member,
  SystemAccount,
  Invitation,
  Expense,
  ExpenseVersion,
  ApprovalRound,
  ApprovalVote,
  Posting,
  PostingLine,
  Balance,
  Reservation,
  PlanSnapshot,
  Adjustment,
  Import,
  ImportContent,
  ImportedRow,
  GroupExport,
  GroupExportPart,
  Category,
  Budget,
  BudgetAlert,
  Change,
  Comment,
  FileRemoval,
  Receipt,
  Dispute,
  Preset,
  ExpenseExportPart,
  MemberMerge,
  MemberMergeEntry,
  RecurringRule,
  RecurringSlot,
];
