import { env } from "~/env.js";
import { receive } from "~/lib/webhook";

export const POST = (request: Request) =>
  receive(request, env.STRIPE_SIGNAL_WEBHOOK_SECRET, [
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.paid",
    "invoice.payment_failed",
  ]);
