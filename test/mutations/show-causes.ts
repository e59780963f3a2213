import fc from 'fast-check';

// A broken property otherwise hides the assertion that broke it in the cause of its error, which mocha's reporters leave out.
fc.configureGlobal({ includeErrorInReport: true });
