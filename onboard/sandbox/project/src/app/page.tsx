import { db } from "~/db";
import { products } from "~/db/schema";
import { env } from "~/env.js";
import { count } from "~/lib/redis";

export const dynamic = "force-dynamic";

export default async function Page() {
  const shown = env.NEXT_PUBLIC_SHOP_ENABLED === "true" ? await db.select().from(products) : [];
  return (
    <main>
      <h1>WavePoint</h1>
      <p>Visit {await count("visits")}</p>
      <ul>
        {shown.map((product) => (
          <li key={product.id}>{product.name}</li>
        ))}
      </ul>
    </main>
  );
}
