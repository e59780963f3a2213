import { keyParts, type ProcessDefinition } from '../shared/process.ts';
import { startAttributes } from '../shared/search-attributes.ts';

/** Input of the workflows `exportAccount` and `eraseAccount`. */
export interface DataRequestInput {
  readonly requestId: string;
}

/** The export of an account: `export-account/<requestId>`. */
export const exportAccountProcess: ProcessDefinition<DataRequestInput> = {
  process: 'exportAccount',
  service: 'user',
  input: (key) => ({ requestId: keyParts(key, 1)[0]! }),
  summary: (input) => `Export ${input.requestId}`,
  details:
    'Collects what every service knows of a person, puts it into a ZIP, and deletes that after its time. The data stays in Postgres and never comes here. Signal `cancel` ends the collection; terminating or resetting this does no harm.',
  attributes: (input) => startAttributes({ subjectId: input.requestId }),
};

/** The erasure of an account: `erase-account/<requestId>`. */
export const eraseAccountProcess: ProcessDefinition<DataRequestInput> = {
  process: 'eraseAccount',
  service: 'user',
  input: (key) => ({ requestId: keyParts(key, 1)[0]! }),
  summary: (input) => `Erasure ${input.requestId}`,
  details:
    'Tells the person, makes the account a pseudonym (the point of no return; before it, signal `cancel` takes the request back), then has every service let go of the person until none finds a trace. Update `retryNow` looks again at once. Terminating or resetting this does no harm, the sweep starts it again.',
  attributes: (input) => startAttributes({ subjectId: input.requestId }),
};
