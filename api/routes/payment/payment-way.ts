import { gatewaysOf } from '../../../activities/payment/gateways/registry.ts';
import type { Gateway } from '../../../activities/payment/gateways/gateway.ts';
import type { PaymentWay } from '../../../db/commands/payment/attempts.ts';
import { refusal } from '../../../domain/refusal.ts';
import type { Deps } from '../../deps.ts';

/** The adapter of a method. @throws RefusalError gateway_not_configured. */
export function gatewayOf(deps: Deps, method: string): Gateway {
  const gateway = gatewaysOf(deps.env).find(method);
  if (gateway === null) throw refusal('gateway_not_configured', `Payments through ${method} are not set up here.`, '/method');
  return gateway;
}

/** A method as commands need to know it. @throws RefusalError gateway_not_configured. */
export function paymentWay(deps: Deps, method: 'stripe' | 'manual'): PaymentWay {
  const gateway = gatewayOf(deps, method);
  const { confirmedBy, needsPayoutAccount } = gateway.capabilities;
  return { gateway: method, confirmedBy, needsPayoutAccount, carries: (minor, currency) => gateway.amount(minor, currency) !== null };
}
