// Bundle entry of this service's worker: names workflow functions only, one line each.
export { processSweep } from '../shared/process-sweep.ts';
export { delivery } from './delivery.ts';
export { reminderCadence } from './reminder-cadence.ts';
