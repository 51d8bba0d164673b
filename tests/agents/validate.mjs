// Validates JSON files: validate.mjs SCHEMA FILE. Prints what is wrong and exits with 1 if something is.
import Ajv from "ajv";
import { readFileSync } from "node:fs";

const [schema, file] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema);
if (!validate(file)) {
  console.log(JSON.stringify(validate.errors, null, 2));
  process.exit(1);
}
