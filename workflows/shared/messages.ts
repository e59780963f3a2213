import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { CHANGED } from './process.ts';

/** "Your row changed: read it again." Carries nothing, so a lost order or a second one does no harm. */
export const changed = defineSignal(CHANGED);

/** Operator: try again now instead of waiting for the back-off. Answers with the state that was found. */
export const retryNow = defineUpdate<string>('retryNow');
/** Operator: let the time-out of an approval happen now. */
export const expireNow = defineUpdate<string>('expireNow');
/** Operator: end this reminder cadence. */
export const stop = defineUpdate<string>('stop');
/** Long work: end it in good order. */
export const cancel = defineSignal('cancel');
/** What the process waits for, for tests and operators; never for the API, which reads Postgres. */
export const waitingFor = defineQuery<string>('waitingFor');
