"""A commit that changes the agent itself, on an installed device with a real systemd: what it could not start with is refused, what it does not come
back with is taken back, by the agent or by its guard.
"""

import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import machine  # noqa: E402
from field import manifest  # noqa: E402
from greenwave import BIN, City, Scratch, file_manifest, run  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
CONFIG = "/etc/greenwave/agent.yaml"
DROP_IN = "/etc/systemd/system/greenwaved.service.d/10-city.conf"
PROGRAM = "/usr/sbin/greenwaved"
HEALTH = "health: {settle: 1s, reach: 3s, guard: 12s}\n"
GUARD_DIRECTORY = "var/lib/greenwave/guard"


def configuration(url="file:///srv/city.git", interval="1s", more=""):
    return f"device: sf-0042\nrepository:\n  url: {url}\n  interval: {interval}\n{HEALTH}{more}"


def config_manifest(text):
    return {"agent.yaml": file_manifest("agent", CONFIG, text)}


def drop_in(text):
    return {"dropin.yaml": file_manifest("city-drop-in", DROP_IN, text)}


def program_manifest(content):
    spec = {"path": PROGRAM, "source": "files/greenwaved", "mode": "0755"}
    return {"program.yaml": manifest("File", "program", spec), "files/greenwaved": content}


def motd(text):
    return {"motd.yaml": file_manifest("motd", "/etc/motd", text + "\n")}


@unittest.skipIf(machine.why_not(), machine.why_not())
class OwnChange(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(machine.Machine(binds={self.city.bare: "/srv/city.git"}))
        run(SOURCE / "packaging/install", "--build", BIN.parent, "--root", self.device.root)
        self.device.write(CONFIG, configuration())
        self.device.run("systemctl", "daemon-reload")

    def start_with(self, files):
        commit = self.city.commit(files, "The first one")
        self.device.run("systemctl", "start", "greenwaved.service", "greenwave-guard.service")
        self.device.wait_until("the first commit is kept", lambda: self.device.is_at(commit))
        return commit

    def is_guarded(self):
        directory = self.device.root / GUARD_DIRECTORY
        return any((directory / name).exists() for name in ("armed", "firing", "restored"))

    def pid(self):
        return self.device.run("systemctl", "show", "--value", "--property=MainPID", "greenwaved").stdout.strip()

    def read(self, path):
        file = self.device.root / path.lstrip("/")
        return file.read_text() if file.exists() else None

    def rejected(self):
        return self.device.status().get("rejected", {})

    def wait_until_taken_back(self, bad):
        self.device.wait_until("the commit is taken back", lambda: self.rejected().get("commit") == bad, timeout=180)
        self.device.wait_until("the guard is at rest", lambda: not self.is_guarded())

    def follows(self, files, message):
        commit = self.city.commit(files, message)
        self.device.wait_until(f"it follows the city: {message}", lambda: self.device.is_at(commit))

    def test_a_commit_with_a_misspelt_key_of_the_configuration_is_taken_back_before_it_changes_anything(self):
        self.start_with({**config_manifest(configuration()), **motd("one")})
        good = self.read(CONFIG)
        pid = self.pid()
        bad = self.city.commit({**config_manifest(configuration(more="lables: {model: x}\n")), **motd("two")}, "A typing error")
        self.wait_until_taken_back(bad)
        self.assertEqual((good, "one\n"), (self.read(CONFIG), self.read("/etc/motd")))
        self.assertIn("lables", self.rejected()["reason"])
        self.assertIn("line 6, column 1", self.rejected()["reason"])
        self.assertEqual(pid, self.pid())
        self.follows({**config_manifest(configuration()), **motd("three")}, "Without it")

    def test_a_good_change_of_the_configuration_restarts_the_agent_and_is_kept(self):
        self.start_with(config_manifest(configuration()))
        pid = self.pid()
        self.follows(config_manifest(configuration(more="labels: {model: atc}\n")), "A label")
        self.assertNotEqual(pid, self.pid())
        self.assertIn("atc", self.read(CONFIG))
        self.device.wait_until("the guard is at rest", lambda: not self.is_guarded())

    def test_a_wrong_address_of_the_repository_is_taken_back(self):
        self.start_with({**config_manifest(configuration()), **motd("one")})
        bad = self.city.commit({**config_manifest(configuration(url="https://127.0.0.1:9/lost.git")), **motd("two")}, "Lost")
        self.wait_until_taken_back(bad)
        self.assertEqual(configuration(), self.read(CONFIG))
        self.assertEqual("one\n", self.read("/etc/motd"))
        self.assertIn("repository", self.rejected()["reason"])
        self.follows({**config_manifest(configuration()), **motd("three")}, "Found again")

    def test_an_id_that_the_inventory_does_not_have_is_taken_back(self):
        feature = {"type": "Feature", "id": "sf-0042", "geometry": {"type": "Point", "coordinates": [-122.4, 37.7]}, "properties": {}}
        cluster = {"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "sf"}, "spec": {"devices": "devices.geojson"}}
        city = {"greenwave.yaml": json.dumps(cluster), "devices.geojson": json.dumps({"type": "FeatureCollection", "features": [feature]})}
        self.start_with({**city, **config_manifest(configuration())})
        bad = self.city.commit(config_manifest(configuration().replace("sf-0042", "sf-0024")), "Somebody else")
        self.wait_until_taken_back(bad)
        self.assertEqual(configuration(), self.read(CONFIG))

    def test_a_file_that_the_unit_names_belongs_to_the_agent(self):
        environment = "/etc/default/greenwaved"
        self.device.write(environment, "CITY=one\n")
        self.device.write(DROP_IN, f"[Service]\nEnvironmentFile={environment}\n")
        self.device.run("systemctl", "daemon-reload")
        self.start_with({"env.yaml": file_manifest("environment", environment, "CITY=one\n")})
        pid = self.pid()
        self.follows({"env.yaml": file_manifest("environment", environment, "CITY=two\n")}, "Another city")
        self.assertNotEqual(pid, self.pid())
        self.device.wait_until("the guard is at rest", lambda: not self.is_guarded())
        bad = self.city.commit({**drop_in(f"[Service]\nEnvironmentFile={environment}.no\n"), **motd("two")}, "A typing error")
        self.wait_until_taken_back(bad)
        self.assertIn(f"{environment}.no", self.rejected()["reason"])

    def test_a_drop_in_whose_program_is_not_there_is_refused(self):
        self.start_with(motd("one"))
        bad = self.city.commit({**drop_in("[Service]\nExecStart=\nExecStart=/usr/sbin/greenwavd\n"), **motd("two")}, "A typing error")
        self.wait_until_taken_back(bad)
        self.assertIn("/usr/sbin/greenwavd", self.rejected()["reason"])
        self.assertIsNone(self.read(DROP_IN))

    def allow_programs(self):
        """The agent may write its own program. Everything else of this device stays as it is installed."""
        self.device.write(CONFIG, configuration(more="allowedPaths: [/etc, /usr/sbin]\n"))
        self.device.write("/etc/systemd/system/greenwaved.service.d/00-programs.conf", "[Service]\nReadWritePaths=/usr/sbin\n")
        self.device.run("systemctl", "daemon-reload")

    def test_a_program_that_does_not_run_here_is_refused_before_it_is_written(self):
        self.allow_programs()
        self.start_with(motd("0"))
        program = self.device.root / "usr/sbin/greenwaved"
        good = program.read_bytes()
        pid = self.pid()
        elsewhere = good[:18] + b"\xf3\0" + good[20:]
        tries = [(good[: len(good) // 3], ""), (elsewhere, "Exec format error"), (b"#!/bin/sh\necho no such option; exit 2\n", "it ended with 2: no such option"),
                 (b"#!/bin/sh\nexec sleep 1000\n", "has not answered --check-config")]
        for number, (content, said) in enumerate(tries, 1):
            with self.subTest(number):
                bad = self.city.commit({**program_manifest(content), **motd(str(number))}, "Another program")
                self.wait_until_taken_back(bad)
                self.assertIn(f"{PROGRAM} is not written: ", self.rejected()["reason"])
                self.assertIn(said, self.rejected()["reason"])
                self.assertEqual("0\n", self.read("/etc/motd"))
                self.assertEqual(good, program.read_bytes())
        self.assertEqual(pid, self.pid())
        self.assertFalse(self.is_guarded())
        self.assertEqual([], [file.name for file in program.parent.glob("*~")])

    def test_a_program_that_can_start_with_what_comes_along_is_written_and_kept(self):
        self.allow_programs()
        self.start_with(motd("one"))
        pid = self.pid()
        content = (self.device.root / "usr/sbin/greenwaved").read_bytes() + b"a newer one"
        self.follows({**program_manifest(content), **config_manifest(configuration(more="allowedPaths: [/etc, /usr/sbin]\nlabels: {a: b}\n"))}, "A newer program")
        self.assertEqual(content, (self.device.root / "usr/sbin/greenwaved").read_bytes())
        self.assertNotEqual(pid, self.pid())
        self.device.wait_until("the guard is at rest", lambda: not self.is_guarded())

    def test_an_agent_that_never_starts_gets_its_last_good_files_back(self):
        self.start_with(motd("one"))
        bad = self.city.commit({**drop_in("[Service]\nExecStart=\nExecStart=/bin/false\n"), **motd("two")}, "It ends at once")
        self.device.wait_until("the agent is gone", lambda: self.read(DROP_IN) is not None and self.pid() == "0")
        self.wait_until_taken_back(bad)
        self.assertIsNone(self.read(DROP_IN))
        self.assertEqual("one\n", self.read("/etc/motd"))
        self.assertIn("was not back", self.rejected()["reason"])
        self.wait_until_taken_back(self.city.commit(motd("three"), "Still with it"))
        self.assertIsNone(self.read(DROP_IN), "what it did not come back with is not tried again")
        self.assertIn("did not come back", self.rejected()["reason"])
        self.follows({**drop_in("[Service]\nNice=5\n"), **motd("four")}, "A better one")

    def test_an_agent_that_starts_and_hangs_gets_its_last_good_files_back(self):
        self.start_with(motd("one"))
        spec = {"name": "greenwaved.service", "dropIns": [{"name": "10-hang.conf", "content": "[Service]\nType=simple\nExecStart=\nExecStart=/bin/sleep infinity\n"}]}
        bad = self.city.commit({"own.yaml": manifest("SystemdUnit", "own", spec)}, "It hangs")
        self.wait_until_taken_back(bad)
        self.assertIn("/usr/sbin/greenwaved", self.device.run("systemctl", "show", "--property=ExecStart", "greenwaved").stdout)

    def test_a_first_commit_that_breaks_the_agent_is_not_tried_for_ever(self):
        self.city.commit({**drop_in("[Service]\nExecStart=\nExecStart=/bin/false\n"), **motd("one")}, "A bad beginning")
        self.device.run("systemctl", "start", "greenwaved.service")
        self.device.wait_until("the guard has put back what was there", lambda: "was not back" in self.device.journal("greenwave-guard.service"), timeout=180)
        self.device.wait_until("it is refused from then on", lambda: "did not come back" in json.dumps(self.device.status().get("problems")))
        self.assertIsNone(self.read(DROP_IN))
        self.assertEqual("one\n", self.read("/etc/motd"))

    def test_a_power_cut_while_the_agent_is_away_does_not_keep_the_guard_from_its_work(self):
        self.start_with(motd("one"))
        bad = self.city.commit({**drop_in("[Service]\nExecStart=\nExecStart=/bin/false\n"), **motd("two")}, "It ends at once")
        self.device.wait_until("the agent is gone", lambda: self.read(DROP_IN) is not None and self.pid() == "0")
        self.device.cut_power()
        self.wait_until_taken_back(bad)
        self.assertIsNone(self.read(DROP_IN))


class CheckConfig(unittest.TestCase):
    def setUp(self):
        self.file = self.enterContext(Scratch()) / "agent.yaml"

    def check(self, text):
        self.file.write_text(text)
        return subprocess.run([BIN / "greenwaved", "--check-config", "--config", self.file], capture_output=True, text=True)

    def test_a_configuration_that_the_agent_would_start_with_is_valid(self):
        checked = self.check(configuration())
        self.assertEqual(0, checked.returncode, checked.stderr)
        self.assertIn("is valid: device sf-0042 follows main of file:///srv/city.git", checked.stdout)

    def test_what_the_agent_would_not_start_with_is_named_with_its_place(self):
        for more, said in {
            "lables: {}\n": ":6:1: error: ",
            "trust: {allowedSigners: /nowhere/signers}\n": "/nowhere/signers",
            "trust: {allowedSigners: /dev/null}\n": "/dev/null",
            "identity: {files: [/etc/hostname]}\n": "this identity cannot be used",
        }.items():
            with self.subTest(more):
                checked = self.check(configuration(more=more))
                self.assertEqual(2, checked.returncode, checked.stdout)
                self.assertIn(said, checked.stderr)
                self.assertNotIn("is valid", checked.stdout)

    def test_a_guard_that_would_not_wait_for_the_repository_is_refused(self):
        checked = self.check(configuration().replace("guard: 12s", "guard: 2s"))
        self.assertEqual(2, checked.returncode)
        self.assertIn("health: guard is 2s, which is not longer than reach (3s)", checked.stderr)


if __name__ == "__main__":
    unittest.main()
