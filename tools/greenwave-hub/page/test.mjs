// Checks the types, and runs the tests of the modules: node test.mjs
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), "greenwave-page-"));
const run = (...words) => spawnSync(process.execPath, words, { cwd: here, stdio: "inherit" }).status ?? 1;
try {
  const types = run("node_modules/typescript/bin/tsc", "-p", ".");
  const names = readdirSync(join(here, "test")).filter((name) => name.endsWith("_test.ts"));
  await build({
    absWorkingDir: here,
    entryPoints: names.map((name) => `test/${name}`),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  const tests = run("--test", ...names.map((name) => join(out, name.replace(".ts", ".mjs"))));
  process.exitCode = types || tests;
} finally {
  rmSync(out, { recursive: true, force: true });
}
