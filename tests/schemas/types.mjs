// Writes the types of what is printed, as a schema has them: types.mjs SCHEMA FILE.d.ts
import { compile } from "json-schema-to-typescript";
import { readFileSync, writeFileSync } from "node:fs";

const [schema, file] = process.argv.slice(2);
// The compiler knows tuples by the word of older drafts.
const text = readFileSync(schema, "utf8").replaceAll('"prefixItems":', '"items":');
writeFileSync(file, await compile(JSON.parse(text), "Output", { additionalProperties: false, format: false }));
