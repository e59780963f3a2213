import type { Context } from 'koa';
import { z } from 'zod';
import type { Readiness } from '../../config/ops-server.ts';
import { type Noted, problemBody } from '../frame.ts';
import { Problem } from '../problems.ts';

const parts = z
  .record(z.string(), z.enum(['up', 'down', 'off']))
  .meta({ description: 'State of each part; `off` where this deployment does without it.', example: { postgres: 'up', redis: 'off' } });

/** The body of a ready answer. */
export const readinessBody = z.strictObject({ status: z.literal('ready'), parts }).meta({ id: 'Readiness' });

/** What the problem of an unready answer has besides: the parts. */
export const unreadyExtension = { parts };

/** Answers `/readyz`: 200, or 503 with the parts that are away. Without a probe the process is its own proof. */
export async function answerReadiness(ctx: Context, probe: (() => Promise<Readiness>) | undefined, publicUrl: string): Promise<void> {
  const found = probe === undefined ? { ready: true, parts: {} } : await probe();
  if (found.ready) {
    ctx.body = { status: 'ready', parts: found.parts };
    return;
  }
  const problem = new Problem('not_ready', 'A part that this process needs is away.');
  ctx.status = problem.status;
  ctx.set('Retry-After', '1');
  ctx.body = JSON.stringify({ ...problemBody(problem, publicUrl, (ctx.state as Noted).requestId ?? ''), parts: found.parts });
  ctx.type = 'application/problem+json';
}
