import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { json, readBody, send, type HttpAnswer } from './http.ts';
import type { LiveUpdates } from './live-updates.ts';
import type { OpenIdDouble } from './openid/openid-double.ts';
import type { SmtpDouble } from './smtp/server.ts';
import { smtpFaultPlanSchema } from './smtp/faults.ts';
import { faultPlanSchema } from './stripe/faults.ts';
import { viewJournal } from './stripe/journal.ts';
import type { StripeDouble } from './stripe/stripe-double.ts';
import { viewPayments, viewWebhooks } from './views.ts';

/** The parts that can be looked at and steered. */
export interface Doubles {
  readonly stripe: StripeDouble;
  readonly smtp: SmtpDouble;
  readonly openId: OpenIdDouble;
  readonly live: LiveUpdates;
}

type Handler = (doubles: Doubles, url: URL, body: () => Promise<string>) => HttpAnswer | Promise<HttpAnswer>;

/** How many rows a view shows unless asked. */
const ROWS_DEFAULT = 100;
const ROWS_MAX = 1_000;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'GET /_sandbox/health': () => json(200, { ok: true }),
  'GET /_sandbox/journal': ({ stripe }, url) =>
    json(200, viewJournal(stripe.store.effects, Number(url.searchParams.get('after') ?? 0) || 0)),
  'GET /_sandbox/payments': ({ stripe }, url) => json(200, { data: viewPayments(stripe.store, rows(url)) }),
  'GET /_sandbox/webhooks': ({ stripe }, url) => json(200, { data: viewWebhooks(stripe.store, rows(url)) }),
  'GET /_sandbox/requests': ({ stripe }, url) => json(200, { data: stripe.requests.latest(rows(url)) }),
  'GET /_sandbox/sign-ins': ({ openId }, url) => json(200, { data: openId.people.signIns(rows(url)) }),
  'GET /_sandbox/faults': ({ stripe }) => json(200, stripe.faults.read()),
  'POST /_sandbox/faults': async ({ stripe, live }, _url, body) => {
    const plan = parsed(faultPlanSchema, await body());
    if (!plan.success) return plan.answer;
    stripe.faults.set(plan.data);
    live.publish('faults');
    return json(200, stripe.faults.read());
  },
  'DELETE /_sandbox/faults': ({ stripe, live }) => {
    stripe.faults.clear();
    live.publish('faults');
    return json(200, stripe.faults.read());
  },
  'GET /_sandbox/smtp-faults': ({ smtp }) => json(200, smtp.faults.read()),
  'POST /_sandbox/smtp-faults': async ({ smtp, live }, _url, body) => {
    const plan = parsed(smtpFaultPlanSchema, await body());
    if (!plan.success) return plan.answer;
    smtp.faults.set(plan.data);
    live.publish('faults');
    return json(200, smtp.faults.read());
  },
  'DELETE /_sandbox/smtp-faults': ({ smtp, live }) => {
    smtp.faults.clear();
    live.publish('faults');
    return json(200, smtp.faults.read());
  },
  'GET /_sandbox/mails': ({ smtp }, url) => {
    const text = (name: string) => url.searchParams.get(name) ?? undefined;
    const query = { to: text('to'), subject: text('subject'), after: text('after'), limit: rows(url) };
    return json(200, { data: smtp.mailbox.find(query), total: smtp.mailbox.size });
  },
  'DELETE /_sandbox/mails': async ({ smtp, live }) => {
    await smtp.mailbox.clear();
    live.publish('mails');
    return json(200, { data: [], total: 0 });
  },
};

/**
 * Serves what is below `/_sandbox`: looking and steering, on both of the doubles' HTTP ports.
 *
 * @returns false when the path is none of these.
 */
export async function serveControl(doubles: Doubles, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://double');
  if (!url.pathname.startsWith('/_sandbox/')) return false;
  // A page elsewhere whose name is made to point here must not read mails.
  if (!isLoopbackName(request.headers.host) || !isFromHere(request)) {
    send(response, json(403, { error: { code: 'host_refused', message: 'Use 127.0.0.1 or localhost.' } }));
    return true;
  }
  if (request.method === 'GET' && url.pathname === '/_sandbox/stream') {
    doubles.live.attach(request, response);
    return true;
  }
  const handler = HANDLERS[`${request.method ?? 'GET'} ${url.pathname}`];
  const answer = handler
    ? await handler(doubles, url, () => readBody(request))
    : json(404, { error: { code: 'not_found', message: 'No such path in the sandbox.' } });
  send(response, answer);
  return true;
}

/** Whether a Host header names this machine itself. */
export function isLoopbackName(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host ?? '');
}

/** Browsers name the page that a request comes from; other programs name none. */
function isFromHere(request: IncomingMessage): boolean {
  const origin = request.headers.origin;
  return origin === undefined || (URL.canParse(origin) && isLoopbackName(new URL(origin).host));
}

function rows(url: URL): number {
  const asked = Number(url.searchParams.get('limit') ?? ROWS_DEFAULT);
  return Number.isInteger(asked) ? Math.min(Math.max(asked, 1), ROWS_MAX) : ROWS_DEFAULT;
}

type Parsed<T> = { readonly success: true; readonly data: T } | { readonly success: false; readonly answer: HttpAnswer };

function parsed<S extends z.ZodType>(schema: S, body: string): Parsed<z.infer<S>> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { success: false, answer: json(400, { error: { code: 'invalid_json', message: 'The body is not JSON.' } }) };
  }
  const result = schema.safeParse(value);
  if (result.success) return result;
  const fields = result.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }));
  return { success: false, answer: json(400, { error: { code: 'invalid_plan', message: 'The plan is not understood.', fields } }) };
}
