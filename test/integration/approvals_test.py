"""What a rule of trust.paths guards changes on a device only when enough people signed: with git's own commits, merges,
squashes and rebases, from a real server over TLS."""

import json
import pathlib
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, City, Device, Scratch, file_manifest, run  # noqa: E402
from signed_city import MOTD, SignedCityCase, motd  # noqa: E402

LAMP = "/etc/lamp"
CLUSTER = """apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {name: sf}
spec: {layers: [{path: base}, {path: lamps}]}
"""
APPROVAL = ("commit", "-q", "--allow-empty", "-S", "-m", "Approve")


def lamp(text):
    return {"lamps/lamp.yaml": file_manifest("lamp", LAMP, text)}


class Approvals(SignedCityCase):
    def setUp(self):
        super().setUp()
        self.keys = {name: self.key(name) for name in ("ana", "ana_at_home", "bo", "carl")}
        self.allow(ana="ana", ana_at_home="ana", bo="bo", carl="carl")
        self.city.commit({"greenwave.yaml": CLUSTER, **motd("one\n"), **lamp("off\n")}, key=self.keys["ana"])
        self.as_("bo", *APPROVAL)
        self.city.push()

    def allow(self, **people):
        lines = [f'{person}@city.example namespaces="git" {self.keys[key].with_suffix(".pub").read_text()}'
                 for key, person in people.items()]
        self.signers.write_text("".join(lines))

    def as_(self, key, *words):
        """Runs git as the owner of the key, who signs."""
        return self.city.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={self.keys[key]}", *words)

    def device(self, name="device"):
        trust = (f"trust:\n  allowedSigners: {self.signers}\n  paths:\n"
                 "    - {path: base, signers: [ana@city.example, bo@city.example, carl@city.example], threshold: 2}\n")
        device = Device(self.scratch / name, self.server.url(self.city.bare, self.kind), more=self.server.agent() + trust)
        self.addCleanup(device.stop)
        return device

    def running(self):
        device = self.device().start()
        self.assert_has(device, "one\n")
        return device

    def change(self, text, key="ana", message="Change the motd"):
        """Commits a change of base on the branch that is checked out; nobody else has signed it yet."""
        return self.city.commit(motd(text), key=self.keys[key], message=message)

    def assert_has(self, device, text):
        told = device.sync()
        self.assertEqual(told["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.path(MOTD).read_text(), text)
        self.assertEqual(device.json("status")["commit"]["oid"], self.city.git("rev-parse", "HEAD"))

    def assert_refused(self, device, *words):
        before = device.path(MOTD).read_text()
        commit = self.city.git("rev-parse", "HEAD")
        self.assertEqual(device.sync()["exitCode"], 2)
        self.assertEqual(device.path(MOTD).read_text(), before)
        self.assertNotEqual(device.json("status")["commit"]["oid"], commit)
        newest = device.json("history")["syncs"][0]
        for told in device.json("status")["lastError"], newest["error"], device.log.read_text():
            for word in (commit, *words):
                self.assertIn(word, told)

    def test_a_change_of_base_waits_for_an_empty_commit_of_somebody_else_and_other_changes_do_not(self):
        device = self.running()
        self.city.commit(lamp("on\n"), key=self.keys["ana"])
        self.assert_has(device, "one\n")
        self.assertEqual(device.path(LAMP).read_text(), "on\n")
        self.change("two\n")
        self.assert_refused(device, "changes base, which 2 of ana@city.example, bo@city.example, carl@city.example must "
                            "approve: ana@city.example did, 1 more needed, from bo@city.example, carl@city.example",
                            "git commit --allow-empty -S")
        self.as_("ana_at_home", *APPROVAL)
        self.city.push()
        self.assert_refused(device, "ana@city.example did, 1 more needed")
        device.path(MOTD).write_text("drift\n")
        device.sync()
        self.assertEqual(device.path(MOTD).read_text(), "one\n")
        self.as_("bo", *APPROVAL)
        self.city.push()
        self.assert_has(device, "two\n")

    def test_a_merge_has_the_approvals_of_its_branch_also_where_the_branch_is_older_than_the_device(self):
        self.city.git("checkout", "-q", "-b", "topic")
        self.change("two\n")
        self.city.git("checkout", "-q", "main")
        self.city.commit(lamp("on\n"), key=self.keys["bo"])
        device = self.running()
        self.as_("ana", "merge", "-q", "-S", "--no-ff", "-m", "Merge", "topic")
        self.city.push()
        self.assert_refused(device, "ana@city.example did, 1 more needed")
        self.city.git("reset", "-q", "--hard", "HEAD^")
        self.as_("bo", "merge", "-q", "-S", "--no-ff", "-m", "Merge", "topic")
        self.city.push()
        self.assert_has(device, "two\n")
        self.assert_has(self.device("new").start(), "two\n")

    def test_squashes_and_rebases_are_approved_again(self):
        device = self.running()
        self.city.git("checkout", "-q", "-b", "topic")
        self.change("two\n")
        self.as_("bo", *APPROVAL)
        self.city.git("checkout", "-q", "main")
        self.city.git("merge", "-q", "--squash", "topic")
        self.as_("carl", "commit", "-q", "-S", "-m", "Squash")
        self.city.push()
        self.assert_refused(device, "carl@city.example did, 1 more needed")
        self.as_("bo", *APPROVAL)
        self.city.push()
        self.assert_has(device, "two\n")

        self.city.git("checkout", "-q", "-b", "other")
        self.change("three\n")
        self.as_("bo", *APPROVAL)
        self.city.git("checkout", "-q", "main")
        self.city.commit(lamp("on\n"), key=self.keys["carl"])
        self.assert_has(device, "two\n")
        self.city.git("checkout", "-q", "other")
        self.as_("carl", "rebase", "-q", "-S", "main")
        self.city.git("checkout", "-q", "main")
        self.city.git("merge", "-q", "--ff-only", "other")
        self.city.push()
        self.assert_refused(device, "carl@city.example did, 1 more needed")
        self.as_("ana", *APPROVAL)
        self.city.push()
        self.assert_has(device, "three\n")

    def test_a_signer_who_was_removed_vouches_for_nothing_new(self):
        device = self.running()
        self.change("two\n")
        self.as_("bo", *APPROVAL)
        self.city.git("push", "-q", "origin", "main")
        self.as_("carl", *APPROVAL)
        self.allow(ana="ana", carl="carl")
        device.stop()
        device.start()
        self.as_("ana", *APPROVAL)
        self.city.push()
        self.assert_has(device, "two\n")
        self.change("three\n", key="bo")
        self.as_("ana", *APPROVAL)
        self.city.push()
        self.assert_refused(device, "ana@city.example did, 1 more needed, from carl@city.example")

    def test_an_evil_merge_and_a_revert_are_changes_of_one_person(self):
        self.city.git("checkout", "-q", "-b", "stale")
        self.city.commit(lamp("on\n"), key=self.keys["bo"])
        self.city.git("checkout", "-q", "main")
        self.change("two\n")
        self.as_("bo", *APPROVAL)
        self.city.push()
        device = self.device().start()
        self.assert_has(device, "two\n")
        self.as_("ana", "merge", "-q", "--no-ff", "--no-commit", "stale")
        self.city.git("checkout", "-q", "stale", "--", "base")
        self.as_("ana", "commit", "-q", "-S", "-m", "Merge, and take the old base")
        self.city.push()
        self.assert_refused(device, "ana@city.example did, 1 more needed")
        self.city.git("reset", "-q", "--hard", "HEAD^")
        self.as_("ana", "revert", "--no-edit", "-S", "HEAD^")
        self.city.push()
        self.assert_refused(device, "ana@city.example did, 1 more needed")
        self.as_("bo", *APPROVAL)
        self.city.push()
        self.assert_has(device, "one\n")

    def test_removing_the_path_needs_approvals_and_so_does_a_new_device(self):
        device = self.running()
        self.as_("ana", "rm", "-q", "-r", "base")
        self.city.commit({"greenwave.yaml": CLUSTER.replace("{path: base}, ", "")}, key=self.keys["ana"])
        self.assert_refused(device, "removes base, which 2 of")
        self.city.git("reset", "-q", "--hard", "HEAD^")
        self.change("two\n")
        told = self.device("new").once(check=2).stdout
        self.assertIn("has base, which 2 of ana@city.example, bo@city.example, carl@city.example must approve: "
                      "ana@city.example did, 1 more needed", told)

    def test_a_device_that_lost_its_store_judges_by_what_it_accepted(self):
        device = self.running()
        self.change("two\n")
        self.as_("bo", *APPROVAL)
        self.city.push()
        self.assert_has(device, "two\n")
        device.stop()
        shutil.rmtree(device.state / "git")
        self.as_("ana", "revert", "--no-edit", "-S", "HEAD^")
        self.city.push()
        device.start()
        self.assert_refused(device, "ana@city.example did, 1 more needed")

    def test_a_bundle_is_judged_in_the_same_way(self):
        device = self.running()
        known = self.city.git("rev-parse", "HEAD")
        self.change("two\n")
        file = self.scratch / "city.bundle"
        self.city.git("bundle", "create", "-q", file, "main", f"^{known}")
        self.assertIn("ana@city.example did, 1 more needed", device.cli("sync", "--wait", "--from", file, check=2).stdout)
        self.as_("bo", *APPROVAL)
        self.city.git("bundle", "create", "-q", file, "main", f"^{known}")
        device.cli("sync", "--wait", "--from", file, check=0)
        self.assertEqual(device.path(MOTD).read_text(), "two\n")

    def test_a_bundle_for_one_device_shows_who_approved_if_it_is_told_what_is_guarded(self):
        device = self.running()
        known = self.city.git("rev-parse", "HEAD")
        self.change("two\n")
        self.city.commit(lamp("on\n"), key=self.keys["ana"])
        self.city.commit(lamp("off\n"), key=self.keys["bo"])
        file = self.scratch / "device.bundle"
        order = (BIN / "greenwave", "bundle", "--device", "sf-0042", "--repo", self.city.work, "--since", known)
        run(*order, file)
        self.assertIn("lacks directories of earlier commits", device.cli("sync", "--wait", "--from", file, check=2).stdout)
        run(*order, "--trust", device.config, file)
        device.cli("sync", "--wait", "--from", file, check=0)
        self.assertEqual(device.path(MOTD).read_text(), "two\n")


class BeforeTheyArrive(unittest.TestCase):
    """What lint, impact and promote say of approvals, with the agent.yaml of the devices and a file of signers here."""

    allow, as_, change, key = Approvals.allow, Approvals.as_, Approvals.change, Approvals.key

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.signers = self.scratch / "allowed_signers"
        self.keys = {name: self.key(name) for name in ("ana", "bo", "carl")}
        self.allow(ana="ana", bo="bo", carl="carl")
        agent = self.scratch / "agent.yaml"
        agent.write_text("repository: {url: https://git.example/city.git}\ntrust:\n"
                         "  allowedSigners: /etc/greenwave/allowed_signers\n  paths:\n"
                         "    - {path: base, signers: [ana@city.example, bo@city.example], threshold: 2}\n")
        self.trust = ("--trust", agent, "--signers", self.signers)
        waves = CLUSTER.replace("spec: {", "spec: {waves: [{name: canary, percent: 10, ref: refs/heads/wave/canary}], ")
        self.city.commit({"greenwave.yaml": waves, **motd("one\n"), **lamp("off\n")}, key=self.keys["ana"])
        self.as_("bo", *APPROVAL)
        self.city.push()
        self.city.git("push", "-q", "origin", "main:refs/heads/wave/canary")
        self.change("two\n")

    def tell(self, *words, check):
        result = run(BIN / "greenwave", *words, *self.trust, check=False, cwd=self.city.work)
        self.assertEqual(result.returncode, check, result.stdout)
        return " ".join(result.stdout.split())

    def test_lint_names_the_approvals_that_the_commit_lacks(self):
        lacking = ("base: error: the commit has base, which 2 of ana@city.example, bo@city.example must approve: "
                   "ana@city.example did, 1 more needed, from bo@city.example")
        self.assertIn(lacking, self.tell("lint", check=1))
        self.assertNotIn("approve", self.tell("lint", "@HEAD~1", check=0))
        self.as_("bo", *APPROVAL)
        self.assertNotIn("approve", self.tell("lint", check=0))

    def test_impact_says_whether_what_changes_is_approved(self):
        self.assertIn("not approved: the head changes base, which 2 of", self.tell("impact", "HEAD~1..HEAD", check=1))
        self.as_("bo", *APPROVAL)
        self.assertIn("approved: base", self.tell("impact", "HEAD~2..HEAD", check=0))
        told = json.loads(self.tell("impact", "HEAD~2..HEAD", "-o", "json", check=0))
        self.assertEqual(told["approvals"], [{"path": "base", "threshold": 2, "missing": 0, "could": [],
                                              "vouched": ["ana@city.example", "bo@city.example"]}])

    def test_promote_moves_no_commit_that_devices_would_refuse(self):
        self.city.git("push", "-q", "origin", "main:next")
        promote = ("promote", "--repo", str(self.city.bare), "--from", "next", "--assume-healthy")
        self.city.git("push", "-q", "--force", "origin", "HEAD~1:main")
        told = self.tell(*promote, check=2)
        self.assertIn("changes base, which 2 of", told)
        self.assertIn("git commit --allow-empty -S", told)
        before = self.city.git("rev-parse", "HEAD~1")
        self.assertEqual(self.city.git("rev-parse", "refs/heads/wave/canary", cwd=self.city.bare), before)
        self.as_("bo", *APPROVAL)
        self.city.git("push", "-q", "origin", "main:next")
        self.tell(*promote, check=0)
        after = self.city.git("rev-parse", "HEAD")
        self.assertEqual(self.city.git("rev-parse", "refs/heads/wave/canary", cwd=self.city.bare), after)


class ApprovalsWithoutFilters(Approvals):
    partial = False


class ApprovalsInTheFirstProtocol(Approvals):
    partial = False
    kind = "/old"


if __name__ == "__main__":
    unittest.main()
