import type { Env } from '../../../config/env.ts';
import type { RateSourceName } from '../../../domain/fx.ts';
import { ecbRates } from './ecb.ts';
import type { RateSource } from './rate-source.ts';

/** Makes each source; a new one is a file beside this, a line here and its name in `domain/fx.ts`. */
const FACTORIES: Record<RateSourceName, (env: Env) => RateSource> = {
  ecb: (env) => ecbRates(env.ECB_RATES_URL),
};

/** The source of a name, as an environment configures it. */
export function rateSource(env: Env, name: RateSourceName): RateSource {
  return FACTORIES[name](env);
}
