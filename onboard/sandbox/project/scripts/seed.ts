import { config } from "dotenv";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";

import { products } from "../src/db/schema";

config({ path: ".env.local", quiet: true });

const client = postgres(process.env.DATABASE_URL!, { max: 1 });
await drizzle(client)
  .insert(products)
  .values([
    { slug: "dawn-print", name: "Dawn print", priceCents: 2900, published: true },
    { slug: "tide-mug", name: "Tide mug", priceCents: 1400, published: true },
  ])
  .onConflictDoNothing();
console.log("Seeded 2 products.");
await client.end();
