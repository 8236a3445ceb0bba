"""Only commits that are trusted reach a device, from a real server over TLS: what is refused is in status and
history with the commit and the key's fingerprint, and the last good state stays."""

import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from git_server import GitServer  # noqa: E402
from greenwave import City, Device, Scratch, file_manifest, run  # noqa: E402

MOTD = "/etc/motd.d/greenwave"


def motd(text):
    return {"base/motd.yaml": file_manifest("motd", MOTD, text)}


class Trust(unittest.TestCase):
    partial = True  # the server lets devices fetch only what they need
    kind = ""  # of the server's addresses

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        for option in ["allowFilter"] if self.partial else []:
            self.city.git("config", f"uploadpack.{option}", "true", cwd=self.city.bare)
        self.server = GitServer(self.scratch / "server", self.scratch).start()
        self.addCleanup(self.server.stop)
        self.ana = self.key("ana")
        self.signers = self.scratch / "allowed_signers"
        self.signers.write_text(f'ana@city.example namespaces="git" {self.public(self.ana)}\n')

    def key(self, name):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.scratch / name)
        return self.scratch / name

    def public(self, key):
        return " ".join(key.with_suffix(".pub").read_text().split()[:2])

    def fingerprint(self, key):
        return run("ssh-keygen", "-l", "-f", key.with_suffix(".pub")).stdout.split()[1]

    def device(self, name="device"):
        device = Device(self.scratch / name, self.server.url(self.city.bare, self.kind),
                        more=self.server.agent() + f"trust: {{allowedSigners: {self.signers}}}\n")
        self.addCleanup(device.stop)
        return device

    def running(self):
        """A device that has applied a first signed commit."""
        self.first = self.city.commit(motd("one\n"), key=self.ana)
        device = self.device().start()
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.path(MOTD).read_text(), "one\n")
        return device

    def assert_refused(self, device, commit, *words):
        """The commit is refused with these words, twice, and what was there stays."""
        before = device.path(MOTD).read_text()
        self.assertEqual(device.sync()["exitCode"], 2)
        self.assertEqual(device.sync()["exitCode"], 2)
        self.assertEqual(device.path(MOTD).read_text(), before)
        status = device.json("status")
        self.assertNotEqual(status["commit"]["oid"], commit)
        newest = device.json("history")["syncs"][0]
        for told in status["lastError"], newest["error"], device.log.read_text():
            for word in (commit, *words):
                self.assertIn(word, told)
        shown = device.cli("status", check=1).stdout
        self.assertIn("The last sync failed.", shown)

    def objects_of(self, device):
        lines = run("git", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)", cwd=device.state / "git")
        return sorted(lines.stdout.split())

    def test_signed_commits_are_followed(self):
        device = self.running()
        self.city.commit(motd("two\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        self.assertNotIn("not checked", device.cli("status", check=0).stdout)

    def test_an_unsigned_commit_is_refused_and_the_next_signed_one_is_followed(self):
        device = self.running()
        before = self.objects_of(device)
        commit = self.city.commit(motd("evil\n"))
        self.assert_refused(device, commit, "is not signed")
        if self.partial:  # nothing but the commit itself was taken in
            self.assertEqual(self.objects_of(device), sorted(before + ["commit"]))
        self.city.commit(motd("three\n"))
        self.city.commit(motd("good\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.path(MOTD).read_text(), "good\n")

    def test_a_first_commit_that_is_not_signed_is_not_applied(self):
        self.city.commit(motd("evil\n"))
        device = self.device()
        self.assertIn("is not signed", device.once(check=2).stdout)
        self.assertFalse(device.path(MOTD).exists())

    def test_an_unknown_key_is_refused_with_its_fingerprint(self):
        device = self.running()
        mallory = self.key("mallory")
        commit = self.city.commit(motd("evil\n"), key=mallory)
        self.assert_refused(device, commit, self.fingerprint(mallory), "does not list")

    def test_a_key_for_another_namespace_is_refused(self):
        device = self.running()
        files = self.key("files")
        with open(self.signers, "a") as signers:
            signers.write(f'files@city.example namespaces="file" {self.public(files)}\n')
        device.daemon.send_signal(1)
        commit = self.city.commit(motd("evil\n"), key=files)
        self.assert_refused(device, commit, self.fingerprint(files), "namespaces")

    def test_a_signature_made_for_something_else_is_refused(self):
        device = self.running()
        unsigned = self.city.commit(motd("evil\n"))
        commit = self.resigned(unsigned, "file")
        self.assert_refused(device, commit, self.fingerprint(self.ana), 'namespace "file"')

    def test_an_expired_key_is_refused(self):
        device = self.running()
        old = self.key("old")
        with open(self.signers, "a") as signers:
            signers.write(f'old@city.example valid-before="20250101Z" {self.public(old)}\n')
        device.daemon.send_signal(1)
        good = self.city.commit(motd("in time\n"), key=old, date="2024-12-31T12:00:00Z")
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.json("status")["commit"]["oid"], good)
        commit = self.city.commit(motd("evil\n"), key=old, date="2026-01-01T12:00:00Z")
        self.assert_refused(device, commit, self.fingerprint(old), "has expired")

    def test_a_tampered_commit_is_refused(self):
        device = self.running()
        signed = self.city.commit(motd("two\n"), message="Retime the signals", key=self.ana)
        text = self.city.git("cat-file", "commit", signed).replace("Retime the signals", "Retime no signals") + "\n"
        commit = self.put(text)
        self.assert_refused(device, commit, self.fingerprint(self.ana), "was changed after it was signed")

    def test_the_ref_may_not_move_back_nor_may_a_reboot_or_a_lost_store_take_the_device_back(self):
        device = self.running()
        second = self.city.commit(motd("two\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0)
        self.city.git("reset", "-q", "--hard", self.first)
        self.city.push()
        self.assert_refused(device, self.first, second, "is older than")
        device.stop()
        self.assertIn("is older than", device.start().sync()["text"])
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        device.stop()
        shutil.rmtree(device.state / "git")
        told = device.start().sync()
        self.assertEqual(told["exitCode"], 2)
        self.assertIn(self.first, told["text"])
        self.assertIn(second, told["text"])
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        device.stop()
        for file in device.state.glob("state.db*"):
            file.write_bytes(b"not a database" * 100)
        self.city.git("reset", "-q", "--hard", second)
        third = self.city.commit(motd("three\n"), key=self.ana)
        self.assertEqual(device.start().sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.json("status")["commit"]["oid"], third)

    def test_without_its_state_file_a_device_still_knows_what_it_accepted(self):
        device = self.running()
        second = self.city.commit(motd("two\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0)
        device.stop()
        for file in device.state.glob("state.db*"):
            file.unlink()
        self.city.git("reset", "-q", "--hard", self.first)
        self.city.push()
        told = device.start().sync()
        self.assertEqual(told["exitCode"], 2)
        self.assertIn(f"{self.first} is older than {second}", told["text"])
        self.assertEqual(device.path(MOTD).read_text(), "two\n")

    def test_a_ref_that_moved_sideways_is_followed_only_with_a_signed_trailer(self):
        device = self.running()
        given_up = self.city.commit(motd("mistake\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0)
        self.city.git("reset", "-q", "--hard", self.first)
        commit = self.city.commit(motd("other\n"), key=self.ana)
        self.assert_refused(device, commit, given_up, "does not descend from", f"Greenwave-Reset: {given_up}")
        self.city.git("reset", "-q", "--hard", self.first)
        self.city.commit(motd("evil\n"), message=f"Give it up\n\nGreenwave-Reset: {given_up}")
        commit = self.city.commit(motd("evil\n"), key=self.ana)
        self.assert_refused(device, self.city.git("rev-parse", "HEAD^"), "is not signed")
        self.city.git("reset", "-q", "--hard", self.first)
        self.city.commit(motd("other\n"), message=f"Give it up\n\nGreenwave-Reset: {given_up}", key=self.ana)
        self.city.commit(motd("and on\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.path(MOTD).read_text(), "and on\n")

    def put(self, text):
        """Makes a commit object of any bytes the branch's tip, as a server's owner can."""
        command = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
        oid = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True, cwd=self.city.bare)
        commit = oid.stdout.decode().strip()
        self.city.git("update-ref", "refs/heads/main", commit, cwd=self.city.bare)
        return commit

    def resigned(self, commit, namespace):
        """The unsigned commit with a signature of Ana's that was made for another namespace."""
        text = self.city.git("cat-file", "commit", commit) + "\n"
        payload = self.scratch / "payload"
        payload.write_text(text)
        run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", self.ana, payload)
        signature = payload.with_suffix(".sig").read_text().strip().replace("\n", "\n ")
        headers, message = text.split("\n\n", 1)
        return self.put(f"{headers}\ngpgsig {signature}\n\n{message}")


class TrustWithoutFilters(Trust):
    partial = False


class TrustInTheFirstProtocol(Trust):
    partial = False
    kind = "/old"


if __name__ == "__main__":
    unittest.main()
