import { Redis } from "@upstash/redis";
import Plain from "ioredis";

export function store() {
  if (process.env.REDIS_REST_URL && process.env.REDIS_REST_TOKEN) {
    return new Redis({ url: process.env.REDIS_REST_URL, token: process.env.REDIS_REST_TOKEN });
  }
  if (process.env.REDIS_URL) return new Plain(process.env.REDIS_URL);
  if (process.env.EDGE_CONFIG_URL) return process.env.EDGE_CONFIG_URL;
  throw new Error("No Redis: set one of the three ways in .env.local");
}
