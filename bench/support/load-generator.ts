// The load generator's process: takes jobs as messages, sends requests over connections kept open, reports what it saw.
import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import type { LoadJob, LoadReport, LoadResult, Traffic } from './load-messages.ts';
import { percentile } from './statistics.ts';

const REQUEST_LIMIT_MS = 20_000;

process.on('message', (job: LoadJob) => {
  run(job).then(
    (result) => report({ result }),
    (error: unknown) => report({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

function report(message: LoadReport): void {
  process.send?.(message);
}

interface Prepared {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly status: number;
}

async function run(job: LoadJob): Promise<LoadResult> {
  const pool = new Pool(job.origin, {
    connections: job.clients,
    pipelining: 1,
    bodyTimeout: REQUEST_LIMIT_MS,
    headersTimeout: REQUEST_LIMIT_MS,
  });
  const prepare = preparing(job.traffic);
  const latencies: number[] = [];
  const locations: string[] = [];
  const begin = performance.now() + job.warmUpMs;
  const end = begin + job.measureMs;
  let failed = false;
  const client = async (): Promise<void> => {
    while (!failed) {
      const request = prepare();
      const sent = performance.now();
      if (sent >= end) return;
      const answer = await pool.request(request);
      const text = await answer.body.text();
      const answered = performance.now();
      if (answer.statusCode !== request.status)
        throw new Error(`${request.method} ${request.path}: ${answer.statusCode} ${text.slice(0, 500)}`);
      if (job.keepLocations === true) locations.push(String(answer.headers['location']));
      if (answered >= begin && answered < end) latencies.push(answered - sent);
    }
  };
  try {
    await Promise.all(
      Array.from({ length: job.clients }, () =>
        client().catch((error: unknown) => {
          failed = true;
          throw error;
        }),
      ),
    );
  } finally {
    await pool.destroy();
  }
  if (latencies.length === 0) throw new Error('no request was answered within the measured time');
  return {
    count: latencies.length,
    ratePerSecond: latencies.length / (job.measureMs / 1000),
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    p99Ms: percentile(latencies, 0.99),
    maxMs: percentile(latencies, 1),
    locations,
  };
}

function preparing(traffic: Traffic): () => Prepared {
  switch (traffic.kind) {
    case 'expenses':
      return () => expense(traffic.groups[Math.floor(Math.random() * traffic.groups.length)] as (typeof traffic.groups)[number]);
    case 'bare':
      return () => ({
        method: 'POST',
        path: '/',
        headers: { authorization: `Bearer ${traffic.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          group: 1 + Math.floor(Math.random() * traffic.groups),
          amount: randomMinor(),
          title: 'Dinner at the harbour',
        }),
        status: 201,
      });
    case 'form': {
      const { path, token, body } = traffic;
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' };
      return () => ({ method: 'POST', path, headers, body, status: 201 });
    }
    case 'read': {
      const { path, token } = traffic;
      return () => ({ method: 'GET', path, headers: { authorization: `Bearer ${token}` }, body: null, status: 200 });
    }
  }
}

function expense({ groupId, token, memberIds }: { groupId: string; token: string; memberIds: readonly string[] }): Prepared {
  const minor = randomMinor();
  const amount = `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
  return {
    method: 'POST',
    path: `/v1/groups/${groupId}/expenses`,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({
      description: 'Dinner at the harbour',
      total: { amount, currency: 'EUR' },
      date: '2026-11-20',
      category: 'food.restaurants',
      payers: [{ memberId: memberIds[0], amount }],
      split: { method: 'equal', among: memberIds },
    }),
    status: 201,
  };
}

/** 1.00 to 200.00 in minor units. */
function randomMinor(): number {
  return 100 + Math.floor(Math.random() * 19_901);
}
