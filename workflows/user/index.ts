// Bundle entry of this service's worker: names workflow functions only, one line each.
export { processSweep } from '../shared/process-sweep.ts';
export { eraseAccount } from './erase-account.ts';
export { exportAccount } from './export-account.ts';
