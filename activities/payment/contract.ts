/**
 * What workflows may ask of the payment service. Plain JSON types only; amounts are decimal strings; each entry says which
 * refusals it ends with.
 */
export interface PaymentActivities {}
