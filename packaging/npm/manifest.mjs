// Prints the package.json of an npm package, with the version of Cargo.toml:
//
//   manifest.mjs TEMPLATE VERSION [PLATFORM]

import { readFileSync } from "node:fs";

const [template, version, platform] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(template, "utf8").replaceAll("PLATFORM", platform));
manifest.version = version;
for (const name of Object.keys(manifest.optionalDependencies ?? {})) manifest.optionalDependencies[name] = version;
if (platform) [manifest.os, manifest.cpu] = platform.split("-").map((word) => [word]);
console.log(JSON.stringify(manifest, null, 2));
