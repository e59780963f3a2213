import type { Env } from '../../../config/env.ts';
import type { Gateway } from './gateway.ts';
import { manualGateway } from './manual.ts';
import { stripeGateway } from './stripe.ts';

/** Names of the gateways that the product knows; a new one is one line here and one in {@link FACTORIES}. */
export const GATEWAYS = ['stripe', 'manual'] as const;
export type GatewayName = (typeof GATEWAYS)[number];

const FACTORIES: Record<GatewayName, (env: Env) => Gateway | null> = {
  stripe: (env) =>
    env.STRIPE_SECRET_KEY === undefined
      ? null
      : stripeGateway({ secretKey: env.STRIPE_SECRET_KEY, apiBase: env.STRIPE_API_BASE, webhookSecret: env.STRIPE_WEBHOOK_SECRET }),
  manual: () => manualGateway(),
};

/** The gateways of a process. */
export interface Gateways {
  /** The gateway of this name, or null where it is not configured or not known. */
  find(name: string): Gateway | null;
}

const made = new WeakMap<Env, Gateways>();

/** The gateways that an environment configures; made once per environment, since a client keeps its connections. */
export function gatewaysOf(env: Env): Gateways {
  const known = made.get(env);
  if (known !== undefined) return known;
  const byName = new Map<string, Gateway | null>(GATEWAYS.map((name) => [name, FACTORIES[name](env)]));
  const gateways: Gateways = { find: (name) => byName.get(name) ?? null };
  made.set(env, gateways);
  return gateways;
}
