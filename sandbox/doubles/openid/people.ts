import { createHash } from 'node:crypto';

/** Most people and sign-ins remembered; the oldest go first. */
const PEOPLE_MAX = 500;
const SIGN_INS_MAX = 500;

/** Somebody who has an account at the provider. */
export interface OpenIdPerson {
  readonly subject: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name: string;
}

/** A sign-in as a person reads it. */
export interface OpenIdSignIn extends OpenIdPerson {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly client: string;
}

/** Who has an account at the provider: everybody who ever typed an address there. */
export class People {
  readonly #people = new Map<string, OpenIdPerson>();
  readonly #signIns: OpenIdSignIn[] = [];

  /** Notes that somebody signs in. The subject follows from the address, so that a restart makes nobody a stranger. */
  signIn(given: Omit<OpenIdPerson, 'subject'>, client: string): OpenIdPerson {
    const email = given.email.trim();
    const subject = createHash('sha256').update(email.toLowerCase()).digest('hex').slice(0, 32);
    const person = { ...given, email, subject };
    this.#people.delete(subject);
    this.#people.set(subject, person);
    this.#signIns.push({ ...person, at: new Date().toISOString(), client });
    if (this.#signIns.length > SIGN_INS_MAX) this.#signIns.shift();
    const [oldest] = this.#people.keys();
    if (this.#people.size > PEOPLE_MAX && oldest !== undefined) this.#people.delete(oldest);
    return person;
  }

  find(subject: string): OpenIdPerson | undefined {
    return this.#people.get(subject);
  }

  /** Those who signed in last, the latest first. */
  latest(limit: number): readonly OpenIdPerson[] {
    return [...this.#people.values()].slice(-limit).toReversed();
  }

  /** The latest sign-ins, newest first. */
  signIns(limit: number): readonly OpenIdSignIn[] {
    return this.#signIns.slice(-limit).toReversed();
  }
}
