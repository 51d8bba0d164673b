// Parses a PowerShell script, and prints what is no PowerShell: powershell.mjs MODULES SCRIPT

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, script] = process.argv.slice(2);
const require = createRequire(join(modules, "any.js"));
const { Language, Parser } = require("web-tree-sitter");
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(require.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm")));
const { rootNode } = parser.parse(readFileSync(script, "utf8"));
if (rootNode.hasError) {
  const wrong = rootNode.descendantsOfType("ERROR");
  for (const { startPosition, text } of wrong) console.error(`${script}:${startPosition.row + 1}: ${text.slice(0, 80)}`);
  process.exitCode = 1;
}
