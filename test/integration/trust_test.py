"""Only commits that are trusted reach a device, from a real server over TLS: what is refused is in status and
history with the commit and the key's fingerprint, and the last good state stays."""

import base64
import io
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import Device, file_manifest, run, wait_until  # noqa: E402
from signed_city import MOTD, SignedCityCase, motd  # noqa: E402

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Trust(SignedCityCase):
    def setUp(self):
        super().setUp()
        self.ana = self.key("ana")
        self.signers.write_text(f'ana@city.example namespaces="git" {self.public(self.ana)}\n')

    def public(self, key):
        return " ".join(key.with_suffix(".pub").read_text().split()[:2])

    def fingerprint(self, key):
        return run("ssh-keygen", "-l", "-f", key.with_suffix(".pub")).stdout.split()[1]

    def device(self, name="device", more=""):
        device = Device(self.scratch / name, self.server.url(self.city.bare, self.kind),
                        more=self.server.agent() + f"trust: {{allowedSigners: {self.signers}{more}}}\n")
        self.addCleanup(device.stop)
        return device

    def running(self, more="", message="Change the signals"):
        """A device that has applied a first signed commit."""
        self.first = self.city.commit(motd("one\n"), key=self.ana, message=message)
        device = self.device(more=more).start()
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

    def told_of_trust(self, device):
        """What each line of evidence says of it: {object: verb}"""
        lines = [json.loads(line) for line in device.cli("audit", "-o", "json", check=0).stdout.splitlines()]
        return [{action["object"]: action["verb"] for action in line["actions"]} for line in lines if line["event"] == "trust"]

    def test_the_evidence_says_who_may_sign_from_when_on(self):
        device = self.running()
        signer = f"signer ana@city.example {self.fingerprint(self.ana)} namespaces=git"
        self.assertEqual(self.told_of_trust(device), [{signer: "trust"}])
        bo = self.key("bo")
        self.signers.write_text(f'bo@city.example {self.public(bo)}\n')
        device.config.write_text(device.config.read_text().replace("trust: {", "trust: {requireRef: true, "))
        self.assertEqual(len(self.told_of_trust(device)), 1, "nothing has read it yet")
        device.daemon.send_signal(signal.SIGHUP)
        changes = {signer: "distrust", f"signer bo@city.example {self.fingerprint(bo)}": "trust", "trust.requireRef": "trust"}
        wait_until(lambda: self.told_of_trust(device)[1:] == [changes], "the change is told")
        device.stop()
        device.start()
        self.assertEqual(len(self.told_of_trust(device)), 2)
        self.assertIn("distrust signer ana@city.example", device.cli("audit", check=0).stdout)

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

    def tag(self, commit, on=None, key=None, name=None, sign="-s"):
        """Signs the tag that may vouch for a commit, and pushes it."""
        name = name or f"greenwave/{commit}"
        self.city.git("-c", "gpg.format=ssh", "-c", f"user.signingkey={key or self.ana}", "tag", "-f", sign, "-m",
                      "Approved", name, on or commit)
        self.city.git("push", "-q", "--force", "origin", f"refs/tags/{name}:refs/tags/greenwave/{commit}")

    def test_a_signed_tag_vouches_for_a_commit_where_the_configuration_says_so(self):
        device = self.running(more=", tags: true")
        before = self.objects_of(device)
        commit = self.city.commit(motd("two\n"), message="Merge pull request #7")
        self.assert_refused(device, commit, "is not signed", f"there is no tag refs/tags/greenwave/{commit}")
        self.tag(commit)
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.path(MOTD).read_text(), "two\n")
        self.assertEqual(device.json("status")["signedBy"]["principal"], "ana@city.example")
        if self.partial:  # the tag, the commit, and what it changes
            self.assertLessEqual(len(self.objects_of(device)), len(before) + 6)
        device.stop()
        device.start()
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.city.commit(motd("three\n"), key=self.ana)
        self.assertEqual(device.sync()["exitCode"], 0)
        self.assertEqual(device.path(MOTD).read_text(), "three\n")

    def test_a_tag_that_is_not_the_city_s_own_word_vouches_for_nothing(self):
        device = self.running(more=", tags: true")
        commit = self.city.commit(motd("evil\n"))
        self.tag(commit, on=self.first)
        self.assert_refused(device, commit, f"is on commit {self.first}")
        self.tag(commit, key=self.key("mallory"))
        self.assert_refused(device, commit, "does not list")
        self.tag(commit, name="v1")
        self.assert_refused(device, commit, "was made as v1")
        self.tag(commit, sign="-a")
        self.assert_refused(device, commit, "is not signed")
        self.city.git("tag", "-f", "-a", "-m", "inner", "inner", commit)
        self.tag(commit, on="inner")
        self.assert_refused(device, commit, "not on a commit, but on a tag")
        self.city.git("push", "-q", "--force", "origin", f"{commit}:refs/tags/greenwave/{commit}")
        self.assert_refused(device, commit, "is not an annotated tag")

    def test_a_tag_is_not_asked_for_where_the_configuration_does_not_say_so(self):
        device = self.running()
        commit = self.city.commit(motd("two\n"))
        self.tag(commit)
        self.assert_refused(device, commit, "is not signed")

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

    def test_a_commit_whose_signature_is_written_in_another_way_is_refused(self):
        device = self.running()
        text = self.text_of(self.city.commit(motd("two\n"), key=self.ana))
        headers, message = text.split("\n\n", 1)
        for other in (f"{headers}\ngpgsig-sha256 x", f"{headers}\n ", headers.replace("\n ", "\n  ", 1)):
            commit = self.put(f"{other}\n\n{message}")
            self.assertIn(commit, device.sync()["text"])
            self.assertEqual(device.path(MOTD).read_text(), "one\n")
        self.city.push()
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())

    def test_a_device_that_took_a_mirrored_signature_goes_on_with_the_genuine_branch(self):
        ursula = self.key("ursula", "ecdsa")
        self.signers.write_text(f'ursula@city.example namespaces="git" {self.public(ursula)}\n')
        genuine = self.city.commit(motd("one\n"), key=ursula)
        mirrored = self.put(self.mirrored(genuine))
        self.assertNotEqual(genuine, mirrored)
        device, other = self.device().start(), self.device("other").start()
        for one in device, other:
            self.assertEqual(one.sync()["exitCode"], 0, one.log.read_text())
            self.assertEqual(one.json("status")["commit"]["oid"], mirrored)
        self.city.push()
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.json("status")["commit"]["oid"], genuine)
        second = self.city.commit(motd("two\n"), key=ursula)
        third = self.city.commit(motd("three\n"), key=ursula)
        for one in device, other:
            self.assertEqual(one.sync()["exitCode"], 0, one.log.read_text())
            self.assertEqual((one.json("status")["commit"]["oid"], one.path(MOTD).read_text()), (third, "three\n"))
        self.put(self.mirrored(third))
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        device.stop()
        shutil.rmtree(device.state / "git")
        self.city.commit(motd("four\n"), key=ursula)
        self.assertEqual(device.start().sync()["exitCode"], 0, device.log.read_text())
        self.put(self.mirrored(second))
        self.assertIn("is older than", device.sync()["text"])

    def test_a_commit_that_was_taken_back_does_not_come_again_with_a_mirrored_signature(self):
        ursula = self.key("ursula", "ecdsa")
        self.signers.write_text(f'ursula@city.example namespaces="git" {self.public(ursula)}\n')
        self.city.commit(motd("one\n"), key=ursula)
        device = self.device().start()
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        device.path("/etc/in-the-way").write_text("a file")
        bad = self.city.commit({**motd("two\n"), "base/no.yaml": file_manifest("no", "/etc/in-the-way/no", "x\n")}, key=ursula)
        self.assertEqual(device.sync()["exitCode"], 1, device.log.read_text())
        self.assertEqual(device.json("status")["rejected"]["commit"], bad)
        taken_back = self.results(device).count("reverted")
        mirrored = self.put(self.mirrored(bad))
        device.sync()
        self.assertEqual(device.json("status")["rejected"]["commit"], mirrored)
        self.assertEqual(self.results(device).count("reverted"), taken_back)
        self.assertEqual(device.path(MOTD).read_text(), "one\n")

    def results(self, device):
        return [sync["result"] for sync in device.json("history")["syncs"]]

    def test_where_it_is_required_a_commit_must_say_which_branch_it_is_for(self):
        trailer = "Greenwave-Ref: refs/heads/main"
        device = self.running(", requireRef: true", f"The first\n\n{trailer}")
        self.city.git("checkout", "-q", "-b", "topic")
        (self.city.work / "base/motd.yaml").write_text(motd("two\n")["base/motd.yaml"])
        signing = ["-c", "gpg.format=ssh", "-c", f"user.signingkey={self.ana}"]
        self.city.git(*signing, "commit", "-q", "-a", "-S", "-m", "Not yet merged")
        self.city.git("push", "-q", "origin", "topic:main")
        topic = self.city.git("rev-parse", "HEAD")
        self.assert_refused(device, topic, "does not say which branch it is for", trailer)
        self.city.git(*signing, "commit", "-q", "--amend", "--no-edit", "-S", "--trailer", "Greenwave-Ref: refs/heads/topic")
        self.city.git("push", "-q", "--force", "origin", "topic:main")
        self.assert_refused(device, self.city.git("rev-parse", "HEAD"), "is for refs/heads/topic, not for refs/heads/main")
        self.city.git("checkout", "-q", "main")
        self.city.git("merge", "-q", "--no-ff", "--no-commit", "topic")
        self.city.git(*signing, "commit", "-q", "-S", "-m", "Merge", "--trailer", trailer)
        self.city.push()
        self.assertEqual(device.sync()["exitCode"], 0, device.log.read_text())
        self.assertEqual(device.path(MOTD).read_text(), "two\n")

    def text_of(self, commit):
        """Its object; the message's last line feed was stripped."""
        return self.city.git("cat-file", "commit", commit) + "\n"

    def mirrored(self, commit):
        """The commit with the other one of the two ECDSA signatures that hold for it."""
        text = self.text_of(commit)
        start, end = text.index("-----BEGIN"), text.index("-----END")
        armor = text[start:end].split("\n ")
        blob = base64.b64decode("".join(armor[1:]))
        read = io.BytesIO(blob[10:])  # behind SSHSIG and its version
        *fields, signature = [read.read(int.from_bytes(read.read(4), "big")) for _ in range(5)]
        outer = io.BytesIO(signature)
        kind, numbers = [outer.read(int.from_bytes(outer.read(4), "big")) for _ in range(2)]
        inner = io.BytesIO(numbers)
        r, s = [inner.read(int.from_bytes(inner.read(4), "big")) for _ in range(2)]
        other = P256_ORDER - int.from_bytes(s, "big")

        def wire(data):
            return len(data).to_bytes(4, "big") + data

        numbers = wire(r) + wire(other.to_bytes(other.bit_length() // 8 + 1, "big"))
        blob = blob[:10] + b"".join(wire(field) for field in (*fields, wire(kind) + wire(numbers)))
        letters = base64.b64encode(blob).decode()
        lines = [letters[at:at + 70] for at in range(0, len(letters), 70)]
        return text[:start] + "\n ".join([armor[0], *lines, ""]) + text[end:]

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
