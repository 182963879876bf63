import Stripe from "stripe";

import { env } from "~/env.js";

const stripe = new Stripe(env.STRIPE_SECRET_KEY);

/** Answers a webhook: 400 unless it is signed under `secret`, 200 whether the type is one of `wanted` or not. */
export async function receive(request: Request, secret: string, wanted: string[]): Promise<Response> {
  const payload = await request.text();
  const signature = request.headers.get("stripe-signature") ?? "";
  let event: Stripe.Event;
  try {
    event = await stripe.webhooks.constructEventAsync(payload, signature, secret);
  } catch {
    return Response.json({ error: "signature verification failed" }, { status: 400 });
  }
  return Response.json({ received: event.id, handled: wanted.includes(event.type) });
}
