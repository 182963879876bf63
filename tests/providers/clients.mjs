// One request by a service's own client, to the address that the test gives: what ours is compared with.
import { createRequire } from "node:module";

const { service, base, host, modules, ...keys } = JSON.parse(process.env.ASKED);
const require = createRequire(modules + "/");

const ask = {
  async neon() {
    const { neon, neonConfig } = require("@neondatabase/serverless");
    console.log(neonConfig.fetchEndpoint(host, "", { jwtAuth: false }));
    neonConfig.fetchEndpoint = () => base + "/sql";
    const sql = neon(keys.url);
    await sql.transaction([sql`select 1`], { readOnly: true, isolationLevel: "ReadCommitted" });
  },
  async upstash() {
    const { Redis } = require("@upstash/redis");
    const redis = new Redis({ url: base, token: keys.token, retry: false, enableTelemetry: false, enableAutoPipelining: false });
    await redis.ping();
  },
  async stripe() {
    const Stripe = require("stripe");
    const { hostname, port } = new URL(base);
    const stripe = new (Stripe.default ?? Stripe)(keys.secret, { host: hostname, port, protocol: "http", telemetry: false });
    await stripe.accounts.retrieveCurrent();
  },
  async anthropic() {
    const Anthropic = require("@anthropic-ai/sdk");
    await new (Anthropic.default ?? Anthropic)({ apiKey: keys.secret, baseURL: base }).models.list({ limit: 1 });
  },
  async brevo() {
    const { BrevoClient } = require("@getbrevo/brevo");
    await new BrevoClient({ apiKey: keys.secret, baseUrl: base + "/v3" }).account.getAccount();
  },
  async clerk() {
    const { createClerkClient } = require("@clerk/backend");
    const clerk = createClerkClient({ secretKey: keys.secret, apiUrl: base, telemetry: { disabled: true } });
    await clerk.instance.get();
    await clerk.domains.list();
  },
  async supabase() {
    const { createClient } = require("@supabase/supabase-js");
    const client = createClient(base, keys.secret, { auth: { persistSession: false, autoRefreshToken: false } });
    await client.auth.admin.listUsers({ page: 1, perPage: 1 });
  },
};

await ask[service]();
