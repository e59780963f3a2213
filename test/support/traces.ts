import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Client } from '@temporalio/client';
import protocol from '@temporalio/proto';
import pg from 'pg';

const { temporal } = protocol;

/**
 * Where words that nobody else uses are found: in the database, in files, in Temporal. A scan looks at everything there is, and knows
 * nothing of the product's tables, workflows or logs, so that a new one is looked at too.
 */
export type Marks = readonly string[];

/**
 * Tables of the database in which a mark stands, in any column, whatever its type, with the number of rows: `schema.table: 3`.
 *
 * @param url Postgres, as an owner.
 */
export async function tracesInDatabase(url: string, marks: Marks): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1`,
    );
    // A row as text is all its columns; bytes are in it as hexadecimal digits.
    const patterns = marks.flatMap((mark) => [mark, Buffer.from(mark).toString('hex')]).map((text) => `%${text}%`);
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from ${name} t where t::text ilike any ($1)`, [
        patterns,
      ]);
      if ((rows[0]?.n ?? 0) > 0) found.push(`${name}: ${rows[0]?.n}`);
    }
    return found;
  } finally {
    await client.end();
  }
}

/**
 * Files below a folder in which a mark stands, as paths in it.
 *
 * @param except names of files and folders that are not looked into.
 */
export function tracesInFiles(folder: string, marks: Marks, except: readonly string[] = []): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const inside = join(path, entry.name);
      if (except.includes(entry.name)) continue;
      if (entry.isDirectory()) visit(inside);
      else if (entry.isFile() && holds(readIfThere(inside), marks)) found.push(relative(folder, inside));
    }
  };
  visit(folder);
  return found.toSorted();
}

/** What was looked at in Temporal, and in what a mark stands. */
export interface TemporalTraces {
  readonly workflows: number;
  readonly found: readonly string[];
}

/**
 * Workflows and schedules of the namespace in which a mark stands: in their ids, memos, search attributes and summaries, and in their
 * histories with every payload and failure, in the bytes that the server keeps.
 */
export async function tracesInTemporal(client: Client, marks: Marks): Promise<TemporalTraces> {
  const found: string[] = [];
  let workflows = 0;
  for await (const { workflowId, runId, raw } of client.workflow.list()) {
    workflows += 1;
    const handle = client.workflow.getHandle(workflowId, runId);
    const listed = temporal.api.workflow.v1.WorkflowExecutionInfo.encode(raw).finish();
    const described = (await handle.describe()).raw;
    const shown = temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse.encode(described).finish();
    const history = temporal.api.history.v1.History.encode(await handle.fetchHistory()).finish();
    for (const [what, bytes] of Object.entries({ listed, shown, history }))
      if (holds(Buffer.from(bytes), marks)) found.push(`${workflowId}: ${what}`);
  }
  for await (const { scheduleId } of client.schedule.list()) {
    const { raw } = await client.schedule.getHandle(scheduleId).describe();
    const bytes = temporal.api.workflowservice.v1.DescribeScheduleResponse.encode(raw).finish();
    if (holds(Buffer.from(bytes), marks)) found.push(`schedule ${scheduleId}`);
  }
  return { workflows, found };
}

/** Whether bytes hold a mark, in letters of any case, as UTF-8 or as base64 that begins anywhere. */
export function holds(bytes: Buffer, marks: Marks): boolean {
  const text = bytes.toString('latin1').toLowerCase();
  const encoded = bytes.toString('latin1');
  return marks.some(
    (mark) => text.includes(Buffer.from(mark.toLowerCase()).toString('latin1')) || base64Forms(mark).some((form) => encoded.includes(form)),
  );
}

/** The middle of a word in base64, for each of the three places at which it can begin in what is encoded. */
function base64Forms(mark: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(mark)]).toString('base64url');
    return encoded.slice(shift === 0 ? 0 : shift + 1, encoded.length - 2);
  });
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    // A file that went between the listing and the look holds nothing any more.
    return Buffer.alloc(0);
  }
}
