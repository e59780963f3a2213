import { SERVICES, type ServiceName } from '../../../config/env.ts';
import type { ServiceDatabase } from '../../orm.ts';
import { read } from '../../transact.ts';

/** A file that a service gave to an export. */
export interface ExportedFile {
  readonly service: ServiceName;
  readonly file: string;
  readonly parts: number;
  readonly rows: number;
  readonly bytes: number;
}

/** The files of all services for an export, in the order of their names. */
export async function exportedFiles(db: ServiceDatabase, requestId: string): Promise<ExportedFile[]> {
  const sources = SERVICES.map(
    (service) => `select '${service}' as service, file, count(*)::int as parts, sum(rows)::int as rows, sum(length(content))::int as bytes
      from ${service}_pub.export_part_v1 where request_id = $1 group by file`,
  );
  return read<ExportedFile>(db, `${sources.join(' union all ')} order by 1, 2`, [requestId]);
}

/** One part of a file. @throws Error where it is gone. */
export async function exportedPart(db: ServiceDatabase, requestId: string, { service, file }: ExportedFile, seq: number): Promise<Buffer> {
  const [part] = await read<{ content: Buffer }>(
    db,
    `select content from ${service}_pub.export_part_v1 where request_id = $1 and file = $2 and seq = $3`,
    [requestId, file, seq],
  );
  if (part === undefined) throw new Error(`part ${seq} of ${service}/${file} is gone`);
  return part.content;
}
