import { boolean, integer, pgTable, serial, text, timestamp } from "drizzle-orm/pg-core";

export const products = pgTable("products", {
  id: serial("id").primaryKey(),
  slug: text("slug").notNull().unique(),
  name: text("name").notNull(),
  priceCents: integer("price_cents").notNull(),
  published: boolean("published").notNull().default(false),
});

export const orders = pgTable("orders", {
  id: serial("id").primaryKey(),
  productId: integer("product_id").references(() => products.id),
  stripeSessionId: text("stripe_session_id").notNull().unique(),
  createdAt: timestamp("created_at").notNull().defaultNow(),
});

export const signalSubscriptions = pgTable("signal_subscriptions", {
  id: serial("id").primaryKey(),
  stripeCustomerId: text("stripe_customer_id").notNull().unique(),
  status: text("status").notNull(),
});
