/** Pending approvals, recurring expenses that are not paused, imports that run, exports of which anything is kept, and groups until they are purged; see db/queries/unfinished.ts. */
export const UNFINISHED_EXPENSE = `
select distinct 'expenseApproval' as process, r.expense_id::text as key from expense.approval_round r where r.outcome = 'waiting' and r.opened_at < $1
union all
select 'recurringExpense', r.id::text from expense.recurring_rule r where r.state = 'active' and r.updated_at < $1
union all
select 'groupLifecycle', g.id::text from expense."group" g where g.purged_at is null and g.updated_at < $1
union all
select 'importGroup', i.id::text from expense.import i where i.state = 'running' and i.updated_at < $1
union all
select 'exportData', x.id::text from expense.group_export x where x.kept and x.updated_at < $1`;
