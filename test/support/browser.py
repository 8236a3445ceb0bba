"""Debian's chromium, headless, as a person with the hub's page open."""

import json
import pathlib
import shutil
import subprocess

from greenwave import BIN

MODULES = BIN.parent / "page/node_modules"
# Screenshots of what tests saw, kept in the build directory.
SHOTS = BIN.parent / "screenshots"


def missing():
    """Why there can be none here; None if there can."""
    if not shutil.which("chromium"):
        return "chromium is not installed"
    if not (MODULES / "playwright-core").exists():
        return "the hub was built without its page"
    return None


class Browser:
    """As a context manager it runs, with one person's page open; fresh() is for another's."""

    def __init__(self):
        self.process = subprocess.Popen(["node", str(pathlib.Path(__file__).with_name("browser.mjs")), str(MODULES)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.fresh()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def fresh(self, token=None, viewport=(1280, 800), scheme="light"):
        """Another person's page, with nothing kept. `token` is entered already; `viewport` is (width, height)."""
        self._ask({"fresh": {"viewport": {"width": viewport[0], "height": viewport[1]}, "colorScheme": scheme,
                             "storage": {"greenwave.token": token} if token else None}})

    def _ask(self, what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"error": "the browser ended"}')
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def run(self, code, **args):
        """What the JavaScript returns, which knows `page` (of Playwright), `context`, `args`, and lists: `said` of errors on
        the console, `asked` of addresses."""
        return self._ask({"code": code, "args": args})

    def open(self, url, devices=None):
        """Goes there, and waits until so many devices are shown."""
        self.run("await page.goto(args.url)", url=url)
        if devices is not None:
            self.sees(devices)

    def sees(self, devices):
        self.run("await page.waitForFunction((n) => document.body.dataset.devices === String(n), args.devices, {timeout: 20000})",
                 devices=devices)

    def text(self, selector):
        return self.run("return await page.locator(args.selector).first().innerText()", selector=selector)

    def click(self, selector):
        self.run("await page.locator(args.selector).first().click()", selector=selector)

    def shoot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        # The map is drawn by then.
        self.run("await page.waitForTimeout(600); await page.screenshot({path: args.path})", path=str(SHOTS / f"{name}.png"))

    def wait_for_text(self, selector, text, seconds=20):
        self.run("await page.locator(args.selector).filter({hasText: args.text}).first().waitFor({timeout: args.ms})",
                 selector=selector, text=text, ms=seconds * 1000)
