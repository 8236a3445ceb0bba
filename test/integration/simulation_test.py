"""A fleet on one machine asks, holds, fetches, goes back and reports as real agents do."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from greenwave import City, Device, Scratch, wait_until  # noqa: E402
from hub import Hub  # noqa: E402
from postgres import Postgres  # noqa: E402
from simulation import Simulation, change, fill, make_signer  # noqa: E402
from town import TipServer  # noqa: E402

DEVICES = 200


class Fleet(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.scratch.chmod(0o755)
        self.key, self.signers = make_signer(self.scratch)
        self.city = City(self.scratch)
        self.mirror = self.enterContext(TipServer(self.scratch / "mirror", self.city))
        self.mirror.switch("held")
        fill(self.city, "fresno", DEVICES, self.key)
        change(self.city, 9, self.key)
        self.total = {}

    def simulation(self, interval="10s", **more):
        address = {"name": "fresno", "host": "localhost", "port": self.mirror.port, "path": "/city.git",
                   "authorities": str(self.mirror.directory / "ca.pem"), "signers": str(self.signers),
                   "branch": "refs/heads/main", "devices": DEVICES, **more}
        return self.enterContext(Simulation(self.scratch / "simulation", [address], interval))

    def count(self, simulation, *names):
        """The sum of a counter over all takes."""
        city = simulation.take()["cities"]["fresno"]
        for commit, moments in city.pop("commits").items():
            for what, moment in moments.items():
                self.total[commit, what] = self.total.get((commit, what), 0) + moment["count"]
        for name, value in city.items():
            if isinstance(value, int):
                self.total[name] = self.total.get(name, 0) + value
        return self.total.get(names if len(names) > 1 else names[0], 0)

    def wait_for(self, simulation, number, *names):
        wait_until(lambda: self.count(simulation, *names) >= number, f"{number} × {' '.join(names)}: {self.total}")

    def lengths(self):
        """Request lines, and how long the requests were."""
        lines = [line.split(" ", 4) for line in (self.mirror.directory / "access.log").read_text().splitlines()]
        return {(request, int(length)) for length, _, _, _, request in lines if "tip/refs/heads/main" in request or "POST" in request}

    def lengths_for_a_commit(self, number, wait_for_arrival):
        """What a device that has applied its first commit sends when the next one comes."""
        wait_until(lambda: self.mirror.held() == 1, "a question is held")
        (self.mirror.directory / "access.log").write_text("")
        commit = change(self.city, number, self.key)
        wait_for_arrival(commit)
        return self.lengths()

    def test_it_asks_in_the_same_words_as_an_agent(self):
        more = self.mirror.agent + f"trust: {{allowedSigners: {self.signers}}}\n"
        device = Device(self.scratch / "device", self.mirror.url, "fresno-00001", interval="60s", more=more)
        part = device.path("/etc/signal/part-0.conf")
        with device.start():
            wait_until(part.exists, "the first commit is applied")
            of_agent = self.lengths_for_a_commit(1, lambda _: wait_until(lambda: "plan: 1\n" in part.read_text(), "it is applied"))
        wait_until(lambda: self.mirror.held() == 0, "the agent's question is gone")
        simulation = self.simulation(interval="60s", devices=1)
        simulation.do("on")
        of_simulation = self.lengths_for_a_commit(2, lambda commit: self.wait_for(simulation, 1, commit, "fetched"))
        line = "GET /city.git.tip/refs/heads/main HTTP/1.1"
        of_rehearsal = (line, len(f"{line}\r\nHost: localhost:{self.mirror.port}\r\n\r\n"))
        # A poll may find what a held question said before, and then asks once more without waiting.
        plain = {(line, length - len("Prefer: wait=52\r\n")) for asked, length in of_agent if asked == line}
        self.assertLessEqual(of_simulation - {of_rehearsal}, of_agent | plain)
        self.assertEqual({one for one in of_simulation if "POST" in one[0]}, {one for one in of_agent if "POST" in one[0]})

    def test_a_commit_reaches_those_who_wait_and_all_of_them_keep_it(self):
        simulation = self.simulation(interval="20s")
        simulation.do("install")
        simulation.do("on", within="1s")
        wait_until(lambda: self.mirror.held() >= DEVICES * 0.95, "the requests are held")
        commit = change(self.city, 1, self.key)
        self.wait_for(simulation, DEVICES, commit, "well")
        self.assertEqual(self.total[commit, "known"], DEVICES)
        self.assertEqual(self.total["failedFetches"], 0)

    def test_a_server_without_files_of_tips_is_asked_for_its_refs(self):
        self.mirror.switch("none")
        simulation = self.simulation(interval="5s", devices=5)
        simulation.do("install")
        simulation.do("on")
        commit = change(self.city, 1, self.key)
        self.wait_for(simulation, 5, commit, "fetched")
        self.assertEqual(self.total["holds"], 0)
        self.assertEqual(self.total["failedPolls"], 0)

    def test_what_breaks_at_the_canary_is_taken_back_there_and_reported(self):
        with Postgres(self.scratch / "postgres") as database, Hub(self.scratch / "hub", database.connection, "fresno") as hub:
            simulation = self.simulation(interval="10s", hub={"host": "localhost", "port": hub.port, "authorities": str(hub.ca),
                                                              "authority": str(hub.ca.parent)})
            simulation.do("install")
            simulation.do("on", within="1s")
            bad = change(self.city, 1, self.key, "Shorter yellow (breaks)", ["wave/canary"])
            self.wait_for(simulation, 1, bad, "takenBack")
            token = hub.token()

            def reverted():
                return hub.get("/v1/summary", token)["counts"].get("reverted", 0)

            self.wait_for(simulation, DEVICES / 50, bad, "takenBack")
            wait_until(lambda: 0 < reverted() == self.count(simulation, bad, "takenBack"), "the hub knows of those that went back")
            self.assertLess(self.total[bad, "fetched"], DEVICES / 8)


if __name__ == "__main__":
    postgres.main()
