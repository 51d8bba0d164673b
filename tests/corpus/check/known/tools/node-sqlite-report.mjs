import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync("data/catalogue.db", { readOnly: true });
const rows = db.prepare("SELECT slug, status, day, n FROM downloads JOIN mods USING (slug)").all();

const totals = new Map();
const urls = [];

for (const { slug, status, n } of rows) {
  if (status === "ARCHIVED") {
    totals.delete(slug);
    continue;
  }
  totals.set(slug, (totals.get(slug) ?? 0) + n);
}

for (const slug of totals.keys()) {
  const url = new URL(`https://mods.example.org/${slug}?ref=report&delete=1`);
  url.searchParams.delete("delete");
  urls.push(url.href);
}

console.log(urls.join("\n"));
totals.clear();
db.close();
