#!/usr/bin/env node
"use strict";

// Runs the program of this machine's package as if it had been called itself: with the arguments, standard streams,
// signals and exit code of this process.

const { spawn } = require("node:child_process");
const { closeSync, openSync } = require("node:fs");
const { constants } = require("node:os");
const { findProgram } = require("../lib/program.js");

// Exit codes of env(1): the program cannot be run; there is none.
const CANNOT_RUN = 126;
const NOT_FOUND = 127;
// How long a signal may take to end this process.
const SIGNAL_MS = 1000;

// The terminal sends these to the program itself. Anybody else sends them to this process alone.
const TERMINAL_SIGNALS = ["SIGINT", "SIGQUIT"];
const PASSED_SIGNALS = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];

function fail(error, code) {
  process.stderr.write(`error: ${error.message}\n`);
  for (const hint of error.hints ?? []) process.stderr.write(`hint: ${hint}\n`);
  process.exitCode = code;
}

function hasTerminal() {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}

function dieOf(signal) {
  for (const name of [...TERMINAL_SIGNALS, ...PASSED_SIGNALS]) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // Node ignores some signals that end other programs.
  setTimeout(() => process.exit(128 + constants.signals[signal]), SIGNAL_MS);
}

function run(program) {
  // Before the program is there: a signal in between is passed on as soon as it is.
  let child;
  const early = [];
  const pass = (signal) => (child ? child.kill(signal) : early.push(signal));
  for (const signal of PASSED_SIGNALS) process.on(signal, pass);
  for (const signal of TERMINAL_SIGNALS) process.on(signal, () => hasTerminal() || pass(signal));
  child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
  child.on("error", (error) => {
    const hints = ["install dbsnap again, or set DBSNAP_BINARY to a dbsnap program that runs on this machine"];
    fail({ message: `cannot run ${program}: ${error.message}`, hints }, CANNOT_RUN);
  });
  child.on("exit", (code, signal) => (signal ? dieOf(signal) : process.exit(code)));
  early.forEach((signal) => child.kill(signal));
}

let program;
try {
  program = findProgram();
} catch (error) {
  fail(error, NOT_FOUND);
}
if (program) run(program);
