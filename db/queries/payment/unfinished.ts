/**
 * Settlements, transfers and refunds that a process should follow, among them transfers of which a gateway told something
 * that nobody has looked at; see db/queries/unfinished.ts.
 */
export const UNFINISHED_PAYMENT = `
select 'settlement' as process, s.id::text as key from payment.settlement s where s.ended_at is null and s.updated_at < $1
union all
select 'transfer', t.id::text from payment.transfer t
where t.updated_at < $1 and t.state in ('processing', 'unknown', 'awaiting_confirmation', 'quarantined', 'disputed')
union all
select 'transfer', t.id::text from payment.settlement s join payment.transfer t on t.settlement_id = s.id
where s.ended_at is null and t.updated_at < $1 and t.state in ('planned', 'failed')
union all
select 'transfer', t.id::text from payment.attempt a join payment.transfer t on t.id = a.transfer_id
where a.state = 'quarantined' and a.updated_at < $1 and t.state in ('succeeded', 'cancelled')
union all
select 'transfer', a.transfer_id::text from payment.gateway_event e join payment.attempt a on a.id = e.object_ref::uuid
where e.processed_at is null and e.received_at < $1
union all
select 'refund', r.id::text from payment.refund r where r.ended_at is null and r.updated_at < $1`;
