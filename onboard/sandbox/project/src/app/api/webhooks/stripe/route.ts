import { env } from "~/env.js";
import { receive } from "~/lib/webhook";

export const POST = (request: Request) =>
  receive(request, env.STRIPE_WEBHOOK_SECRET, ["checkout.session.completed"]);
