import type { Redis } from 'ioredis';
import type { Context } from 'koa';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Env } from '../../config/env.ts';
import { Problem } from '../problems.ts';
import type { RateClass } from '../route.ts';

const WINDOW_SECONDS = 60;
const DAY_SECONDS = 24 * 60 * 60;

/** Counts a request against a limiter and sets the headers of the IETF draft. */
export interface RateLimits {
  /** @throws Problem rate_limited (429) with Retry-After. */
  consume(ctx: Context, limiter: RateClass, key: string): Promise<void>;
  /** Counts a sign-in attempt against its account; a route calls it once it has read the address. @throws Problem rate_limited (429). */
  consumeAccount(accountKey: string): Promise<void>;
  /** Counts a wish for a mail that resets a password against its address, whether an account has it or not. @throws Problem rate_limited (429). */
  consumeResetMail(key: string): Promise<void>;
  /** Counts a refresh against its token family, which a route knows once it has read the token. @throws Problem rate_limited (429). */
  consumeFamily(sessionId: string): Promise<void>;
}

/**
 * Makes the limiters: in Redis when it is configured, so that all processes count together, in process otherwise.
 * When Redis fails, the process counts by itself: no limiter ever fails open.
 */
export function rateLimits(env: Env, redis: Redis | null): RateLimits {
  const limiter = (name: string, points: number, seconds = WINDOW_SECONDS): Limiter => ({
    name,
    policy: `"${name}";q=${points};w=${seconds}`,
    store: storeOf(redis, name, points, seconds),
  });
  const limiters: Record<Exclude<RateClass, 'none'>, Limiter> = {
    credential: limiter('credential', env.RATE_LIMIT_CREDENTIAL),
    anonymous: limiter('anonymous', env.RATE_LIMIT_ANONYMOUS),
    'sign-in': limiter('sign-in-address', env.RATE_LIMIT_SIGN_IN_ADDRESS),
    refresh: limiter('refresh', env.RATE_LIMIT_REFRESH),
  };
  const account = limiter('sign-in-account', env.RATE_LIMIT_SIGN_IN_ACCOUNT);
  const resetMails = limiter('reset-mails', env.DAILY_LIMIT_RESET_MAILS, DAY_SECONDS);
  return {
    async consume(ctx, name, key) {
      if (name === 'none') return;
      const counted = limiters[name];
      ctx.res.setHeader('RateLimit-Policy', counted.policy);
      const state = await take(counted, key);
      const left = Math.max(0, state.remainingPoints);
      ctx.res.setHeader('RateLimit', `"${counted.name}";r=${left};t=${Math.ceil(state.msBeforeNext / 1000)}`);
    },
    async consumeAccount(key) {
      await take(account, key);
    },
    async consumeResetMail(key) {
      await take(resetMails, key);
    },
    async consumeFamily(sessionId) {
      await take(limiters.refresh, sessionId);
    },
  };
}

interface Limiter {
  readonly name: string;
  /** The header RateLimit-Policy, which never changes. */
  readonly policy: string;
  readonly store: RateLimiterAbstract;
}

function storeOf(redis: Redis | null, name: string, points: number, seconds: number): RateLimiterAbstract {
  const memory = new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
  if (redis === null) return memory;
  return new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `rate:${name}`,
    points,
    duration: seconds,
    insuranceLimiter: memory,
    rejectIfRedisNotReady: true,
  });
}

async function take(limiter: Limiter, key: string): Promise<RateLimiterRes> {
  try {
    return await limiter.store.consume(key);
  } catch (rejected) {
    if (!(rejected instanceof RateLimiterRes)) throw rejected;
    const seconds = Math.max(1, Math.ceil(rejected.msBeforeNext / 1000));
    throw new Problem('rate_limited', `Too many requests; try again in ${seconds} s.`, {
      headers: { 'Retry-After': String(seconds), 'RateLimit-Policy': limiter.policy, RateLimit: `"${limiter.name}";r=0;t=${seconds}` },
    });
  }
}
