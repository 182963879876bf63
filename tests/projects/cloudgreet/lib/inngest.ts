import { Inngest } from "inngest"; export const inngest = new Inngest({ id: "cloudgreet", eventKey: process.env.INNGEST_EVENT_KEY });
