// Validates values: validate.mjs FILE. The file is a JSON list of [path of a schema, value]. Prints a list of what is
// wrong with each: a list of errors, or null.
import Ajv from "ajv";
import { readFileSync } from "node:fs";

const schemas = new Map();
const compiled = (path) => {
  if (!schemas.has(path)) {
    const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
    schemas.set(path, ajv.compile(JSON.parse(readFileSync(path, "utf8"))));
  }
  return schemas.get(path);
};
const asked = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(asked.map(([path, value]) => (compiled(path)(value) ? null : compiled(path).errors))));
