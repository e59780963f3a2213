import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** Most records of all kinds; the oldest go first. */
const RECORDS_MAX = 5_000;
/** For what is kept without an end of its own. */
const SECONDS_DEFAULT = 3_600;

interface Kept {
  readonly payload: AdapterPayload;
  readonly until: number;
}

/**
 * Keeps what a provider remembers between requests in memory, for one provider: sessions and codes live for minutes, so a
 * restart costs a repeated sign-in and nothing else.
 */
export function memoryAdapter(): AdapterFactory {
  const records = new Map<string, Kept>();
  const live = (key: string): AdapterPayload | undefined => {
    const kept = records.get(key);
    if (kept !== undefined && kept.until > Date.now()) return kept.payload;
    records.delete(key);
    return undefined;
  };
  return (model): Adapter => {
    const keyOf = (id: string): string => `${model} ${id}`;
    const first = (test: (payload: AdapterPayload) => boolean): AdapterPayload | undefined => {
      for (const key of [...records.keys()].filter((one) => one.startsWith(`${model} `))) {
        const payload = live(key);
        if (payload !== undefined && test(payload)) return payload;
      }
      return undefined;
    };
    return {
      upsert: async (id, payload, expiresIn) => {
        const [oldest] = records.keys();
        if (records.size >= RECORDS_MAX && oldest !== undefined) records.delete(oldest);
        records.set(keyOf(id), { payload, until: Date.now() + (expiresIn ?? SECONDS_DEFAULT) * 1000 });
      },
      find: async (id) => live(keyOf(id)),
      findByUid: async (uid) => first((payload) => payload.uid === uid),
      findByUserCode: async () => undefined,
      consume: async (id) => {
        const payload = live(keyOf(id));
        if (payload !== undefined) payload['consumed'] = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void records.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of records) if (payload.grantId === grantId) records.delete(key);
      },
    };
  };
}
