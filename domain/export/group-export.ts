/** States of an export that a process writes: `running`, `done` until its file expires, else ended without one. */
export const EXPORT_STATES = ['running', 'done', 'failed', 'cancelled', 'expired'] as const;
export type ExportState = (typeof EXPORT_STATES)[number];

/** Exports of one group that a person may have running at once. */
export const RUNNING_EXPORTS_MAX = 3;
/** The same in all groups together: bounds what runs may fill, before the bound on what is kept sees it. */
export const RUNNING_EXPORTS_OF_PERSON_MAX = 10;
/** Days for which the file of an export is kept, as for the export of an account. */
export const EXPORT_FILE_DAYS = 7;
/** Files of exports that are kept of one person; the oldest goes when there is one more. */
export const KEPT_EXPORTS_MAX = 10;
/** Most bytes of one export, with what it is made from, and of all that are kept of one person: a ZIP of a few thousand photos. */
export const EXPORT_BYTES_MAX = 2 * 1024 ** 3;
/** Most receipts of one export: its manifest and directory are put together in memory, some 10 MB. */
export const EXPORT_FILES_MAX = 20_000;
