import { ok, refuse, type Outcome, type Refusal } from './refusal.ts';

/**
 * A state machine as data: for every state, the events it allows and where each leads.
 *
 * An event that is not listed is refused. One that leads back to its own state is allowed and changes nothing, as late
 * or repeated news should.
 */
export type Transitions<State extends string, Event extends string> = {
  readonly [state in State]: Readonly<Partial<Record<Event, State>>>;
};

/**
 * Looks up where an event leads.
 *
 * @param explain the refusal for an event that is not allowed; by default `wrong_state`.
 * @returns the next state, possibly the same one, or the refusal.
 */
export function move<State extends string, Event extends string>(
  table: Transitions<State, Event>,
  state: State,
  event: Event,
  explain: (state: State, event: Event) => Refusal = refuseState,
): Outcome<State> {
  const next: State | undefined = table[state][event];
  if (next !== undefined) return ok(next);
  const { code, detail, pointer } = explain(state, event);
  return refuse(code, detail, pointer);
}

/** Whether nothing leads out of a state. */
export function isFinal<State extends string, Event extends string>(table: Transitions<State, Event>, state: State): boolean {
  return Object.values(table[state]).every((next) => next === state);
}

function refuseState(state: string, event: string): Refusal {
  return { code: 'wrong_state', detail: `This is not possible in state ${state} (${event.replaceAll('_', ' ')}).` };
}
