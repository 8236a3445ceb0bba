"""Several cities together: greenwave-hub --cities, in front of two real hubs and of servers that are no hubs."""

import gzip
import http.server
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import browser  # noqa: E402
import postgres  # noqa: E402
from git_server import free_port, make_certificates  # noqa: E402
from greenwave import BIN, Scratch, run, wait_until  # noqa: E402
from hub import Hub, Speaker, manual_example  # noqa: E402
from local_server import LocalServer  # noqa: E402

COMMIT = "a" * 40
SECRET = "gwt_not_for_the_log"


class FakeCity(LocalServer):
    """A server with TLS that is no hub: `answer` writes what it likes to a handler."""

    def __init__(self, directory, answer):
        directory.mkdir()
        make_certificates(directory, "localhost", "DNS:localhost")
        self.ca, self.asked = directory / "ca.pem", []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.headers["Authorization"])
                try:
                    answer(self)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.pem", directory / "server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}"


def send(handler, body, status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


class RollUp(Hub):
    """greenwave-hub --cities, behind the same nginx; `cities` are lines of cities.yaml."""

    def __init__(self, directory, cities, certificates):
        super().__init__(directory, "unused", city="unused")
        (self.directory / "reader.token").write_text("a-reader\n")
        self.file = self.directory / "cities.yaml"
        self.file.write_text(f"socket: {self.socket}\nstateDirectory: {self.directory}/kept\ninterval: 1s\n"
                             f"readers: {{dashboard: {self.directory}/reader.token}}\ncities:\n" + "".join(cities))
        (self.directory / "state").mkdir()
        shutil.copytree(certificates, self.directory / "state/ca")

    def __enter__(self):
        self.start()
        self.start_proxy()
        return self

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.program), "--cities", str(self.file), "run", "--log-level", "debug"],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(lambda: self.listens() or self.process.poll() is not None, "the roll-up listens")
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        return self

    def cities(self):
        return {city["city"]: city for city in self.get("/v1/cities", "a-reader")["cities"]}


class Cities(unittest.TestCase):
    made = 0

    @classmethod
    def setUpClass(cls):
        cls.scratch = cls.enterClassContext(Scratch())
        cls.scratch.chmod(0o755)
        cls.postgres = cls.enterClassContext(postgres.Postgres(cls.scratch / "postgres"))
        cls.hubs = {}
        for city in ("springfield", "shelbyville"):
            # Two cities share a database: nothing is numbered across them.
            hub = cls.hubs[city] = cls.enterClassContext(Hub(cls.scratch / city, cls.postgres.connection, city=city))
            operator = hub.token("configure")
            (hub.directory / "cities.token").write_text(hub.token("view", "cities") + "\n")
            Speaker(hub, f"{city}-1").enrol(operator).report("in-sync", commit={"oid": COMMIT})
            Speaker(hub, f"{city}-2").enrol(operator).report("failed", commit={"oid": COMMIT})

    def entry(self, name, url, ca, token, more=""):
        return f"  - {{name: {name}, url: '{url}', tokenFile: {token}, caFile: {ca}{more}}}\n"

    def of_hub(self, city, more=""):
        hub = self.hubs[city]
        return self.entry(city, hub.url, hub.ca, hub.directory / "cities.token", more)

    def roll_up(self, *cities):
        type(self).made += 1
        return RollUp(self.scratch / f"cities-{self.made}", cities, self.hubs["springfield"].ca.parent)

    def test_a_city_that_is_stopped_shows_its_last_figures_also_after_a_restart(self):
        with self.roll_up(self.of_hub("springfield"), self.of_hub("shelbyville")) as together:
            wait_until(lambda: all(city["state"] == "current" for city in together.cities().values()), "both are known")
            everything = together.get("/v1/cities", "a-reader")
            self.assertEqual((4, {"in-sync": 2, "failed": 2}, 0), tuple(everything[key] for key in ("total", "counts", "away")))
            other = self.hubs["shelbyville"]
            other.stop_proxy()
            try:
                wait_until(lambda: together.cities()["shelbyville"]["state"] == "away", "it is missed")
                shown = together.cities()
                self.assertEqual("current", shown["springfield"]["state"])
                self.assertEqual({"in-sync": 1, "failed": 1}, shown["shelbyville"]["figures"]["counts"])
                self.assertTrue(shown["shelbyville"]["error"])
                at = shown["shelbyville"]["at"]
                together.stop()
                together.start()
                shown = together.cities()["shelbyville"]
                self.assertEqual(("away", at, 2), (shown["state"], shown["at"], shown["figures"]["total"]))
                wait_until(lambda: together.cities()["shelbyville"]["age"] >= 1, "its age grows")
            finally:
                other.start_proxy()
            wait_until(lambda: together.cities()["shelbyville"]["url"] != other.url or
                       together.cities()["shelbyville"]["state"] == "current", "it is back")
            self.assertNotIn((other.directory / "cities.token").read_text().strip(), together.log.read_text())

    def test_hubs_that_hang_talk_garbage_or_talk_without_end_hold_up_nobody(self):
        release = threading.Event()
        self.addCleanup(release.set)
        bomb = gzip.compress(b" " * (50 << 20))
        behaviours = {
            "hangs": (lambda handler: release.wait(), "timed out"),
            "garbage": (lambda handler: send(handler, b"\xff\x00{]" * 100), "not that of a hub"),
            "empty": (lambda handler: send(handler, b""), "not that of a hub"),
            "large": (lambda handler: send(handler, b" " * (50 << 20)), "larger than"),
            "bomb": (lambda handler: send(handler, bomb, **{"Content-Encoding": "gzip"}), "larger than"),
            "other": (lambda handler: send(handler, b'{"cities": [{"city": "paris", "figures": {"counts": {}}}]}'), "paris"),
            "locked": (lambda handler: send(handler, b"{}", 401), "token"),
            "moved": (lambda handler: send(handler, b"", 302, Location="https://localhost:1/"), "302"),
            "breaks": (lambda handler: handler.connection.close(), ""),
        }
        token = self.scratch / "fake.token"
        token.write_text(SECRET)
        fakes = {name: self.enterContext(FakeCity(self.scratch / name, answer)) for name, (answer, _) in behaviours.items()}
        lines = [self.entry(name, fake.url, fake.ca, token, ", deadline: 2s") for name, fake in fakes.items()]
        strange = self.entry("stranger", fakes["empty"].url, self.hubs["springfield"].ca, token)
        missing = self.entry("missing", fakes["empty"].url, fakes["empty"].ca, self.scratch / "no.token")
        with self.roll_up(*lines, strange, missing, self.of_hub("springfield")) as together:
            wait_until(lambda: together.cities()["springfield"]["state"] == "current", "the real one is known")
            for name, (_, words) in behaviours.items():
                wait_until(lambda: together.cities()[name]["error"] != "it was not asked yet", f"{name} is known")
                self.assertIn(words, together.cities()[name]["error"])
                self.assertEqual(("unknown", None), (together.cities()[name]["state"], together.cities()[name]["figures"]))
            self.assertIn("certificate", together.cities()["stranger"]["error"])
            self.assertIn("no.token", together.cities()["missing"]["error"])
            self.assertEqual({f"Bearer {SECRET}"}, {one for fake in fakes.values() for one in fake.asked})
            self.assertEqual("current", together.cities()["springfield"]["state"])
            size = int(run("ps", "-o", "rss=", "-p", together.process.pid).stdout)
            self.assertLess(size, 100 << 10)
            metrics = together.request("GET", "/metrics", token="a-reader").text
            self.assertIn('greenwave_city_up{city="springfield"} 1', metrics)
            self.assertIn('greenwave_city_up{city="hangs"} 0', metrics)
            rules = pathlib.Path(__file__).parents[2] / "packaging/hub/greenwave-hub.rules.yaml"
            for name in re.findall(r"greenwave_city_\w+", rules.read_text()):
                self.assertIn(f"# TYPE {name} ", metrics)
            if shutil.which("promtool"):
                checked = subprocess.run(["promtool", "check", "metrics"], input=metrics, text=True, capture_output=True)
                self.assertEqual("", checked.stdout + checked.stderr)
            self.assertNotIn(SECRET, together.log.read_text() + metrics + json.dumps(together.cities()))

    def test_a_citys_own_hub_knows_itself(self):
        hub = self.hubs["springfield"]
        shown = hub.get("/v1/cities", (hub.directory / "cities.token").read_text().strip())
        self.assertEqual([("springfield", "current", 0, 2)],
                         [(city["city"], city["state"], city["age"], city["figures"]["total"]) for city in shown["cities"]])

    def test_a_citys_own_hub_shows_the_others_that_it_is_told_of(self):
        hub = self.hubs["springfield"]
        shown = lambda: {city["city"]: city for city in  # noqa: E731
                         hub.get("/v1/cities", (hub.directory / "cities.token").read_text().strip())["cities"]}
        before = hub.config.read_text()
        hub.config.write_text(before + "cities:\n" + self.of_hub("shelbyville"))
        try:
            hub.stop()
            hub.start()
            wait_until(lambda: hub.is_well() and "shelbyville" in shown() and shown()["shelbyville"]["state"] == "current",
                       "it asks the other")
            self.assertEqual((None, self.hubs["shelbyville"].url), tuple(city["url"] for city in shown().values()))
        finally:
            hub.config.write_text(before)
            hub.stop()
            hub.start()
            wait_until(hub.is_well, "it is back")

    def test_only_readers_read_and_nothing_is_changed(self):
        with self.roll_up(self.of_hub("springfield")) as together:
            self.assertEqual(401, together.request("GET", "/v1/cities").status)
            self.assertEqual(401, together.request("GET", "/v1/cities", token="another").status)
            self.assertEqual(401, together.request("GET", "/metrics").status)
            self.assertEqual(405, together.request("POST", "/v1/cities", {}, token="a-reader").status)
            self.assertEqual(401, together.request("GET", "/v1/me").status)
            self.assertEqual(404, together.request("GET", "/v1/devices", token="a-reader").status)
            self.assertIn("/v1/cities", together.get("/openapi.json", None)["paths"])

    @unittest.skipIf(browser.missing(), browser.missing())
    def test_the_page_of_several_cities_has_their_figures_and_the_way_to_each(self):
        away = self.entry("<b>away</b>", f"https://localhost:{free_port()}", self.hubs["springfield"].ca,
                          self.hubs["springfield"].directory / "cities.token")
        with self.roll_up(self.of_hub("springfield"), away) as together, browser.Browser() as one:
            wait_until(lambda: together.cities()["springfield"]["state"] == "current", "it is known")
            one.open(together.url)
            one.run("await page.fill('#token', 'a-reader'); await page.keyboard.press('Enter')")
            one.wait_for_text("table.cities tr", "springfield")
            row = "table.cities tr:has(a)"
            self.assertEqual(self.hubs["springfield"].url, one.run("return await page.locator('table.cities a').first().getAttribute('href')"))
            self.assertEqual(["springfield", "2", "1", "1"], one.text(row).split()[:4])
            one.wait_for_text("table.cities tr", "<b>away</b>")
            one.wait_for_text(".live", "live")
            # The page asks for a city's states before it knows that here is none.
            self.assertEqual([], [said for said in one.run("return said") if "/v1/states" not in said and "401" not in said])
            together.stop()
            one.wait_for_text(".stale", "Not live since", seconds=60)
            self.assertIn("springfield", one.text("table.cities"), "what was known stays")

    def test_the_terminal_has_a_line_for_each_city(self):
        token = self.scratch / "fake.token"
        token.write_text(SECRET)
        away = self.entry("a-city-with-a-long-name", f"https://localhost:{free_port()}", self.hubs["springfield"].ca, token)
        with self.roll_up(self.of_hub("springfield"), away) as together:
            wait_until(lambda: together.cities()["springfield"]["state"] == "current", "it is known")
            (self.scratch / "reader").write_text("a-reader")
            words = ("fleet", "cities", "--hub", together.url, "--ca", together.ca, "--token-file", self.scratch / "reader")
            environment = {**os.environ, "COLUMNS": "80"}
            shown = run(BIN / "greenwave", *words, check=False, env=environment)
            self.assertEqual(1, shown.returncode, shown.stdout)
            self.assertRegex(shown.stdout, r"springfield +current +2 +1 +1 +0 ")
            self.assertIn("cannot", shown.stdout.lower().replace("couldn't", "cannot"))
            self.assertLessEqual(max(map(len, shown.stdout.splitlines())), 80, shown.stdout)
            known = json.loads(run(BIN / "greenwave", *words, "-o", "json", check=False, env=environment).stdout)
            self.assertEqual(["springfield", "a-city-with-a-long-name"], [city["city"] for city in known["cities"]])


class Configuration(unittest.TestCase):
    def test_mistakes_are_said_with_their_places(self):
        city = "{name: a, url: 'https://a', tokenFile: /t}"
        with Scratch() as scratch:
            file = scratch / "cities.yaml"
            check = lambda: run(BIN / "greenwave-hub", "--cities", file, "check", check=False)  # noqa: E731
            for text, words in (("", ["1:1", "empty"]), ("interval: 1m\n", ["cities"]), ("cities: []\n", ["cities"]),
                                ("cities: [{name: a, url: 'https://a'}]\n", ["1:10", "tokenFile"]),
                                ("cities: [{name: a, url: 'http://a', tokenFile: /t}]\n", ["1:25", "https"]),
                                ("cities: [{name: a, url: 'https://u:p@a', tokenFile: /t}]\n", ["user or a password"]),
                                ("cities: [{name: a, url: nowhere, tokenFile: /t}]\n", ["not the URL"]),
                                ("cities: [{name: a, url: 'https://a', tokenFile: t}]\n", ["absolute"]),
                                ("cities: [{name: a, url: 'https://a', tokenFile: /t, deadline: 1ms}]\n", ["deadline", "100ms"]),
                                ("cities: [{name: a, url: 'https://a', tokenFile: /t, tokenfile: /t}]\n", ["tokenfile"]),
                                (f"cities: [{city}, {city}]\n", ["twice"]),
                                (f"readers: {{x: y}}\ncities: [{city}]\n", ["readers", "absolute"]),
                                (f"users: {{x: king}}\ncities: [{city}]\n", ["king"]),
                                (f"cities: [{city}]\ncity: x\n", ["2:1", "city"])):
                file.write_text(text)
                result = check()
                self.assertEqual(2, result.returncode, text)
                for word in words:
                    self.assertIn(word, result.stdout, text)
            self.assertNotIn("u:p", result.stdout)
            file.write_text(f"cities: [{city}]\n")
            self.assertIn("1 cities", check().stdout)
            self.assertEqual(2, run(BIN / "greenwave-hub", "--cities", file, "migrate", check=False).returncode)
            shipped = pathlib.Path(__file__).parents[2] / "packaging/hub/cities.yaml"
            run(BIN / "greenwave-hub", "--cities", shipped, "check")
            file.write_text(manual_example("interval: 30s"))
            run(BIN / "greenwave-hub", "--cities", file, "check")


if __name__ == "__main__":
    postgres.main()
