import { currencyDigits, isKnownCurrency } from '../../../domain/currency.ts';
import type { GatewayAmount } from './gateway.ts';

/** Currencies that Stripe counts in whole units, whatever ISO says (MGA has two digits there). */
const ZERO_DECIMAL = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
/** Currencies with three digits, of which the last has to be zero. */
const THREE_DECIMAL = new Set('BHD JOD KWD OMR TND'.split(' '));
/** Currencies without minor units in use that Stripe still counts in hundredths. */
const WHOLE_IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
/** What else Stripe takes, with two digits. */
const TWO_DECIMAL = new Set(
  (
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR ' +
    'FJD FKP GBP GEL GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN ' +
    'MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS ' +
    'UAH USD UYU UZS WST XCD XCG YER ZAR ZMW'
  ).split(' '),
);

/** Stripe takes eight digits of the smallest unit in one charge. */
const UNITS_MAX = 99_999_999n;

/**
 * Writes an amount in Stripe's smallest unit.
 *
 * @returns null for a currency that Stripe does not take, an amount finer than its step, not positive, or too large.
 */
export function stripeAmount(minor: bigint, currency: string): GatewayAmount | null {
  const unit = stripeUnit(currency);
  if (unit === null || minor <= 0n) return null;
  const scaled = minor * 10n ** BigInt(unit.digits);
  const divisor = 10n ** BigInt(currencyDigits(currency));
  if (scaled % divisor !== 0n) return null;
  const units = scaled / divisor;
  return units % unit.step === 0n && units <= UNITS_MAX ? { units, currency } : null;
}

function stripeUnit(currency: string): { digits: number; step: bigint } | null {
  if (!isKnownCurrency(currency)) return null;
  if (ZERO_DECIMAL.has(currency)) return { digits: 0, step: 1n };
  if (THREE_DECIMAL.has(currency)) return { digits: 3, step: 10n };
  if (WHOLE_IN_HUNDREDTHS.has(currency)) return { digits: 2, step: 100n };
  return TWO_DECIMAL.has(currency) ? { digits: 2, step: 1n } : null;
}
