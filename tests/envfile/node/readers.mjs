// Reads env files with the real readers: one JSON request a line on stdin, one JSON reply a line on stdout.
// {"id", "reader", "text" (base64), "environ"} -> {"id", "values"} | {"id", "refused"}; values in base64.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";

const require = createRequire(join(process.argv[2], "package.json"));
const folder = mkdtempSync(join(tmpdir(), "onboard-readers-"));
process.chdir(folder);
const dotenv = require("dotenv");
const { expand } = require("dotenv-expand");
const lazy = {};
let initial = null;

function replaceEnvironment(environ) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environ);
}

const readers = {
  node: (bytes) => parseEnv(bytes.toString("utf8")),
  dotenv: (bytes) => dotenv.parse(bytes.toString("utf8")),
  "dotenv-expand": (bytes, environ) =>
    expand({ parsed: dotenv.parse(bytes.toString("utf8")), processEnv: { ...environ } }).parsed,
  next: (bytes, environ) => {
    replaceEnvironment(environ);
    // A module that keeps the first environment it saw: a new one for each new environment.
    const key = JSON.stringify(environ);
    if (initial !== key) {
      delete require.cache[require.resolve("@next/env")];
      initial = key;
    }
    const errors = [];
    const log = { info() {}, error: (text, error) => errors.push(String(error)) };
    const file = { path: ".env.local", contents: bytes.toString("utf8"), env: {} };
    const [, parsed] = require("@next/env").processEnv([file], folder, log, true);
    if (errors.length) throw new Error(errors[0]);
    return { ...parsed };
  },
  dotenvx: (bytes, environ) => {
    lazy.dotenvx ??= require("@dotenvx/dotenvx");
    return lazy.dotenvx.parse(bytes.toString("utf8"), { processEnv: { ...environ } });
  },
  vite: async (bytes, environ) => {
    lazy.vite ??= await import(require.resolve("vite").replace(/index\.cjs$/, "dist/node/index.js"));
    replaceEnvironment(environ);
    writeFileSync(join(folder, ".env.local"), bytes);
    const all = lazy.vite.loadEnv("development", folder, "");
    for (const name of Object.keys(environ)) if (all[name] === environ[name]) delete all[name];
    return all;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, reader, text, environ } = JSON.parse(line);
  let reply;
  try {
    const values = await readers[reader](Buffer.from(text, "base64"), environ ?? {});
    reply = { id, values: Object.entries(values).map(([k, v]) => [k, Buffer.from(String(v)).toString("base64")]) };
  } catch (error) {
    reply = { id, refused: String(error) };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
}
