import { sql } from "@/lib/sql";

const rows = [
  { key: "depth", label: "Depth", position: 10, hidden: false },
  { key: "width", label: "Width", position: 11, hidden: false },
  { key: "height", label: "Height", position: 12, hidden: true },
];

async function main() {
  const inserted = await sql`
    insert into facet_definitions ${sql(rows, "key", "label", "position", "hidden")}
    on conflict (key) do nothing
    returning key`;
  console.log("new:", inserted.map((r) => r.key).join(", ") || "none");

  const [{ count }] = await sql`select count(*)::int as count from facet_definitions`;
  console.log("all:", count);
}

main().finally(() => sql.end());
