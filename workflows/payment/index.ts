// Bundle entry of this service's worker: names workflow functions only, one line each.
export { processSweep } from '../shared/process-sweep.ts';
export { refund } from './refund.ts';
export { settlement } from './settlement.ts';
export { settlementRun } from './settlement-run.ts';
export { transfer } from './transfer.ts';
