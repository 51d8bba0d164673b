"use strict";

// Finds the program: a package of its own for each platform, of which a package manager installs the one that fits.

const { statSync } = require("node:fs");
const { resolve } = require("node:path");

// The Linux programs are linked statically: one for glibc and musl.
const PACKAGES = {
  "darwin-arm64": "@dbsnap/cli-darwin-arm64",
  "darwin-x64": "@dbsnap/cli-darwin-x64",
  "linux-arm64": "@dbsnap/cli-linux-arm64",
  "linux-x64": "@dbsnap/cli-linux-x64",
};

class NoProgram extends Error {
  constructor(message, hints) {
    super(message);
    this.name = "NoProgram";
    this.hints = hints;
  }
}

/** The path of the program. Throws a `NoProgram` with hints if there is none for this machine. */
function findProgram() {
  const named = process.env.DBSNAP_BINARY;
  if (named) {
    if (!statSync(named, { throwIfNoEntry: false })?.isFile()) {
      throw new NoProgram(`DBSNAP_BINARY is ${named}, which is not a file`, ["set it to a dbsnap program, or unset it"]);
    }
    return resolve(named);
  }
  const platform = `${process.platform}-${process.arch}`;
  const name = PACKAGES[platform];
  if (!name) {
    throw new NoProgram(`there is no package of dbsnap for this platform (${platform})`, [
      "there are packages for Linux and macOS, on x64 and arm64",
      process.platform === "win32"
        ? "on Windows there is no package yet: use dbsnap in WSL, or build it from source and set DBSNAP_BINARY"
        : "build dbsnap from source, and set DBSNAP_BINARY to the program",
    ]);
  }
  try {
    return require.resolve(`${name}/bin/dbsnap`);
  } catch {
    throw new NoProgram(`the package ${name} is not installed; it holds the program for this platform`, [
      "it is an optional dependency of dbsnap: install without --no-optional and --omit=optional",
      "if node_modules or the lock file come from another platform, remove node_modules and install again",
      "or set DBSNAP_BINARY to a dbsnap program",
    ]);
  }
}

module.exports = { NoProgram, findProgram };
