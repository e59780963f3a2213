/** Exports and erasures that have not ended, and archives that will expire; see db/queries/unfinished.ts. */
export const UNFINISHED_USER = `
select case r.kind when 'export' then 'exportAccount' else 'eraseAccount' end as process, r.id::text as key from "user".data_request r
where (r.state in ('pending', 'running') or r.archive_id is not null) and r.updated_at < $1`;
