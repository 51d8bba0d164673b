// A registry on the loopback that has dbsnap's packages and nothing else, for the trial of package managers:
//
//   registry.mjs DIRECTORY    serves the packages (*.tgz) in it, and prints its URL
//
// Packages of platforms that were not built are known by their manifests, as in a real registry, but cannot be
// downloaded: a package manager that tries to fails.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [directory] = process.argv.slice(2);
const npm = join(dirname(fileURLToPath(import.meta.url)), "../npm");
const packages = new Map();

for (const file of readdirSync(directory).filter((name) => name.endsWith(".tgz"))) {
  const bytes = readFileSync(join(directory, file));
  const manifest = JSON.parse(execFileSync("tar", ["xOzf", join(directory, file), "package/package.json"]));
  packages.set(manifest.name, { manifest, file, bytes });
}
const { manifest: main } = packages.get("dbsnap");
for (const name of Object.keys(main.optionalDependencies).filter((name) => !packages.has(name))) {
  const template = join(npm, "platform/package.json");
  const args = [join(npm, "manifest.mjs"), template, main.version, "", name.split("/cli-")[1]];
  packages.set(name, { manifest: JSON.parse(execFileSync("node", args)), file: "not-built.tgz", bytes: Buffer.of() });
}

const server = createServer((request, response) => {
  const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname).slice(1);
  const found = packages.get(path) ?? [...packages.values()].find(({ file }) => `files/${file}` === path);
  if (!found || (path.startsWith("files/") && found.bytes.length === 0)) {
    return response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
  }
  if (path.startsWith("files/")) {
    return response.writeHead(200, { "content-type": "application/octet-stream" }).end(found.bytes);
  }
  const { manifest, file, bytes } = found;
  const hash = (name, form) => createHash(name).update(bytes).digest(form);
  const dist = {
    tarball: `http://${request.headers.host}/files/${file}`,
    shasum: hash("sha1", "hex"),
    integrity: `sha512-${hash("sha512", "base64")}`,
  };
  const versions = { [manifest.version]: { ...manifest, dist } };
  const packument = { name: manifest.name, "dist-tags": { latest: manifest.version }, versions };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(packument));
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
