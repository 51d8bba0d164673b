import { boolean, integer, pgTable, primaryKey, serial, text, timestamp } from "drizzle-orm/pg-core";

export const users = pgTable("users", {
  id: text("id").primaryKey(),
  email: text("email").notNull().unique(),
  name: text("name"),
  lastSeenAt: timestamp("last_seen_at"),
});

export const mods = pgTable("mods", {
  id: text("id").primaryKey(),
  slug: text("slug").notNull().unique(),
  title: text("title").notNull(),
  status: text("status").notNull().default("DRAFT"),
  downloads: integer("downloads").notNull().default(0),
  updatedAt: timestamp("updated_at").notNull(),
});

export const favorites = pgTable(
  "favorites",
  {
    userId: text("user_id").notNull().references(() => users.id, { onDelete: "cascade" }),
    modId: text("mod_id").notNull().references(() => mods.id, { onDelete: "cascade" }),
    createdAt: timestamp("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.modId] })],
);

export const facetDefs = pgTable("facet_definitions", {
  id: serial("id").primaryKey(),
  key: text("key").notNull().unique(),
  label: text("label").notNull(),
  hidden: boolean("hidden").notNull().default(false),
});

export const removed = pgTable("deleted_items", {
  id: serial("id").primaryKey(),
  entity: text("entity").notNull(),
  entityId: text("entity_id").notNull(),
  deletedAt: timestamp("deleted_at").notNull().defaultNow(),
});
