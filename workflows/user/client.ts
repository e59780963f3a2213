import { wakeProcess, type Waker } from '../shared/client.ts';
import { eraseAccountProcess, exportAccountProcess } from './contract.ts';

/** Wakes the export of an account. @param key the request's id. */
export const wakeExportAccount: Waker = (client, key) => wakeProcess(client, exportAccountProcess, key);

/** Wakes the erasure of an account. @param key the request's id. */
export const wakeEraseAccount: Waker = (client, key) => wakeProcess(client, eraseAccountProcess, key);
