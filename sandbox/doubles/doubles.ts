import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serveControl, type Doubles } from './control.ts';
import { EcbDouble } from './ecb/ecb-double.ts';
import { json, listen, send } from './http.ts';
import { LiveUpdates } from './live-updates.ts';
import { OpenIdDouble } from './openid/openid-double.ts';
import { serveAsset } from './page/assets.ts';
import { SmtpDouble } from './smtp/server.ts';
import { servePage } from './stripe/pages.ts';
import { StripeApi } from './stripe/server.ts';
import { StripeDouble } from './stripe/stripe-double.ts';

/** How the doubles are started. */
export interface DoublesOptions {
  /** Where state is kept, in a folder `doubles` of its own. */
  readonly dataDir: string;
  /** Our API's endpoint for Stripe's webhooks; without one, events are listed and not sent. */
  readonly webhookUrl?: string | undefined;
  /** Signing secret of that endpoint. Default: `whsec_sandbox`. */
  readonly webhookSecret?: string | undefined;
  /** Callbacks of the OpenID provider's client besides those on this machine. */
  readonly openIdRedirectUris?: readonly string[] | undefined;
  /** Ports to listen on; 0 or missing takes a free one. */
  readonly ports?:
    | { readonly sandbox?: number | undefined; readonly stripe?: number | undefined; readonly smtp?: number | undefined }
    | undefined;
}

/** Doubles that listen. */
export interface RunningDoubles {
  /** The page, and below it `/_sandbox/`. */
  readonly sandboxUrl: string;
  readonly sandboxPort: number;
  /** Stripe's API without `/v1`, and the pages that Stripe shows to people. */
  readonly stripeUrl: string;
  readonly stripePort: number;
  readonly smtpPort: number;
  readonly webhookSecret: string;
  /** Of the OpenID provider, below the sandbox's port. */
  readonly openIdIssuer: string;
  /** Ends everything and closes the files; what is undelivered goes on at the next start. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts the outside world on loopback: Stripe, a mail server, an OpenID provider, the ECB's rates, and the page that shows what they received.
 *
 * @throws Error with code EADDRINUSE when a given port is taken; nothing stays open then.
 */
export async function startDoubles(options: DoublesOptions): Promise<RunningDoubles> {
  const folder = join(options.dataDir, 'doubles');
  mkdirSync(folder, { recursive: true });
  const webhookSecret = options.webhookSecret ?? 'whsec_sandbox';
  const live = new LiveUpdates();
  const stripe = new StripeDouble({ folder, webhookUrl: options.webhookUrl, webhookSecret, changed: (topic) => live.publish(topic) });
  const closers: (() => Promise<void>)[] = [() => stripe.close()];
  const stop = async () => {
    live.close();
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const smtp = await SmtpDouble.start({ folder, port: options.ports?.smtp ?? 0, changed: () => live.publish('mails') });
    closers.push(() => smtp.close());
    const openId = new OpenIdDouble({
      folder,
      redirectUris: options.openIdRedirectUris ?? [],
      changed: () => live.publish('sign-ins'),
    });
    const doubles: Doubles = { stripe, smtp, openId, live };
    const ecb = new EcbDouble();
    const api = new StripeApi(stripe);
    const stripeServer = await listen(options.ports?.stripe ?? 0, (request, response) => serveStripe(doubles, api, request, response));
    closers.push(stripeServer.close);
    stripe.baseUrl = `http://127.0.0.1:${stripeServer.port}`;
    const page = await listen(options.ports?.sandbox ?? 0, (request, response) => serveSandbox(doubles, ecb, request, response));
    closers.push(page.close);
    openId.baseUrl = `http://127.0.0.1:${page.port}`;
    stripe.resume();
    return {
      sandboxUrl: `http://127.0.0.1:${page.port}`,
      sandboxPort: page.port,
      stripeUrl: stripe.baseUrl,
      stripePort: stripeServer.port,
      smtpPort: smtp.port,
      webhookSecret,
      openIdIssuer: openId.issuer,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function serveStripe(doubles: Doubles, api: StripeApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await serveControl(doubles, request, response)) return;
  const page = await servePage(doubles.stripe, request);
  if (page) return send(response, page);
  await api.serve(request, response);
}

async function serveSandbox(doubles: Doubles, ecb: EcbDouble, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (await serveControl(doubles, request, response)) return;
  if (await doubles.openId.serve(request, response)) return;
  if (ecb.serve(request, response)) return;
  const asset = request.method === 'GET' || request.method === 'HEAD' ? serveAsset(request) : undefined;
  send(response, asset ?? json(404, { error: { code: 'not_found', message: 'No such page in the sandbox.' } }));
}
