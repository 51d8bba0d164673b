// Prints the licences of all crates that the program for TARGET is made of:
//
//   licences.mjs TARGET
//
// Files with the same text are printed once.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const [target] = process.argv.slice(2);
const options = { encoding: "utf8", maxBuffer: 1 << 28 };
const args = ["metadata", "--locked", "--format-version", "1", "--filter-platform", target];
const metadata = JSON.parse(execFileSync("cargo", args, options));
const crates = new Map(metadata.packages.map((crate) => [crate.id, crate]));
const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));

/** The crates that `id` is linked with: no build scripts, no tests. */
function linked(id, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
    const isMacro = crates.get(pkg).targets.some((one) => one.kind.includes("proc-macro"));
    if (kinds.some(({ kind }) => kind === null) && !isMacro) linked(pkg, found);
  }
  return found;
}

/** The licence files in a directory and, for C libraries, below it. */
function licenceFiles(dir, depth = 2) {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return depth > 0 && !entry.name.startsWith(".") ? licenceFiles(path, depth - 1) : [];
    return /^(licen[cs]e|copying|notice|unlicense|copyright)/i.test(entry.name) ? [path] : [];
  });
}

const byText = new Map();
const without = [];
const root = metadata.resolve.root;
for (const id of [...linked(root)].filter((id) => id !== root).sort()) {
  const crate = crates.get(id);
  const files = licenceFiles(dirname(crate.manifest_path));
  const name = `${crate.name} ${crate.version} (${crate.license ?? "see its file"})`;
  if (files.length === 0) without.push(`${name}, by ${crate.authors.join(", ") || "its contributors"}`);
  for (const file of files) {
    const text = readFileSync(file, "utf8").trim();
    byText.set(text, (byText.get(text) ?? new Set()).add(name));
  }
}
const rule = "-".repeat(80);
console.log("dbsnap is made of the Rust crates below, of Rust's standard library (MIT OR Apache-2.0), of SQLite");
console.log(`(public domain, in libsqlite3-sys)${target.endsWith("-musl") ? ", and of the C library musl (MIT)" : ""}.`);
if (without.length > 0) {
  console.log(`\n${rule}\nThese crates come without a file of their licence; its name is theirs:\n`);
  for (const line of without) console.log(line);
}
for (const [text, names] of byText) console.log(`\n${rule}\n${[...names].join("\n")}\n${rule}\n\n${text}`);
