// Bundle entry of this service's worker: names workflow functions only, one line each.
export {};
