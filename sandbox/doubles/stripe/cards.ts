import { newId, nowSeconds } from './ids.ts';
import type { PaymentMethod } from './types.ts';

/** How a test card or bank account answers a charge. */
export type Outcome =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'declined'; readonly code: string; readonly declineCode?: string; readonly message: string }
  | { readonly kind: 'needs_authentication' }
  /** Takes its time; `atLast` is what the bank says at last, null is never. */
  | { readonly kind: 'processing'; readonly atLast: 'succeeds' | 'fails' | null };

interface TestMethod {
  readonly brand: string;
  readonly last4: string;
  readonly outcome: Outcome;
  readonly bank?: true;
}

const SUCCEEDS: Outcome = { kind: 'succeeds' };

function visa(last4: string, outcome: Outcome): TestMethod {
  return { brand: 'visa', last4, outcome };
}

function declined(code: string, declineCode: string | undefined, message: string): Outcome {
  return { kind: 'declined', code, message, ...(declineCode === undefined ? {} : { declineCode }) };
}

/** Stripe's published ids of test payment methods, with their published behaviour. */
const TEST_METHODS: Readonly<Record<string, TestMethod>> = {
  pm_card_visa: visa('4242', SUCCEEDS),
  pm_card_visa_debit: visa('5556', SUCCEEDS),
  pm_card_mastercard: { brand: 'mastercard', last4: '4444', outcome: SUCCEEDS },
  pm_card_amex: { brand: 'amex', last4: '8431', outcome: SUCCEEDS },
  pm_card_bypassPending: visa('0077', SUCCEEDS),
  pm_card_chargeDeclined: visa('0002', declined('card_declined', 'generic_decline', 'Your card was declined.')),
  pm_card_visa_chargeDeclined: visa('0002', declined('card_declined', 'generic_decline', 'Your card was declined.')),
  pm_card_chargeDeclinedInsufficientFunds: visa(
    '9995',
    declined('card_declined', 'insufficient_funds', 'Your card has insufficient funds.'),
  ),
  pm_card_visa_chargeDeclinedInsufficientFunds: visa(
    '9995',
    declined('card_declined', 'insufficient_funds', 'Your card has insufficient funds.'),
  ),
  pm_card_chargeDeclinedLostCard: visa('9987', declined('card_declined', 'lost_card', 'Your card was declined.')),
  pm_card_chargeDeclinedStolenCard: visa('9979', declined('card_declined', 'stolen_card', 'Your card was declined.')),
  pm_card_chargeDeclinedExpiredCard: visa('0069', declined('expired_card', undefined, 'Your card has expired.')),
  pm_card_chargeDeclinedIncorrectCvc: visa('0127', declined('incorrect_cvc', undefined, "Your card's security code is incorrect.")),
  pm_card_chargeDeclinedProcessingError: visa(
    '0119',
    declined('processing_error', undefined, 'An error occurred while processing your card. Try again in a little bit.'),
  ),
  pm_card_chargeDeclinedFraudulent: visa('0019', declined('card_declined', 'fraudulent', 'Your card was declined.')),
  pm_card_chargeCustomerFail: visa('0341', declined('card_declined', 'generic_decline', 'Your card was declined.')),
  pm_card_authenticationRequired: visa('3184', { kind: 'needs_authentication' }),
  pm_card_threeDSecure2Required: visa('3220', { kind: 'needs_authentication' }),
  pm_usBankAccount: { brand: 'STRIPE TEST BANK', last4: '6789', bank: true, outcome: { kind: 'processing', atLast: 'succeeds' } },
  pm_usBankAccount_success: { brand: 'STRIPE TEST BANK', last4: '6789', bank: true, outcome: { kind: 'processing', atLast: 'succeeds' } },
  pm_usBankAccount_accountClosed: {
    brand: 'STRIPE TEST BANK',
    last4: '1113',
    bank: true,
    outcome: { kind: 'processing', atLast: 'fails' },
  },
  pm_usBankAccount_processing: { brand: 'STRIPE TEST BANK', last4: '0000', bank: true, outcome: { kind: 'processing', atLast: null } },
};

/** Whether the text is one of the test ids, each use of which makes a new payment method. */
export function isTestMethod(id: string): boolean {
  return Object.hasOwn(TEST_METHODS, id);
}

/** What happens when this payment method is charged. */
export function outcomeOf(method: PaymentMethod): Outcome {
  return TEST_METHODS[method._behaviour]?.outcome ?? SUCCEEDS;
}

/**
 * Makes the payment method that a test id stands for.
 *
 * @param testId an id for which {@link isTestMethod} is true.
 */
export function methodFromTestId(testId: string, metadata: Readonly<Record<string, string>> = {}): PaymentMethod {
  const test = TEST_METHODS[testId] ?? visa('4242', SUCCEEDS);
  return {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: { address: noAddress(), email: null, name: null, phone: null, tax_id: null },
    ...(test.bank ? { us_bank_account: bankDetails(test) } : { card: cardDetails(test) }),
    created: nowSeconds(),
    customer: null,
    livemode: false,
    metadata,
    type: test.bank ? 'us_bank_account' : 'card',
    _behaviour: testId,
  };
}

function cardDetails(test: TestMethod): object {
  return {
    brand: test.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: 'US',
    display_brand: test.brand,
    exp_month: 12,
    exp_year: new Date().getUTCFullYear() + 2,
    fingerprint: `sandbox${test.last4}`,
    funding: 'credit',
    generated_from: null,
    last4: test.last4,
    networks: { available: [test.brand], preferred: null },
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

function bankDetails(test: TestMethod): object {
  return {
    account_holder_type: 'individual',
    account_type: 'checking',
    bank_name: test.brand,
    fingerprint: `sandbox${test.last4}`,
    last4: test.last4,
    networks: { preferred: 'ach', supported: ['ach'] },
    routing_number: '110000000',
    status_details: {},
  };
}

function noAddress(): object {
  return { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
}
