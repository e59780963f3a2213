/** What the starter tells a guard to run. */
export interface GuardOrder {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The user to run it as, when the starter is root and the program refuses to be. */
  readonly uid?: number;
  readonly gid?: number;
  /** Asks the program to end in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** Sent when it has not ended after `graceMs`; SIGKILL follows 2 s later. */
  readonly hardSignal: NodeJS.Signals;
  readonly graceMs: number;
}

/** What a guard tells the starter once the program runs. */
export interface GuardReport {
  readonly pid: number;
}
