import { createEnv } from "@t3-oss/env-nextjs";
import { z } from "zod";

const flag = z.enum(["true", "false"]).default("true");

export const env = createEnv({
  server: {
    DATABASE_URL: z.url(),
    UPSTASH_REDIS_REST_URL: z.url().optional(),
    UPSTASH_REDIS_REST_TOKEN: z.string().optional(),
    AUTH_SECRET: z.string().min(32),
    STRIPE_SECRET_KEY: z.string().startsWith("sk_"),
    STRIPE_WEBHOOK_SECRET: z.string().startsWith("whsec_"),
    STRIPE_SIGNAL_WEBHOOK_SECRET: z.string().startsWith("whsec_"),
    PRINTFUL_API_KEY: z.string().optional(),
    ANTHROPIC_API_KEY: z.string().optional(),
    BREVO_API_KEY: z.string().optional(),
    APP_URL: z.url().default("http://localhost:3000"),
    NODE_ENV: z.enum(["development", "test", "production"]).default("development"),
  },
  client: {
    NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY: z.string().startsWith("pk_"),
    NEXT_PUBLIC_SHOP_ENABLED: flag,
    NEXT_PUBLIC_AUTH_ENABLED: flag,
    NEXT_PUBLIC_SIGNAL_ENABLED: flag,
    NEXT_PUBLIC_INVITES_REQUIRED: z.enum(["true", "false"]).default("false"),
  },
  runtimeEnv: {
    DATABASE_URL: process.env.DATABASE_URL,
    UPSTASH_REDIS_REST_URL: process.env.UPSTASH_REDIS_REST_URL,
    UPSTASH_REDIS_REST_TOKEN: process.env.UPSTASH_REDIS_REST_TOKEN,
    AUTH_SECRET: process.env.AUTH_SECRET,
    STRIPE_SECRET_KEY: process.env.STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: process.env.STRIPE_WEBHOOK_SECRET,
    STRIPE_SIGNAL_WEBHOOK_SECRET: process.env.STRIPE_SIGNAL_WEBHOOK_SECRET,
    PRINTFUL_API_KEY: process.env.PRINTFUL_API_KEY,
    ANTHROPIC_API_KEY: process.env.ANTHROPIC_API_KEY,
    BREVO_API_KEY: process.env.BREVO_API_KEY,
    APP_URL: process.env.APP_URL,
    NODE_ENV: process.env.NODE_ENV,
    NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY: process.env.NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY,
    NEXT_PUBLIC_SHOP_ENABLED: process.env.NEXT_PUBLIC_SHOP_ENABLED,
    NEXT_PUBLIC_AUTH_ENABLED: process.env.NEXT_PUBLIC_AUTH_ENABLED,
    NEXT_PUBLIC_SIGNAL_ENABLED: process.env.NEXT_PUBLIC_SIGNAL_ENABLED,
    NEXT_PUBLIC_INVITES_REQUIRED: process.env.NEXT_PUBLIC_INVITES_REQUIRED,
  },
  skipValidation: !!process.env.SKIP_ENV_VALIDATION,
  emptyStringAsUndefined: true,
});
