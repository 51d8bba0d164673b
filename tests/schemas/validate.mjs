// Holds JSON files against a schema: validate.mjs SCHEMA FILE ... Prints the names of those that do not fit.
import Ajv from "ajv/dist/2020.js";
import { readFileSync } from "node:fs";

const [schema, ...files] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const isTime = (text) => !Number.isNaN(Date.parse(text));
const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { "date-time": isTime } });
const validate = ajv.compile(read(schema));
for (const file of files) {
  if (!validate(read(file))) console.log(file, ajv.errorsText(validate.errors));
}
