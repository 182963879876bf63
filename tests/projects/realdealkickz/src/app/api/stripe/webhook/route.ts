import Stripe from "stripe";
import { env } from "@/config/env";

const stripe = new Stripe(env.STRIPE_SECRET_KEY);

export async function POST(request: Request) {
  const signature = request.headers.get("stripe-signature")!;
  const event = stripe.webhooks.constructEvent(await request.text(), signature, env.STRIPE_WEBHOOK_SECRET);
  if (event.type === "checkout.session.completed") console.log(event.id);
  return new Response(null, { status: 200 });
}
