// Pictures of each view of the hub's page, for packaging/hub-demo: node shots.mjs MODULES URL DIRECTORY, with TOKEN set.
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, url, directory] = process.argv.slice(2);
const { chromium } = createRequire(`${modules}/`)("playwright-core");

const views = {
  map: "/",
  failing: "/?state=failed",
  rollout: "/?page=rollout",
  device: "/?device=sf-0029",
  enrolment: "/?page=enrol",
  cities: "/?page=cities",
};

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--enable-unsafe-swiftshader"],
});
for (const colorScheme of ["light", "dark"]) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true, // the demo's own authority
    viewport: { width: 1280, height: 800 },
    colorScheme,
    reducedMotion: "reduce",
  });
  await context.addInitScript((token) => sessionStorage.setItem("greenwave.token", token), process.env.TOKEN);
  const page = await context.newPage();
  for (const [view, path] of Object.entries(views)) {
    await page.goto(url + path);
    await page.locator("main h2, main.page h1, .panel h2").first().waitFor();
    await page.locator(".live:not(.off)").waitFor();
    if (view === "rollout") await page.locator(".impact .headline").waitFor({ timeout: 180_000 });
    await page.waitForTimeout(1500); // the map is drawn on a canvas, which says nothing
    const file = join(directory, `${view}-${colorScheme}.png`);
    await page.screenshot({ path: file });
    console.log(file);
  }
}
await browser.close();
