/** What a run of schemathesis was, read from its event log. */
export interface FuzzRun {
  readonly cases: number;
  /** Answers of every request, those of checks that ask again included. */
  readonly answers: number;
  /** Of these, 401 and 429. */
  readonly refused: number;
  readonly errors: number;
  /** Names of the checks that looked at any answer. */
  readonly checks: ReadonlySet<string>;
  /** Requests by the name of the user who sent them, where one of several was named. */
  readonly askedBy: ReadonlyMap<string, number>;
  readonly operations: readonly { readonly label: string; readonly succeeded: number }[];
  readonly failures: readonly { readonly operation: string; readonly label: string }[];
}

interface Recorder {
  readonly label: string;
  readonly cases?: Readonly<Record<string, { readonly value?: { readonly auth_identity?: string | null } }>>;
  readonly checks?: Readonly<Record<string, readonly { readonly name: string; readonly status: string }[]>>;
  readonly interactions?: Readonly<Record<string, { readonly response?: { readonly status_code: number } | null }>>;
}

/** Events that are looked at; the log has more. */
interface Event {
  readonly ScenarioFinished?: { readonly recorder: Recorder };
  readonly NonFatalError?: unknown;
  readonly FatalError?: unknown;
}

/** Reads the event log, one JSON object a line. */
export function readRun(log: string): FuzzRun {
  const events = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
  const recorders = events.flatMap(({ ScenarioFinished }) => (ScenarioFinished === undefined ? [] : [ScenarioFinished.recorder]));
  const statuses = recorders.flatMap(({ label, interactions = {} }) =>
    Object.values(interactions).map(({ response }) => ({ label, status: response?.status_code ?? 0 })),
  );
  // Scenarios of several operations in a row carry a name of their own.
  const labels = [...new Set(recorders.map(({ label }) => label))].filter((label) => /^[A-Z]+ \//.test(label)).sort();
  const askedBy = new Map<string, number>();
  for (const { cases = {} } of recorders)
    for (const { value } of Object.values(cases))
      if (value?.auth_identity) askedBy.set(value.auth_identity, (askedBy.get(value.auth_identity) ?? 0) + 1);
  return {
    checks: new Set(recorders.flatMap(({ checks = {} }) => Object.values(checks).flatMap((list) => list.map(({ name }) => name)))),
    askedBy,
    cases: recorders.reduce((sum, { cases = {} }) => sum + Object.keys(cases).length, 0),
    answers: statuses.length,
    refused: statuses.filter(({ status }) => status === 401 || status === 429).length,
    errors: events.filter(({ NonFatalError, FatalError }) => NonFatalError !== undefined || FatalError !== undefined).length,
    operations: labels.map((label) => ({
      label,
      succeeded: statuses.filter((answer) => answer.label === label && answer.status >= 200 && answer.status < 300).length,
    })),
    failures: failuresOf(recorders),
  };
}

function failuresOf(recorders: readonly Recorder[]): FuzzRun['failures'] {
  const found = recorders.flatMap(({ label: operation, checks = {} }) =>
    Object.values(checks)
      .flat()
      .filter(({ status }) => status === 'failure')
      .map(({ name }) => `${operation}\n${name}`),
  );
  return [...new Set(found)].map((text) => {
    const [operation = '', label = ''] = text.split('\n');
    return { operation, label };
  });
}
