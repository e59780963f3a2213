import { defineEntity, p } from '@mikro-orm/postgresql';
import type { ErasureProof } from '../../../domain/data-request.ts';

const schema = defineEntity({
  name: 'DataRequest',
  schema: 'user',
  tableName: 'data_request',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    kind: p.text(),
    state: p.text(),
    beginsAt: p.datetime().columnType('timestamptz').nullable(),
    begunAt: p.datetime().columnType('timestamptz').nullable(),
    expiresAt: p.datetime().columnType('timestamptz').nullable(),
    endedAt: p.datetime().columnType('timestamptz').nullable(),
    failureCode: p.text().nullable(),
    emailKey: p.text().nullable(),
    archiveId: p.uuid().nullable(),
    archiveBytes: p.bigint('bigint').nullable(),
    archiveSha256: p.text().fieldName('archive_sha256').nullable(),
    proof: p.json<ErasureProof>().nullable(),
    createdAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
    updatedAt: p.datetime().columnType('timestamptz').defaultRaw('now()'),
  },
  indexes: [
    { name: 'data_request_account', properties: ['accountId', 'createdAt'] },
    { name: 'data_request_open', properties: ['updatedAt'], where: "state in ('pending', 'running') or archive_id is not null" },
  ],
  uniques: [{ name: 'data_request_one_open', properties: ['accountId', 'kind'], where: "state in ('pending', 'running')" }],
  checks: [
    { name: 'data_request_kind', expression: "kind in ('export', 'erasure')" },
    { name: 'data_request_state', expression: "state in ('pending', 'running', 'done', 'failed', 'cancelled', 'expired')" },
    { name: 'data_request_archive', expression: "archive_id is null or (kind = 'export' and state = 'done')" },
  ],
});

/**
 * What a person asked for about their own data: an export, or the erasure of their account. `emailKey` is kept while an
 * erasure runs, so that the other services find what was addressed to the person; `proof` says what each of them found left.
 */
export class DataRequest extends schema.class {}
schema.setClass(DataRequest);
