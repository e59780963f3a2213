// Shows what the doubles received. Everything from outside is written as text, never as markup.

const GOOD = new Set(['succeeded', 'delivered']);
const BAD = new Set(['given_up', 'requires_payment_method', 'canceled']);
const CALM = new Set(['refunded', 'partly_refunded']);
const STATE_WORDS = {
  requires_payment_method: 'needs a payment method',
  requires_confirmation: 'needs confirmation',
  requires_action: 'waits for the payer',
  partly_refunded: 'partly refunded',
  given_up: 'given up',
};
/** Changes come in bursts; the page reads once for each. */
const READ_DELAY_MS = 120;
const ROWS = 200;

const view = { mails: [], payments: [], webhooks: [], requests: [], 'sign-ins': [], journal: null, openMail: null, mailForm: 'html' };
const waiting = new Map();

const byId = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function timeCell(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  return element('td', { class: 'time', title: iso }, today ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`);
}

function state(value) {
  const kind = GOOD.has(value) ? 'good' : BAD.has(value) ? 'bad' : CALM.has(value) ? 'calm' : 'wait';
  return element('span', { class: `state ${kind}` }, STATE_WORDS[value] ?? value.replaceAll('_', ' '));
}

function sub(text) {
  return text ? element('span', { class: 'sub' }, text) : null;
}

function paymentRow(payment) {
  const references = Object.entries(payment.metadata).map(([name, value]) => sub(`${name} ${value}`));
  const action = payment.actionUrl
    ? element('a', { class: 'sub link', href: payment.actionUrl, target: '_blank', rel: 'noopener' }, 'Open the payer’s page')
    : null;
  const refunded = payment.refunded ? sub(`${payment.refunded} refunded`) : null;
  const tries = payment.attempts > 1 ? sub(`${payment.attempts} tries`) : null;
  return element(
    'tr',
    {},
    timeCell(payment.at),
    element('td', { class: 'number' }, element('strong', {}, payment.amount), ` ${payment.currency}`, refunded),
    element('td', {}, state(payment.status), sub(payment.error?.replaceAll('_', ' ')), action),
    element('td', {}, payment.method ?? '–', tries),
    element('td', {}, element('code', {}, payment.destination ?? '–')),
    element('td', {}, payment.description ?? (references.length === 0 ? '–' : ''), ...references),
    element('td', {}, element('code', {}, payment.id)),
  );
}

function webhookRow(webhook) {
  const why = webhook.state === 'delivered' ? null : (webhook.lastError ?? (webhook.lastStatus ? `answered ${webhook.lastStatus}` : null));
  return element(
    'tr',
    {},
    timeCell(webhook.at),
    element('td', {}, webhook.type, element('code', { class: 'sub' }, webhook.objectId)),
    element('td', {}, state(webhook.state), sub(why)),
    element('td', { class: 'number' }, String(webhook.attempts)),
  );
}

function requestRow(request) {
  const answer = request.status === null ? 'lost' : String(request.status);
  const kind = request.status === null || request.status >= 500 ? 'bad' : request.status >= 400 ? 'wait' : 'good';
  return element(
    'tr',
    {},
    timeCell(request.at),
    element('td', {}, element('code', {}, `${request.method} ${request.path}`)),
    element('td', {}, element('span', { class: `state ${kind}` }, answer), request.replayed ? ' replayed' : null),
    element('td', {}, request.fault?.replaceAll('_', ' ') ?? '–'),
    element('td', {}, element('code', {}, request.idempotencyKey ?? '–')),
  );
}

function signInRow(signIn) {
  const verified = signIn.emailVerified ? null : sub('not verified');
  return element('tr', {}, timeCell(signIn.at), element('td', {}, signIn.name), element('td', {}, signIn.email, verified));
}

function fill(topic, row) {
  const wanted = byId(`${topic}-filter`).value.trim().toLowerCase();
  const shown = wanted === '' ? view[topic] : view[topic].filter((item) => JSON.stringify(item).toLowerCase().includes(wanted));
  byId(topic).replaceChildren(...shown.map(row));
  const empty = byId(`${topic}-empty`);
  empty.hidden = shown.length > 0;
  empty.dataset.said ??= empty.textContent;
  empty.textContent = view[topic].length > 0 ? 'Nothing matches the filter.' : empty.dataset.said;
  return shown;
}

/** The chosen mail, or the newest while none is chosen. */
function shownMail() {
  return view.openMail ?? view.mails[0]?.id;
}

function mailItem(mail) {
  const open = () => {
    view.openMail = mail.id;
    drawMails();
  };
  const when = clock.format(new Date(mail.at));
  const button = element(
    'button',
    { type: 'button', 'aria-current': mail.id === shownMail() ? 'true' : null, onclick: open },
    element('strong', {}, mail.subject || '(no subject)'),
    element('span', {}, `${when} · ${mail.to.join(', ')}`),
  );
  return element('li', {}, button);
}

function drawMails() {
  const scrolled = byId('mails').scrollTop;
  const shown = fill('mails', mailItem);
  byId('mails').scrollTop = scrolled;
  byId('mails').parentElement.hidden = shown.length === 0;
  drawMail(shown.find((mail) => mail.id === shownMail()) ?? shown[0]);
}

let drawn = '';

function drawMail(mail) {
  const mark = mail ? `${mail.id} ${view.mailForm}` : '';
  if (mark === drawn) return;
  drawn = mark;
  if (!mail) return byId('mail').replaceChildren();
  const asHtml = mail.html !== '' && view.mailForm === 'html';
  const parts = [
    element('h3', {}, mail.subject || '(no subject)'),
    element('div', {}, sub(`From ${mail.from}`), sub(`To ${mail.to.join(', ')}`), sub(new Date(mail.at).toLocaleString())),
    ...(mail.html === '' || mail.text === '' ? [] : [formSwitch()]),
    linksOf(mail),
    asHtml ? frame(mail.html) : element('pre', {}, mail.text || (mail.html ? '(only HTML)' : '(empty)')),
  ];
  byId('mail').replaceChildren(...parts.filter((part) => part !== null));
}

function formSwitch() {
  const choice = (form, label) =>
    element(
      'button',
      {
        type: 'button',
        class: 'small',
        'aria-pressed': String(view.mailForm === form),
        onclick: () => ((view.mailForm = form), drawMails()),
      },
      label,
    );
  return element('div', { class: 'switch' }, choice('html', 'As designed'), choice('text', 'As text'));
}

/** Scripts, forms and same-origin access stay off; links open outside of the frame. */
function frame(markup) {
  const made = element('iframe', { title: 'Mail', sandbox: 'allow-popups allow-popups-to-escape-sandbox' });
  made.srcdoc = `<base target="_blank">${markup}`;
  return made;
}

function linksOf(mail) {
  const found = [...new Set(mail.text.match(/https?:\/\/[^\s<>"')\]]+/g) ?? [])];
  if (found.length === 0) return null;
  return element(
    'div',
    { class: 'links' },
    ...found.map((href) => element('a', { href, target: '_blank', rel: 'noopener noreferrer' }, href)),
  );
}

function figure(label, value, detail) {
  return element(
    'div',
    { class: 'figure' },
    element('span', {}, label),
    element('strong', {}, String(value)),
    element('small', {}, detail || '\u00a0'),
  );
}

const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));

function sums(amounts) {
  const written = Object.entries(amounts).map(([code, amount]) => {
    const digits = ZERO_DECIMAL.has(code) ? 0 : THREE_DECIMAL.has(code) ? 3 : 2;
    return `${(amount / 10 ** digits).toFixed(digits)} ${code.toUpperCase()}`;
  });
  return written.length > 3 ? `${written.slice(0, 3).join(' · ')} …` : written.join(' · ');
}

function drawFigures() {
  const totals = view.journal?.totals;
  if (!totals) return;
  const undelivered = view.webhooks.filter((webhook) => webhook.state !== 'delivered').length;
  byId('figures').replaceChildren(
    figure('Charges', totals.charges, sums(totals.charged)),
    figure('Refunds', totals.refunds, sums(totals.refunded)),
    figure('Reversals', totals.reversals, sums(totals.reversed)),
    figure('Mails', view.mailTotal ?? view.mails.length, view.mails[0] ? `latest ${clock.format(new Date(view.mails[0].at))}` : 'none yet'),
    figure(
      'Webhooks',
      view.webhooks.length,
      view.webhooks.length === 0 ? 'none yet' : undelivered === 0 ? 'all delivered' : `${undelivered} not delivered`,
    ),
  );
  const twice = byId('twice');
  twice.hidden = view.journal.chargedTwice.length === 0;
  twice.textContent = `Charged twice: ${view.journal.chargedTwice.join(', ')}`;
}

function drawFaults(stripe, smtp) {
  const rules = [
    ...stripe.rules.map((rule) => `${rule.fault.kind.replaceAll('_', ' ')} (${rule.fired} of ${rule.matched})`),
    ...smtp.rules.map((rule) => `mail ${rule.code} to ${rule.to} (${rule.fired} of ${rule.matched})`),
  ];
  const notice = byId('faults');
  notice.hidden = rules.length === 0;
  if (rules.length === 0) return;
  const clear = () => Promise.all([fetch('/_sandbox/faults', { method: 'DELETE' }), fetch('/_sandbox/smtp-faults', { method: 'DELETE' })]);
  notice.replaceChildren(
    element('span', {}, `Fault plan at work: ${rules.join(', ')}`),
    element('button', { type: 'button', class: 'small', onclick: clear }, 'Clear'),
  );
}

async function read(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

const readers = {
  async mails() {
    const found = await read(`/_sandbox/mails?limit=${ROWS}`);
    view.mails = found.data;
    view.mailTotal = found.total;
    drawMails();
    drawFigures();
  },
  async payments() {
    const [payments, journal] = await Promise.all([read(`/_sandbox/payments?limit=${ROWS}`), read('/_sandbox/journal?after=999999999')]);
    view.payments = payments.data;
    view.journal = journal;
    fill('payments', paymentRow);
    drawFigures();
  },
  async webhooks() {
    view.webhooks = (await read(`/_sandbox/webhooks?limit=${ROWS}`)).data;
    fill('webhooks', webhookRow);
    drawFigures();
  },
  async requests() {
    view.requests = (await read(`/_sandbox/requests?limit=${ROWS}`)).data;
    fill('requests', requestRow);
  },
  async 'sign-ins'() {
    view['sign-ins'] = (await read(`/_sandbox/sign-ins?limit=${ROWS}`)).data;
    fill('sign-ins', signInRow);
  },
  async faults() {
    const [stripe, smtp] = await Promise.all([read('/_sandbox/faults'), read('/_sandbox/smtp-faults')]);
    drawFaults(stripe, smtp);
  },
};

function changed(topic) {
  if (waiting.has(topic)) return;
  waiting.set(
    topic,
    setTimeout(() => {
      waiting.delete(topic);
      readers[topic]().catch(() => undefined);
    }, READ_DELAY_MS),
  );
}

function say(on) {
  const live = byId('live');
  live.classList.toggle('on', on);
  live.textContent = on ? 'Live' : 'Not connected, trying again…';
}

for (const topic of Object.keys(readers)) readers[topic]().catch(() => undefined);

const stream = new EventSource('/_sandbox/stream');
stream.addEventListener('open', () => {
  say(true);
  // Whatever was missed while the connection was down is read now.
  for (const topic of Object.keys(readers)) changed(topic);
});
stream.addEventListener('error', () => say(false));
for (const topic of Object.keys(readers)) stream.addEventListener(topic, () => changed(topic));

byId('payments-filter').addEventListener('input', () => fill('payments', paymentRow));
byId('webhooks-filter').addEventListener('input', () => fill('webhooks', webhookRow));
byId('requests-filter').addEventListener('input', () => fill('requests', requestRow));
byId('sign-ins-filter').addEventListener('input', () => fill('sign-ins', signInRow));
byId('mails-filter').addEventListener('input', drawMails);
