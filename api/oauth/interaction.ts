import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import { deriveKey } from '../../config/secrets.ts';
import { audit } from '../../db/commands/user/audit.ts';
import { authorizeApplication } from '../../db/commands/user/oauth.ts';
import type { SignInRefusal } from '../../db/commands/user/password-sign-in.ts';
import { type OpenSession, SESSION_DAYS, SESSION_DAYS_MAX } from '../../db/commands/user/sessions.ts';
import { findAccount } from '../../db/queries/user/accounts.ts';
import { read, transact } from '../../db/transact.ts';
import { isScope } from '../../domain/scopes.ts';
import { addressKey } from '../client-address.ts';
import { databaseOf, type Deps } from '../deps.ts';
import { readBody } from '../middleware/body.ts';
import type { RateLimits } from '../middleware/rate-limit.ts';
import { Problem } from '../problems.ts';
import { consentPage, destinationOf, errorPage, signInPage } from './pages.ts';
import { textOf } from './text.ts';
import { signInOnPage } from './sign-in.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

const FORM_BYTES_MAX = 64 * 1024;
const EXPIRED = 'This page has expired or belongs to another browser. Go back to the application and begin again.';
const FAULTS: Record<SignInRefusal, string> = {
  invalid_credentials: 'Address or password is wrong.',
  totp_required: 'This account has a second factor: give its code too.',
  totp_invalid: 'The code is neither a present one of the app nor an unused recovery code.',
};

/** What the pages work with. */
export interface PageDeps {
  readonly deps: Deps;
  readonly limits: RateLimits;
  readonly provider: Provider;
}

/** Shows the page at which an authorization stands: the form to sign in, or the question for consent. */
export async function showInteraction({ deps, provider }: PageDeps, ctx: Context, uid: string): Promise<void> {
  const interaction = await interactionOf(provider, ctx, uid);
  if (interaction === null) return expired(ctx);
  const { application, homepage, redirectUri, destination } = await aboutOf(provider, interaction);
  const csrf = csrfOf(deps, interaction);
  const hint = interaction.params['login_hint'];
  if (interaction.prompt.name === 'login') {
    signInPage(ctx, 200, { uid, csrf, application, email: typeof hint === 'string' ? hint : '' }, destination);
    return;
  }
  const userId = interaction.session?.accountId;
  const account = userId === undefined ? null : await findAccount((text, values) => read(databaseOf(deps, 'user'), text, values), userId);
  if (account === null) return expired(ctx);
  const scopes = textOf(interaction.params['scope']).split(' ');
  const lastsDays = { unused: SESSION_DAYS, most: SESSION_DAYS_MAX };
  consentPage(ctx, { uid, csrf, application, homepage, returnsTo: redirectUri, email: account.email, scopes, lastsDays }, destination);
}

/** Takes what a person sent from such a page, and goes on with the authorization. */
export async function takeInteraction({ deps, limits, provider }: PageDeps, ctx: Context, uid: string): Promise<void> {
  const address = deps.clientAddress(ctx.req);
  await limits.consume(ctx, 'sign-in', addressKey(address));
  const form = await readForm(ctx);
  const interaction = await interactionOf(provider, ctx, uid);
  if (interaction === null) return expired(ctx);
  const csrf = csrfOf(deps, interaction);
  if (!isSame(form('csrf'), csrf) || ctx.get('sec-fetch-site') === 'cross-site') return expired(ctx);
  if (form('decision') === 'deny') {
    await finish(ctx, interaction, { error: 'access_denied', error_description: 'the person refused' });
    return;
  }
  if (interaction.prompt.name === 'login') {
    const given = { email: form('email').trim(), password: form('password'), totp: form('totp').trim() };
    const signedIn = await signInOnPage(deps, given, { address, userAgent: ctx.get('user-agent') });
    if (typeof signedIn === 'string') {
      const { application, destination } = await aboutOf(provider, interaction);
      signInPage(ctx, 401, { uid, csrf, application, email: given.email, fault: FAULTS[signedIn] }, destination);
      return;
    }
    await forgetOther(deps, interaction, signedIn);
    await finish(ctx, interaction, { login: { accountId: signedIn.userId, acr: signedIn.sessionId } });
    return;
  }
  if (form('decision') !== 'allow') throw new Problem('invalid_request', 'decision is allow or deny.');
  await allow(deps, ctx, interaction, address);
}

async function allow(deps: Deps, ctx: Context, interaction: Interaction, address: string): Promise<void> {
  const userId = interaction.session?.accountId;
  const applicationId = textOf(interaction.params['client_id']);
  const scopes = textOf(interaction.params['scope']).split(' ').filter(isScope);
  if (userId === undefined || scopes.length === 0) return expired(ctx);
  const { value: grantId, events } = await transact(databaseOf(deps, 'user'), async (tx) => {
    const id = await authorizeApplication(tx, userId, applicationId, scopes);
    const about = { actorId: userId, subjectId: userId, address, ...(id === null ? {} : { sessionId: id }) };
    if (id !== null) await audit(tx, { action: 'application.authorized', ...about, data: { applicationId, scopes } });
    return id;
  });
  deps.dispatcher.dispatch(events);
  if (grantId === null) return expired(ctx);
  await finish(ctx, interaction, { ...interaction.lastSubmission, consent: { grantId } });
}

/** The interaction of this browser, or null where it is over, another's, or not the one in the address. */
async function interactionOf(provider: Provider, ctx: Context, uid: string): Promise<Interaction | null> {
  try {
    const interaction = await provider.interactionDetails(ctx.req, ctx.res);
    return interaction.uid === uid ? interaction : null;
  } catch (error) {
    if (error instanceof Error && error.name === 'SessionNotFound') return null;
    throw error;
  }
}

/** Another person was signed in with this browser: it is now this one's, with nothing of what was noted for the other. */
async function forgetOther(deps: Deps, interaction: Interaction, signedIn: OpenSession): Promise<void> {
  const before = interaction.session;
  if (before?.uid === undefined || before.accountId === signedIn.userId) return;
  const now = JSON.stringify({ accountId: signedIn.userId, acr: signedIn.sessionId });
  await read(
    databaseOf(deps, 'user'),
    `update "user".oauth_artifact set payload = (payload - 'authorizations') || $2::jsonb where model = 'Session' and uid = $1`,
    [before.uid, now],
  );
}

async function finish(ctx: Context, interaction: Interaction, result: Interaction['result']): Promise<void> {
  interaction.result = result;
  await interaction.save(Math.max(1, interaction.exp - Math.floor(Date.now() / 1000)));
  ctx.status = 303;
  ctx.set('Location', interaction.returnTo);
  ctx.body = '';
}

async function aboutOf(
  provider: Provider,
  interaction: Interaction,
): Promise<{ application: string; homepage: string; redirectUri: string; destination: string }> {
  const client = await provider.Client.find(textOf(interaction.params['client_id']));
  const redirectUri = textOf(interaction.params['redirect_uri']);
  return {
    application: client?.clientName ?? 'an application',
    homepage: textOf(client?.['homepage']),
    redirectUri,
    destination: destinationOf(redirectUri),
  };
}

/** Ties a form to its page and question; who cannot read the page cannot make it. */
function csrfOf(deps: Deps, { uid, prompt }: Interaction): string {
  return createHmac('sha256', deriveKey(deps.secrets, 'oauth-csrf')).update(`${prompt.name}:${uid}`).digest('base64url');
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readForm(ctx: Context): Promise<(name: string) => string> {
  const raw = await readBody(ctx, FORM_BYTES_MAX);
  if (ctx.is('application/x-www-form-urlencoded') === false)
    throw new Problem('invalid_request', 'Send the form as application/x-www-form-urlencoded.');
  const fields = new URLSearchParams(raw.toString());
  return (name) => fields.get(name) ?? '';
}

function expired(ctx: Context): void {
  ctx.status = 400;
  errorPage(ctx, 'expired', EXPIRED);
}
