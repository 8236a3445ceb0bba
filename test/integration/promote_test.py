"""Two waves, and what `greenwave promote` does with them, over real git servers: https behind nginx, and ssh.

Five devices follow the city's repository. Promote learns about them from their own
`greenwave status -o json`, as a hub would collect it.
"""

import datetime
import http.server
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from git_server import GitServer  # noqa: E402
from greenwave import BIN, City, Device, GIT_ENVIRONMENT, Scratch, file_manifest, run  # noqa: E402
from local_server import LocalServer  # noqa: E402

PLAN = "/etc/plan"
CANARY, EARLY = "refs/heads/wave/canary", "refs/heads/wave/early"
DEVICES = {"fr-1": "canary", "fr-2": "early", "fr-3": "early", "fr-4": "", "fr-5": ""}


def cluster(soak="0s", waves=None):
    waves = waves if waves is not None else [
        {"name": "canary", "selector": {"matchLabels": {"wave": "canary"}}, "ref": CANARY, "soak": soak},
        {"name": "early", "selector": {"matchLabels": {"wave": "early"}}, "ref": EARLY, "soak": soak,
         "reportedPercent": 50},
    ]
    spec = {"devices": "devices.geojson", "layers": [{"path": "base"}], "waves": waves}
    return json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "Cluster", "metadata": {"name": "fresno"}, "spec": spec})


def inventory(devices):
    return json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": name, "geometry": {"type": "Point", "coordinates": [-119.79, 36.74]},
         "properties": {"labels": {"wave": wave} if wave else {}}} for name, wave in devices.items()]})


class Promotes(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.repo = str(self.city.bare)
        self.environment = {**os.environ, **GIT_ENVIRONMENT}
        self.first = self.city.commit({
            "greenwave.yaml": cluster(), "devices.geojson": inventory(DEVICES),
            "base/plan.yaml": file_manifest("plan", PLAN, "one\n")})
        self.push(self.first, CANARY)
        self.push(self.first, EARLY)

    def change(self, text, **files):
        (self.city.work / "base/plan.yaml").write_text(file_manifest("plan", PLAN, text))
        self.city.git("commit", "-q", "-a", "-m", f"Plan {text.strip()}")
        return self.city.git("rev-parse", "HEAD")

    def push(self, commit, ref, *more):
        self.city.git("push", "-q", *more, "origin", f"{commit}:{ref}")

    def refs(self):
        return [self.city.git("rev-parse", ref, cwd=self.city.bare) for ref in (CANARY, EARLY, "refs/heads/main")]

    def promote(self, *words, check=None):
        result = run(BIN / "greenwave", "promote", "--repo", self.repo, *words, check=False, env=self.environment)
        if check is not None:
            self.assertEqual(result.returncode, check, result.stdout)
        return " ".join(result.stdout.split())

    def verdicts(self, *words):
        result = run(BIN / "greenwave", "promote", "--repo", self.repo, "-o", "json", *words, check=False,
                     env=self.environment)
        return {stage["name"]: stage["verdict"] for stage in json.loads(result.stdout)["stages"]}

    def health(self, **devices):
        """A health file: {fr_1: (commit, health)}."""
        file = self.scratch / "health.json"
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        file.write_text(json.dumps({"devices": {
            name.replace("_", "-"): {"commit": commit, "health": health, "seen": now}
            for name, (commit, health) in devices.items()}}))
        return ["--health", str(file)]

    def test_a_commit_goes_wave_by_wave_to_the_branch_as_the_devices_turn_healthy(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        told = self.promote(*self.health(fr_1=(self.first, "healthy")), check=0)
        self.assertIn(f"0 of 1 device in canary at {two[:12]} reported", told)
        self.assertEqual(self.refs(), [two, self.first, self.first])
        self.promote(*self.health(fr_1=(two, "healthy")), check=0)
        self.assertEqual(self.refs(), [two, two, self.first])
        told = self.promote(*self.health(fr_1=(two, "healthy")), check=0)  # nobody of early has said a word
        self.assertIn("2 silent", told)
        self.assertEqual(self.refs(), [two, two, self.first])
        self.promote(*self.health(fr_1=(two, "healthy"), fr_2=(two, "healthy")), check=0)  # 50 percent are enough
        self.assertEqual(self.refs(), [two, two, two])
        log = self.city.git("log", "--format=%s", "refs/greenwave/promote", cwd=self.city.bare).splitlines()
        self.assertEqual([line.split()[:2] for line in log if line.startswith("Move")],
                         [["Move", "branch"], ["Move", "early"]])

    def test_too_many_failures_halt_a_commit_with_exit_code_1_and_the_reason(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        told = self.promote(*self.health(fr_1=(two, "failed")), check=1)
        self.assertIn("halted", told)
        self.assertIn(f"1 of 1 device that reported in canary at {two[:12]} failed", told)
        self.assertIn("fr-1", told)
        self.assertEqual(self.refs(), [two, self.first, self.first])
        three = self.change("three\n")  # a better one goes on
        self.push(three, CANARY)
        self.promote(*self.health(fr_1=(three, "healthy")), check=0)
        self.assertEqual(self.refs(), [three, three, self.first])

    def test_what_enters_and_moves_gets_the_city_s_signed_tag_before_devices_see_it(self):
        key = self.scratch / "promote.key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        signers = self.scratch / "signers"
        signers.write_text(f"city@city.example {key.with_suffix('.key.pub').read_text()}")
        two = self.change("two\n")
        self.push(two, "refs/heads/next")
        words = ["--from", "next", "--assume-healthy", "--sign", key]
        self.promote(*words, "--status", check=0)
        self.assertEqual(self.city.git("for-each-ref", "refs/tags", cwd=self.city.bare), "")
        self.promote(*words, check=0)
        self.assertEqual(self.refs(), [two, two, two])
        told = self.city.git("-c", f"gpg.ssh.allowedSignersFile={signers}", "tag", "-v", f"greenwave/{two}", cwd=self.city.bare)
        self.assertIn(f"object {two}", told)
        self.assertIn("Greenwave-Ref: refs/heads/main", told)
        tag = self.city.git("rev-parse", f"refs/tags/greenwave/{two}", cwd=self.city.bare)
        self.promote(*words, check=0)
        self.assertEqual(self.city.git("rev-parse", f"refs/tags/greenwave/{two}", cwd=self.city.bare), tag)

    def test_a_device_that_went_back_from_the_commit_has_failed_at_it(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        file = self.scratch / "health.json"
        file.write_text(json.dumps({"devices": {"fr-1": {"commit": self.first, "target": two, "health": "reverted"}}}))
        self.assertIn("halted", self.promote("--health", file, check=1))

    def test_soak_times_are_kept_and_shared_by_whoever_promotes(self):
        self.push(self.city.commit({"greenwave.yaml": cluster(soak="1h")}), CANARY)
        self.push("HEAD", EARLY)
        two = self.change("two\n")
        self.push(two, CANARY)
        health = self.health(fr_1=(two, "healthy"))
        self.assertIn("canary is soaking until", self.promote(*health, check=0))
        self.assertRegex(self.promote("--status", *health, check=0), r"in (1h|59m)")
        base = self.city.git("rev-parse", "main", cwd=self.city.bare)
        self.assertEqual(self.refs(), [two, base, base])
        # An hour later, as the repository itself tells the next who runs promote.
        message = self.city.git("log", "-1", "--format=%B", "refs/greenwave/promote", cwd=self.city.bare)
        record = json.loads(message[message.index("{"):])
        for seen in record.values():
            seen["since"] = "2026-01-01T00:00:00Z"
        tree = self.city.git("mktree", cwd=self.city.bare)
        old = self.city.git("commit-tree", tree, "-m", f"Long ago\n\n{json.dumps(record)}", cwd=self.city.bare)
        self.city.git("update-ref", "refs/greenwave/promote", old, cwd=self.city.bare)
        self.promote(*health, check=0)
        self.assertEqual(self.refs(), [two, two, base])

    def test_nothing_moves_without_health_unless_an_option_says_so(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        self.assertIn("--assume-healthy", self.promote(check=2))
        self.assertEqual(self.refs(), [two, self.first, self.first])
        self.promote("--assume-healthy", check=0)
        self.assertEqual(self.refs(), [two, two, two])  # no soak time here, so it goes all the way

    def test_status_moves_nothing_and_writes_nothing(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        before = self.city.git("for-each-ref", cwd=self.city.bare)
        self.assertIn("would move", self.promote("--status", *self.health(fr_1=(two, "healthy")), check=0))
        self.assertIn(two[:10], self.promote("--status"))
        self.assertEqual(self.city.git("for-each-ref", cwd=self.city.bare), before)

    def test_only_fast_forwards_are_made_and_diverged_stages_are_left_to_a_person(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        self.city.git("checkout", "-q", self.first)
        other = self.change("other\n")
        self.push(other, EARLY)
        told = self.promote("--assume-healthy", check=2)
        self.assertIn("diverged", told)
        self.assertEqual(self.refs()[:2], [two, other])

    def test_a_wave_that_is_behind_the_branch_is_brought_up_to_it(self):
        fix = self.change("fix\n")
        self.push(fix, "refs/heads/main")
        self.promote(*self.health(), check=0)
        self.assertEqual(self.refs(), [fix, fix, fix])

    def test_a_missing_wave_ref_is_made_when_a_commit_is_due_there(self):
        self.city.git("push", "-q", "origin", f":{EARLY}")
        self.assertIn("missing", self.promote(*self.health(), check=0))
        two = self.change("two\n")
        self.push(two, CANARY)
        self.promote(*self.health(fr_1=(two, "healthy")), check=0)
        self.assertEqual(self.refs(), [two, two, self.first])

    def test_commits_may_come_in_at_a_ref_of_their_own(self):
        two = self.change("two\n")
        self.push(two, "refs/heads/next")
        self.assertEqual(self.verdicts("--from", "next", *self.health()),
                         {"source": "settled", "canary": "moves", "early": "waits", "branch": "settled"})
        self.assertEqual(self.refs(), [two, self.first, self.first])

    def test_bad_waves_are_reported_with_their_place_and_nothing_moves(self):
        def waves(*list_):
            self.city.git("checkout", "-q", "main")
            self.city.commit({"greenwave.yaml": cluster(waves=list(list_))})
            return self.promote("--assume-healthy", check=2)

        one = {"name": "a", "selector": {"matchExpressions": [{"key": "wave", "operator": "Exists"}]}, "ref": CANARY}
        self.assertIn("greenwave.yaml:1:", waves({**one, "ref": "refs/heads/main"}))
        told = waves(one, {"name": "b", "selector": {"matchLabels": {"wave": "early"}}, "ref": EARLY})
        self.assertIn("the waves a and b overlap: both selectors match fr-2 and 1 more", told)
        self.assertIn("between 0 and 100", waves({"name": "a", "percent": 110, "ref": CANARY}))
        self.assertIn("has no waves", waves())

    def test_bad_health_and_a_missing_repository_are_reported(self):
        file = self.scratch / "health.json"
        for text, told in (("[]", 'no map "devices"'), ('{"devices": {"a": {"health": "fine"}}}', 'health is "fine"'),
                           ('{"devices": {"a": {"health": "healthy", "seen": "today"}}}', "the device a")):
            file.write_text(text)
            self.assertIn(told, self.promote("--health", file, check=2))
        self.assertIn("not an https URL", self.promote("--health", "http://hub.example/health", check=2))
        self.repo = str(self.scratch / "nothing.git")
        self.assertIn("ls-remote", self.promote("--assume-healthy", check=2))

    def test_five_devices_follow_two_waves_over_https_and_health_is_fetched(self):
        self.city.git("config", "http.receivepack", "true", cwd=self.city.bare)
        with GitServer(self.scratch / "server", self.scratch) as server, HealthPage() as page:
            self.repo = server.url(self.city.bare)
            self.environment["GIT_SSL_CAINFO"] = str(server.ca)
            devices = [Device(self.scratch / name, self.repo, device=name, more=server.agent()) for name in DEVICES]
            for device in devices:
                self.addCleanup(device.stop)
                device.start()

            def round_of_syncs():
                for device in devices:
                    device.sync()
                page.devices = {}
                for device in devices:
                    status = json.loads(device.request("GET", "/v1/status"))
                    page.devices[status["device"]] = {
                        "commit": status["commit"]["oid"], "target": status["followed"]["target"],
                        "health": status["health"], "seen": status["lastSync"]}
                self.promote("--health", page.url)
                return [device.path(PLAN).read_text().strip() for device in devices]

            self.assertEqual(round_of_syncs(), ["one"] * 5)
            two = self.change("two\n")
            self.push(two, CANARY)
            self.assertEqual(round_of_syncs(), ["two", "one", "one", "one", "one"])
            self.assertEqual(round_of_syncs(), ["two", "two", "two", "one", "one"])
            self.assertEqual(round_of_syncs(), ["two"] * 5)
            # A commit that no device can render does not get beyond the first one, which keeps what it has.
            (self.city.work / "greenwave.yaml").write_text("nonsense: true\n")
            bad = self.change("bad\n")
            self.push(bad, CANARY)
            self.assertEqual(round_of_syncs(), ["two"] * 5)
            self.assertEqual(page.devices["fr-1"]["health"], "failed")
            self.assertEqual(self.refs(), [bad, two, two])
            self.assertIn("halted", self.promote("--health", page.url, check=1))

    def test_a_server_that_refuses_the_push_is_reported_and_the_rest_continues(self):
        two = self.change("two\n")
        self.push(two, CANARY)
        hook = self.city.bare / "hooks/update"
        hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/wave/early ] || { echo "wave/early is protected" >&2; exit 1; }\n')
        hook.chmod(0o755)
        self.city.git("config", "http.receivepack", "true", cwd=self.city.bare)
        with GitServer(self.scratch / "server", self.scratch) as server:
            self.repo = server.url(self.city.bare)
            self.environment["GIT_SSL_CAINFO"] = str(server.ca)
            told = self.promote(*self.health(fr_1=(two, "healthy")), check=2)
        self.assertIn("blocked", told)
        self.assertIn("wave/early is protected", told)
        self.assertEqual(self.refs(), [two, self.first, self.first])


class HealthPage(LocalServer):
    """What a hub will serve: the devices' health as JSON, on loopback."""

    def __init__(self):
        self.devices = {}
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"devices": page.devices}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/health.json"


if __name__ == "__main__":
    unittest.main()
