import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

/** A command of a request waits this long at most, in milliseconds; then the caller does without Redis. */
const COMMAND_TIMEOUT_MS = 250;
const CONNECT_TIMEOUT_MS = 1_000;
/** After an outage Redis is tried again at most this late, in milliseconds. */
const RETRY_MAX_MS = 2_000;

/**
 * Opens the way to Redis without waiting for it. While it is away every command fails at once, and it is tried again
 * for as long as the process lives, with growing pauses of at most two seconds.
 *
 * @param url redis:// or rediss:// address.
 */
export function redisClient(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(attempt * 100, RETRY_MAX_MS),
  });
  // One line when it goes and one when it comes, whatever the number of attempts between them.
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) logger.warn({ reason: error.message }, 'redis away');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info('redis back');
    away = false;
  });
  return redis;
}
