"""The hub's demo shows a city with a halted rollout, and leaves nothing behind."""

import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import postgres  # noqa: E402
from greenwave import BIN, Scratch, run  # noqa: E402

DEMO = pathlib.Path(__file__).parents[2] / "packaging/hub-demo"


def processes_below(directory):
    """Command lines of all processes that name something in it."""
    found = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue  # it ended
    return [line for line in found if str(directory) in line]


class HubDemo(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.scratch.chmod(0o755)
        self.environment = {**os.environ, "TMPDIR": str(self.scratch)}

    def beside(self, name):
        """A directory of the test's, where nothing needs to be left."""
        directory = self.scratch.with_name(f"{self.scratch.name}-{name}")
        self.addCleanup(run, "rm", "-r", directory)
        directory.mkdir()
        directory.chmod(0o755)
        return directory

    def installed(self):
        """The demo below a prefix, as the packages greenwave and greenwave-hub have it."""
        prefix = self.beside("installed")
        run("cmake", "--install", BIN.parent, "--prefix", prefix, "--component", "hub")
        (prefix / "bin").mkdir()
        for name in ("greenwave", "greenwaved"):
            (prefix / "bin" / name).symlink_to(BIN / name)
        return prefix / "share/greenwave-hub/demo/hub-demo"

    def start(self, *words, demo=DEMO):
        demo = subprocess.Popen([sys.executable, "-B", demo, "--agents", "2", *words], env=self.environment, cwd="/",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(demo.stdout.close)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.terminate)
        return demo

    def assert_nothing_is_left(self):
        self.assertEqual(([], []), (processes_below(self.scratch), list(self.scratch.iterdir())))

    def test_installed_it_shows_the_whole_city_the_mistake_halts_and_nothing_is_left(self):
        demo = self.start(demo=self.installed())
        shown = ""
        for line in demo.stdout:
            shown += line
            if line.startswith("Ctrl-C"):
                break
        self.assertIn("Ctrl-C ends the demo", shown)
        url, token, ca = (re.search(pattern, shown)[1] for pattern in (r"(https://\S+)", r"token: (\S+)", r"import (\S+)\."))

        def ask(path):
            request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=ca)) as reply:
                return json.load(reply)

        summary = ask("/v1/summary")
        self.assertEqual((485, 0), (summary["total"], summary["unlisted"]))
        self.assertGreater(summary["counts"]["in-sync"], 400)
        halted = {one["wave"]: one["subject"] for one in ask("/v1/rollout")["waves"] if one["halted"]}
        self.assertEqual({"canary": "Take the time from GPS"}, halted)
        demo.send_signal(signal.SIGINT)
        self.assertEqual(0, demo.wait(60))
        self.assert_nothing_is_left()

    def test_a_device_that_does_not_start_ends_it_with_what_that_said(self):
        programs = self.beside("programs") / "bin"
        programs.mkdir()
        for name in ("greenwave", "greenwave-hub"):
            (programs / name).symlink_to(BIN / name)
        (programs / "greenwaved").write_text("#!/bin/sh\necho this one cannot\nexit 3\n")
        (programs / "greenwaved").chmod(0o755)
        demo = self.start("--build", programs.parent)
        shown = demo.stdout.read()
        self.assertEqual(1, demo.wait(), shown)
        self.assertRegex(shown, "sf-[0-9]+ ended with 3:\nthis one cannot")
        self.assert_nothing_is_left()

    def test_what_is_missing_is_said_with_the_package_that_has_it(self):
        shown = run(sys.executable, "-B", DEMO, "--build", self.scratch, "--shot", self.scratch / "shots", check=False,
                    env={**self.environment, "PATH": "/nonexistent"})
        self.assertEqual(1, shown.returncode)
        self.assertIn("greenwave-hub: build it", shown.stdout)
        self.assertRegex(shown.stdout, "sudo apt install .*git chromium nodejs")
        self.assertIn("npm install playwright-core", shown.stdout)
        demo = self.installed()
        (demo.parents[3] / "bin/greenwaved").unlink()
        shown = run(demo, check=False, env={**self.environment, "PATH": "/usr/bin:/bin"})
        self.assertEqual((1, True), (shown.returncode, "greenwaved: install the package greenwave\n" in shown.stdout), shown.stdout)
        self.assert_nothing_is_left()


if __name__ == "__main__":
    postgres.main()
