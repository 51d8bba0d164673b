#!/usr/bin/env node
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const BAD = [
  /\.deleteMany\(\s*(\{\s*\})?\s*\)/,
  /\$executeRawUnsafe\(/,
  /\b(DROP|TRUNCATE)\s+TABLE\b/i,
  /DELETE\s+FROM\s+\w+\s*;/i,
];

const dir = process.argv[2] ?? "scripts";
let found = 0;

for (const name of await readdir(dir, { recursive: true })) {
  if (!/\.[cm]?[jt]s$/.test(name)) continue;
  const text = await readFile(join(dir, name), "utf8");
  text.split("\n").forEach((line, i) => {
    if (BAD.some((re) => re.test(line))) {
      console.log(`${name}:${i + 1}: ${line.trim()}`);
      found += 1;
    }
  });
}

process.exitCode = found ? 1 : 0;
