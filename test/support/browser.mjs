// Debian's chromium, for browser.py: reads a line of JSON for each thing to do, and answers with one, {"value"} or
// {"error"}. {"fresh": options} is a new person's page; {"code", "args"} the body of an async function that knows page,
// context, args, and the lists said (errors on the console) and asked (addresses).
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { chromium } = createRequire(`${process.argv[2]}/`)("playwright-core");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--enable-unsafe-swiftshader",
  ],
});
let person;

async function fresh({ viewport, colorScheme, storage }) {
  await person?.context.close();
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, colorScheme, reducedMotion: "reduce" });
  if (storage) {
    await context.addInitScript((items) => {
      for (const [key, value] of Object.entries(items)) sessionStorage.setItem(key, value);
    }, storage);
  }
  const page = await context.newPage();
  person = { page, context, said: [], asked: [] };
  const { said, asked } = person;
  page.on("console", (message) => {
    const drivers = message.text().includes("GL Driver Message"); // of screenshots without a graphics card
    if (["error", "warning"].includes(message.type()) && !drivers) said.push(`${message.type()}: ${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => said.push(`uncaught: ${error.stack ?? error}`));
  context.on("request", (request) => asked.push(request.url()));
}

const Work = Object.getPrototypeOf(async () => {}).constructor;

async function work(code, args) {
  const { page, context, said, asked } = person;
  return (await new Work("page", "context", "args", "said", "asked", code)(page, context, args, said, asked)) ?? null;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { fresh: options, code, args } = JSON.parse(line);
  let answer;
  try {
    answer = { value: options ? ((await fresh(options)) ?? null) : await work(code, args) };
  } catch (error) {
    answer = { error: String(error.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
