// Prints the package.json of an npm package, with the version and the repository of Cargo.toml ("" if there is none):
//
//   manifest.mjs TEMPLATE VERSION REPOSITORY [PLATFORM]

import { readFileSync } from "node:fs";

const [template, version, repository, platform] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(template, "utf8").replaceAll("PLATFORM", platform));
manifest.version = version;
// npm's provenance holds it against the repository whose workflow publishes.
if (repository) manifest.repository = { type: "git", url: `git+${repository}.git` };
for (const name of Object.keys(manifest.optionalDependencies ?? {})) manifest.optionalDependencies[name] = version;
if (platform) [manifest.os, manifest.cpu] = platform.split("-").map((word) => [word]);
console.log(JSON.stringify(manifest, null, 2));
