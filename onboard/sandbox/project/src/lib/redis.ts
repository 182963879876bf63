import { Redis } from "@upstash/redis";

import { env } from "~/env.js";

const memory = new Map<string, number>();

/** Counts in Upstash, or in memory where it is not configured. */
export async function count(key: string): Promise<number> {
  if (env.UPSTASH_REDIS_REST_URL && env.UPSTASH_REDIS_REST_TOKEN) {
    const redis = new Redis({ url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN });
    return redis.incr(key);
  }
  memory.set(key, (memory.get(key) ?? 0) + 1);
  return memory.get(key)!;
}
