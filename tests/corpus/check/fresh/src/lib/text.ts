export function slugify(title: string): string {
  return title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

export function parseCsv(text: string): Record<string, string>[] {
  const [head, ...rows] = text.trim().split(/\r?\n/);
  const names = head.split(",").map((n) => n.trim());
  return rows
    .filter((row) => row.length > 0)
    .map((row) => Object.fromEntries(row.split(",").map((cell, i) => [names[i], cell.trim()])));
}
