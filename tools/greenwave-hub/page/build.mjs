// Makes the page's files, and a C++ source that holds them:
//
//   node build.mjs OUT
//
// OUT/files is what the hub serves, each file beside its .gz and .br; OUT/page.pack is all of them in one piece, and
// OUT/page_files.cpp the table of it (site/site.h).
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? "dist");
const types = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
};

const hash = (bytes) => createHash("sha256").update(bytes).digest("base64url");

/** Files by their paths. */
const files = new Map();

function add(name, bytes) {
  const dot = name.lastIndexOf(".");
  const path = `/page/${name.slice(0, dot)}-${hash(bytes).slice(0, 10)}${name.slice(dot)}`;
  files.set(path, Buffer.from(bytes));
  return path;
}

async function bundle(worker) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: { app: "src/main.ts", style: "src/style.css" },
    outdir: "/page",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    external: ["data:*"],
    define: { MAP_WORKER: JSON.stringify(worker) },
    metafile: true,
    write: false,
  });
  for (const file of result.outputFiles) files.set(`/page/${basename(file.path)}`, Buffer.from(file.contents));
  const named = Object.entries(result.metafile.outputs);
  const of = (entry) => "/page/" + basename(named.find(([, about]) => about.entryPoint === entry)[0]);
  return { app: of("src/main.ts"), style: of("src/style.css"), map: of("src/map/map.ts") };
}

function pack() {
  const pieces = [];
  let size = 0;
  const place = (bytes) => {
    pieces.push(bytes);
    size += bytes.length;
    return `{greenwave_page + ${size - bytes.length}, ${bytes.length}}`;
  };
  const rows = [...files].map(([path, plain]) => {
    const gzip = gzipSync(plain, { level: 9 });
    const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
    const name = join(out, "files", path === "/" ? "index.html" : path);
    mkdirSync(dirname(name), { recursive: true });
    for (const [end, bytes] of [["", plain], [".gz", gzip], [".br", brotli]]) writeFileSync(name + end, bytes);
    const smaller = (bytes) => (bytes.length < plain.length ? place(bytes) : "{}");
    const type = types[path === "/" ? "html" : path.slice(path.lastIndexOf(".") + 1)];
    return `    {"${path}", "${type}", "\\"${hash(plain).slice(0, 22)}\\"",\n     ${place(plain)}, ${smaller(gzip)}, ${smaller(brotli)}},`;
  });
  const whole = Buffer.concat(pieces);
  writeFileSync(join(out, "page.pack"), whole);
  writeFileSync(
    join(out, "page_files.cpp"),
    `// Made by page/build.mjs, of ${hash(whole)}.
#include "site/site.h"

#include <array>

__asm__(
    ".section .rodata\\n"
    ".global greenwave_page\\n"
    "greenwave_page: .incbin \\"${join(out, "page.pack")}\\"\\n"
    ".previous\\n");
extern "C" const char greenwave_page[];

namespace greenwave::hub {

std::span<const PageFile> page_files() {
  static const std::array<PageFile, ${rows.length}> files{{
${rows.join("\n")}
  }};
  return files;
}

}  // namespace greenwave::hub
`,
  );
}

rmSync(join(out, "files"), { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const modules = join(here, "node_modules");
const worker = add("map-worker.js", readFileSync(join(modules, "maplibre-gl/dist/maplibre-gl-worker.mjs")));
const icon = add("icon.svg", readFileSync(join(here, "src/icon.svg")));
const licence = add("licences.txt", readFileSync(join(modules, "maplibre-gl/LICENSE.txt")));
const made = await bundle(worker);
const page = readFileSync(join(here, "src/index.html"), "utf8").replace(
  /\{(\w+)\}/g,
  (_, name) => ({ ...made, icon, licence, worker })[name],
);
files.set("/", Buffer.from(page));
pack();
