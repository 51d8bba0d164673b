// Writes the installers and the Homebrew formula for the archives in a directory:
//
//   fill.mjs DIRECTORY VERSION URL    URL is where the archives will be

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [directory, version, url] = process.argv.slice(2);
const templates = dirname(fileURLToPath(import.meta.url));
// These characters mean nothing in any of the languages that it is written into.
if (!/^https?:\/\/[\w.:/-]+[^/]$/.test(url)) throw new Error(`${url} is no URL of a directory`);

const archives = readdirSync(directory).filter((name) => /\.(tar\.gz|zip)$/.test(name)).sort();
const sums = new Map(archives.map((name) => [name, createHash("sha256").update(readFileSync(join(directory, name))).digest("hex")]));

/** The formula's blocks for the archives that there are. */
function formulaArchives() {
  const system = (block, target) => {
    const processors = [["arm", "aarch64"], ["intel", "x86_64"]]
      .map(([name, cpu]) => [name, `dbsnap-${version}-${cpu}-${target}.tar.gz`])
      .filter(([, archive]) => sums.has(archive))
      .map(([name, archive]) => `    on_${name} do\n      url "${url}/${archive}"\n      sha256 "${sums.get(archive)}"\n    end\n`);
    return processors.length > 0 ? [`  on_${block} do\n${processors.join("")}  end`] : [];
  };
  return [...system("macos", "apple-darwin"), ...system("linux", "unknown-linux-musl")].join("\n\n");
}

const values = {
  VERSION: version,
  URL: url,
  CHECKSUMS: [...sums].map(([name, sum]) => `${sum}  ${name}`).join("\n"),
  ARCHIVES: formulaArchives(),
};
for (const [template, name, mode] of [
  ["install.sh", "install.sh", 0o755],
  ["install.ps1", "install.ps1", 0o644],
  ["formula.rb", "dbsnap.rb", 0o644],
]) {
  const text = readFileSync(join(templates, template), "utf8").replace(/@([A-Z]+)@/g, (_, key) => values[key]);
  writeFileSync(join(directory, name), text, { mode });
}
