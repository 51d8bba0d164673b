// Tries the wrapper of the npm package: arguments, streams, exit codes, signals, what is missing, and how long it takes.
//
//   WRAPPER=FILE node --test wrapper.mjs    with the bin/dbsnap.js of an installed package
//
// Signals are tried with a program of a few lines in the place of dbsnap (DBSNAP_BINARY), which says what reached it.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const wrapper = process.env.WRAPPER;
const directory = mkdtempSync(join(tmpdir(), "dbsnap-wrapper-"));
process.on("exit", () => rmSync(directory, { recursive: true }));

function script(name, text) {
  const file = join(directory, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

function run(args, options = {}) {
  return spawnSync(process.execPath, [wrapper, ...args], { encoding: "utf8", cwd: directory, ...options });
}

function withProgram(file) {
  return { ...process.env, DBSNAP_BINARY: file };
}

/** Starts the wrapper with a program in dbsnap's place, and waits for its first line. */
async function started(file, { detached = true } = {}) {
  const child = spawn(process.execPath, [wrapper], { env: withProgram(file), stdio: "pipe", detached });
  let out = "";
  child.stdout.on("data", (bytes) => (out += bytes));
  await new Promise((ready) => child.stdout.once("data", ready));
  const ended = new Promise((settle) => child.on("close", (code, signal) => settle({ code, signal, out })));
  return { child, ended };
}

test("arguments reach the program as they are", () => {
  const program = script("arguments", `for word; do printf '<%s>' "$word"; done`);
  const words = ["a b", "", "*", "$HOME", "-m", "it's", "\u{5bb6}\n2"];
  assert.equal(run(words, { env: withProgram(program) }).stdout, words.map((word) => `<${word}>`).join(""));
});

test("stdin, stdout, stderr and the exit code are the program's", () => {
  const checked = run(["check", "--json", "-l", "sql", "-"], { input: "DELETE FROM mods" });
  assert.equal(JSON.parse(checked.stdout).verdict, "destructive");
  const failed = run(["log"]);
  assert.equal(failed.status, 10);
  assert.match(failed.stderr, /^error: .*there is no \.dbsnap store/);
  assert.equal(failed.stdout, "");
});

for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"]) {
  test(`${signal} is passed on once, and the program decides`, async () => {
    // In a session of its own, without a terminal.
    const name = signal.slice(3);
    const program = script(name, `trap 'echo got; n=$((n+1))' ${name}; echo ready
      for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; exit $((40 + n))`);
    const { child, ended } = await started(program);
    child.kill(signal);
    assert.deepEqual(await ended, { code: 41, signal: null, out: "ready\ngot\n" });
  });
}

test("a program that a signal ends ends the wrapper by the same signal", async () => {
  for (const signal of ["TERM", "KILL", "INT", "ABRT"]) {
    const ended = run([], { env: withProgram(script(`dies-${signal}`, `kill -${signal} $$; sleep 5`)) });
    assert.equal(ended.signal, `SIG${signal}`);
  }
});

test("Ctrl-C at a terminal reaches the program once", () => {
  const program = script("terminal", `trap 'n=$((n+1))' INT; echo ready >"${directory}/terminal-ready"
    for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; exit $((40 + n))`);
  // Python's pty gives the wrapper a terminal of its own, and types into it.
  const typist = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:3])
while not os.path.exists(sys.argv[3]):
    time.sleep(0.05)
os.write(terminal, b"\\x03")
try:
    while os.read(terminal, 1024):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const args = ["-c", typist, process.execPath, wrapper, join(directory, "terminal-ready")];
  assert.equal(spawnSync("python3", args, { env: withProgram(program) }).status, 41);
});

test("a platform's package that is missing is named", () => {
  const place = join(directory, "alone/node_modules/dbsnap");
  mkdirSync(place, { recursive: true });
  cpSync(dirname(dirname(wrapper)), place, { recursive: true, dereference: true });
  rmSync(join(place, "node_modules"), { recursive: true, force: true });
  const missing = spawnSync(process.execPath, [join(place, "bin/dbsnap.js"), "log"], { encoding: "utf8" });
  assert.equal(missing.status, 127);
  assert.match(missing.stderr, /^error: the package @dbsnap\/cli-\S+ is not installed/);
  assert.match(missing.stderr, /hint: .*--omit=optional/);
});

test("DBSNAP_BINARY must name a program", () => {
  const nowhere = run(["log"], { env: withProgram(join(directory, "nothing")) });
  assert.equal(nowhere.status, 127);
  assert.match(nowhere.stderr, /^error: DBSNAP_BINARY is .*nothing, which is not a file\nhint: /);
  const text = join(directory, "text");
  writeFileSync(text, "no program");
  const closed = run(["log"], { env: withProgram(text) });
  assert.equal(closed.status, 126);
  assert.match(closed.stderr, /^error: cannot run .*text: .*EACCES\nhint: /);
});

test("it takes at most 60 ms more than node itself", () => {
  const program = script("nothing-to-do", "exit 0");
  const time = (args, env) => {
    const start = process.hrtime.bigint();
    spawnSync(process.execPath, args, { env });
    return Number(process.hrtime.bigint() - start) / 1e6;
  };
  let [node, wrapped] = [Infinity, Infinity];
  for (let round = 0; round < 15; round++) {
    node = Math.min(node, time(["-e", "0"], process.env));
    wrapped = Math.min(wrapped, time([wrapper], withProgram(program)));
  }
  console.log(`node ${node.toFixed(1)} ms, with the wrapper ${wrapped.toFixed(1)} ms`);
  assert.ok(wrapped - node <= 60, `${wrapped - node} ms more`);
});
