import type { Redis } from 'ioredis';
import type { Context } from 'koa';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Env } from '../../config/env.ts';
import { Problem } from '../problems.ts';
import type { RateClass } from '../route.ts';

const WINDOW_SECONDS = 60;

/** Counts a request against a limiter and sets the headers of the IETF draft. */
export interface RateLimits {
  /** @throws Problem rate_limited (429) with Retry-After. */
  consume(ctx: Context, limiter: RateClass, key: string): Promise<void>;
  /** Counts a sign-in attempt against its account; a route calls it once it has read the address. @throws Problem rate_limited (429). */
  consumeAccount(accountKey: string): Promise<void>;
  /** Counts a refresh against its token family, which a route knows once it has read the token. @throws Problem rate_limited (429). */
  consumeFamily(sessionId: string): Promise<void>;
}

/**
 * Makes the limiters: in Redis when it is configured, so that all processes count together, in process otherwise.
 * When Redis fails, the process counts by itself: no limiter ever fails open.
 */
export function rateLimits(env: Env, redis: Redis | null): RateLimits {
  const make = (name: string, points: number): RateLimiterAbstract => {
    const memory = new RateLimiterMemory({ keyPrefix: name, points, duration: WINDOW_SECONDS });
    if (redis === null) return memory;
    return new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `rate:${name}`,
      points,
      duration: WINDOW_SECONDS,
      insuranceLimiter: memory,
      rejectIfRedisNotReady: true,
    });
  };
  const limiters: Record<Exclude<RateClass, 'none'>, RateLimiterAbstract> = {
    credential: make('credential', env.RATE_LIMIT_CREDENTIAL),
    anonymous: make('anonymous', env.RATE_LIMIT_ANONYMOUS),
    'sign-in': make('sign-in-address', env.RATE_LIMIT_SIGN_IN_ADDRESS),
    refresh: make('refresh', env.RATE_LIMIT_REFRESH),
  };
  const account = make('sign-in-account', env.RATE_LIMIT_SIGN_IN_ACCOUNT);
  return {
    async consume(ctx, name, key) {
      if (name === 'none') return;
      const limiter = limiters[name];
      ctx.set('RateLimit-Policy', `"${name}";q=${limiter.points};w=${WINDOW_SECONDS}`);
      const state = await take(limiter, key);
      ctx.set('RateLimit', `"${name}";r=${Math.max(0, state.remainingPoints)};t=${Math.ceil(state.msBeforeNext / 1000)}`);
    },
    async consumeAccount(key) {
      await take(account, key);
    },
    async consumeFamily(sessionId) {
      await take(limiters.refresh, sessionId);
    },
  };
}

async function take(limiter: RateLimiterAbstract, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.consume(key);
  } catch (rejected) {
    if (!(rejected instanceof RateLimiterRes)) throw rejected;
    const seconds = Math.max(1, Math.ceil(rejected.msBeforeNext / 1000));
    throw new Problem('rate_limited', `Too many requests; try again in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds), RateLimit: `"${limiter.keyPrefix}";r=0;t=${seconds}` },
    });
  }
}
