import { date, integer, numeric, pgTable, text, timestamp, uniqueIndex } from "drizzle-orm/pg-core";

export const exchangeRates = pgTable("exchange_rates", {
  currency: text("currency").primaryKey(),
  rate: numeric("rate", { precision: 12, scale: 6 }).notNull(),
  fetchedAt: timestamp("fetched_at").notNull().defaultNow(),
});

export const visits = pgTable(
  "visits",
  {
    path: text("path").notNull(),
    day: date("day").notNull(),
    visitor: text("visitor").notNull(),
    status: integer("status").notNull(),
  },
  (t) => ({ once: uniqueIndex("visits_once").on(t.path, t.day, t.visitor) }),
);
