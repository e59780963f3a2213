import type { IncomingMessage } from 'node:http';
import { html, json, readBody, seeOther, type HttpAnswer } from '../http.ts';
import { fail, succeed } from './charging.ts';
import { stripeDigits } from './currencies.ts';
import { StripeRefusal } from './errors.ts';
import { nowSeconds } from './ids.ts';
import { completeOnboarding } from './resources/accounts.ts';
import { confirmIntent } from './resources/payment-intents.ts';
import type { AccountLinkRecord, PaymentIntent } from './types.ts';
import type { StripeDouble } from './stripe-double.ts';
import { Work } from './work.ts';

/**
 * The pages that Stripe shows to people: onboarding, authentication, paying. Each ends in one click, which is one POST.
 *
 * @returns undefined when the path is none of them.
 */
export async function servePage(double: StripeDouble, request: IncomingMessage): Promise<HttpAnswer | undefined> {
  const url = new URL(request.url ?? '/', 'http://double');
  const match = /^\/(onboarding|authenticate|pay)\/(\w+)$/.exec(url.pathname);
  const [, kind, id = ''] = match ?? [];
  if (kind === undefined) return undefined;
  if (request.method !== 'GET' && request.method !== 'POST')
    return { ...plain('Method not allowed', '<p>This page takes GET and POST.</p>'), status: 405 };
  const form = new URLSearchParams(request.method === 'POST' ? await readBody(request) : '');
  const visit: Visit = {
    double,
    url,
    form,
    posted: request.method === 'POST',
    wantsJson: (request.headers.accept ?? '').includes('application/json'),
  };
  if (kind === 'onboarding') return onboarding(visit, id);
  return intentPage(visit, kind === 'pay' ? 'pay' : 'authenticate', id);
}

interface Visit {
  readonly double: StripeDouble;
  readonly url: URL;
  readonly form: URLSearchParams;
  readonly posted: boolean;
  readonly wantsJson: boolean;
}

async function onboarding(visit: Visit, id: string): Promise<HttpAnswer> {
  const { double } = visit;
  const link = double.store.get('account_link', id);
  const account = link && double.store.get('account', link.account);
  if (!link || !account) return notFound();
  if (isOver(link))
    return link.refresh_url === null ? plain('Link expired', '<p>Ask for a new onboarding link.</p>', 410) : seeOther(link.refresh_url);
  if (!visit.posted) {
    const details = `<dl><dt>Account</dt><dd><code>${escape(account.id)}</code></dd><dt>Country</dt><dd>${escape(account.country)}</dd><dt>Currency</dt><dd>${escape(account.default_currency.toUpperCase())}</dd></dl>`;
    const intro = '<p>In the real Stripe the holder gives name, address and bank account here. In the sandbox one click is enough.</p>';
    return plain('Receive payouts', `${intro}${details}<form method="post"><button>Complete onboarding</button></form>`);
  }
  const work = new Work(double.store, { requestId: null, idempotencyKey: null });
  const done = completeOnboarding(work, account);
  await double.commit(work);
  if (visit.wantsJson) return json(200, { completed: true, account: done.id });
  return link.return_url === null
    ? plain('All done', '<p>This account can now receive payments. You may close this page.</p>')
    : seeOther(link.return_url);
}

async function intentPage(visit: Visit, kind: 'pay' | 'authenticate', id: string): Promise<HttpAnswer> {
  const intent = visit.double.store.get('payment_intent', id);
  if (!intent || visit.url.searchParams.get('client_secret') !== intent.client_secret) return notFound();
  const needed = kind === 'pay' ? ['requires_payment_method', 'requires_confirmation'] : ['requires_action'];
  if (!needed.includes(intent.status)) return finished(visit, intent);
  if (!visit.posted) return kind === 'pay' ? payForm(intent) : authenticateForm(intent);
  const work = new Work(visit.double.store, { requestId: null, idempotencyKey: null });
  const refusal = kind === 'pay' ? pay(visit, work, intent) : authenticate(visit, work, intent);
  if (refusal)
    return visit.wantsJson
      ? json(refusal.status, { error: refusal.body })
      : plain('Not possible', `<p>${escape(refusal.message)}</p>`, refusal.status);
  await visit.double.commit(work);
  return finished(visit, visit.double.store.get('payment_intent', id) ?? intent);
}

function pay(visit: Visit, work: Work, intent: PaymentIntent): StripeRefusal | undefined {
  const call = {
    id: intent.id,
    subId: '',
    work,
    account: undefined,
    baseUrl: visit.double.baseUrl,
    declines: () => visit.double.faults.declines('POST', visit.url.pathname),
  };
  try {
    confirmIntent(call, intent, { payment_method: visit.form.get('payment_method') ?? 'pm_card_visa', use_stripe_sdk: true });
    return undefined;
  } catch (error) {
    if (error instanceof StripeRefusal) return error;
    throw error;
  }
}

function authenticate(visit: Visit, work: Work, intent: PaymentIntent): StripeRefusal | undefined {
  const method = intent.payment_method === null ? undefined : work.get('payment_method', intent.payment_method);
  if (!method) return new StripeRefusal(400, { type: 'invalid_request_error', message: 'The payment has no card to authenticate.' });
  if (visit.form.get('outcome') !== 'fail') succeed(work, intent, method);
  else {
    const message = 'We are unable to authenticate your payment method. Please choose a different payment method and try again.';
    fail(work, intent, method, { kind: 'declined', code: 'payment_intent_authentication_failure', message });
  }
  return undefined;
}

function finished(visit: Visit, intent: PaymentIntent): HttpAnswer {
  if (visit.wantsJson) return json(200, { completed: true, payment_intent: intent.id, status: intent.status });
  if (intent._returnUrl !== null && URL.canParse(intent._returnUrl)) {
    const back = new URL(intent._returnUrl);
    back.searchParams.set('payment_intent', intent.id);
    back.searchParams.set('payment_intent_client_secret', intent.client_secret);
    back.searchParams.set('redirect_status', intent.status === 'succeeded' ? 'succeeded' : 'failed');
    return seeOther(back.href);
  }
  if (intent.status === 'succeeded') return plain('Paid', `<p>${money(intent)} was paid. You may close this page.</p>`);
  return plain('Not paid', `<p>The payment is now <code>${escape(intent.status)}</code>. You may close this page.</p>`);
}

function payForm(intent: PaymentIntent): HttpAnswer {
  const cards = [
    ['pm_card_visa', 'Visa ···· 4242, succeeds'],
    ['pm_card_chargeDeclined', 'Visa ···· 0002, is declined'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'Visa ···· 9995, insufficient funds'],
    ['pm_card_authenticationRequired', 'Visa ···· 3184, asks for authentication'],
  ];
  const options = cards.map(
    ([id, label], index) =>
      `<label><input type="radio" name="payment_method" value="${id}"${index === 0 ? ' checked' : ''}> ${label}</label>`,
  );
  return plain(
    `Pay ${money(intent)}`,
    `<p>${escape(intent.description ?? 'Test payment')}</p><form method="post">${options.join('')}<button>Pay ${money(intent)}</button></form>`,
  );
}

function authenticateForm(intent: PaymentIntent): HttpAnswer {
  const buttons =
    '<button name="outcome" value="succeed">Approve payment</button><button class="quiet" name="outcome" value="fail">Refuse</button>';
  return plain(
    'Authenticate payment',
    `<p>Your bank wants to be sure that it is you who pays <strong>${money(intent)}</strong>.</p><form method="post">${buttons}</form>`,
  );
}

function isOver(link: AccountLinkRecord): boolean {
  return link.expires_at < nowSeconds();
}

function money(intent: PaymentIntent): string {
  const digits = stripeDigits(intent.currency);
  const text = String(intent.amount).padStart(digits + 1, '0');
  const number = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  return `${number} ${intent.currency.toUpperCase()}`;
}

function notFound(): HttpAnswer {
  return plain('Not found', '<p>There is no such page. The link may be incomplete.</p>', 404);
}

function escape(value: string): string {
  return value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `:root{color-scheme:light dark;--ink:#1a1f36;--dim:#5b6478;--card:#fff;--ground:#f2f4f8;--line:#dfe3eb;--accent:#4a3fd6}
@media(prefers-color-scheme:dark){:root{--ink:#eceef5;--dim:#a2a9bd;--card:#1b1f2c;--ground:#10131b;--line:#303648;--accent:#8f87ff}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{width:100%;max-width:27rem;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:2rem}h1{font-size:1.35rem;margin:.3rem 0 1rem}
small{color:var(--dim);font-weight:600}dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1.2rem 0}dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
form{display:grid;gap:.6rem;margin-top:1.4rem}label{padding:.55rem .7rem;border:1px solid var(--line);border-radius:8px}
button{font:inherit;font-weight:600;padding:.7rem 1rem;border:0;border-radius:8px;background:var(--accent);color:var(--card);cursor:pointer}
button.quiet{background:none;color:var(--ink);border:1px solid var(--line)}button:focus-visible,input:focus-visible{outline:3px solid var(--accent);outline-offset:2px}`;

function plain(title: string, content: string, status = 200): HttpAnswer {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Stripe double</title><style>${STYLE}</style>`;
  return html(
    status,
    `<!doctype html><html lang="en"><head>${head}</head><body><main><small>Stripe double · no real money</small><h1>${title}</h1>${content}</main></body></html>`,
  );
}
