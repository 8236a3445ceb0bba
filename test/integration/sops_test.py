"""Documents that the real sops encrypted. Skipped, with a message, where sops cannot be built (it is a Go module)."""

import json
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import City, Device, Scratch, file_manifest  # noqa: E402
from go_program import Missing  # noqa: E402
from secret_tools import new_identity, sops, sops_encrypted, sops_program  # noqa: E402

RULES = [
    ("--encrypted-regex", "^(json|content)$"),
    ("--encrypted-suffix", "_secret"),
    ("--unencrypted-regex", "^(apiVersion|kind|metadata|path|free)$"),
    ("--unencrypted-suffix", "_free"),
    ("--encrypted-regex", "^json$", "--mac-only-encrypted"),
    ("--encrypted-comment-regex", "secret"),
    (),
]


def setUpModule():
    try:
        sops_program()
    except Missing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        sys.exit(77)


def value(random_, depth=0):
    """A value as people and programs write them."""
    kinds = ["text", "number", "real", "flag", "none", "lines", "words"] + (["list", "map"] * 2 if depth < 3 else [])
    kind = random_.choice(kinds)
    if kind == "number":
        return random_.randint(-(2**53), 2**53)
    if kind == "real":
        return random_.choice([0.1, -2.5, 1e21, 1e-7, 3.0, 123456.789, random_.random()])
    if kind == "flag":
        return random_.random() < 0.5
    if kind == "none":
        return None
    if kind == "lines":
        return "first line\n  indented: yes\n\nlast # no comment\n"
    if kind == "words":
        return random_.choice(["", "yes", "0644", "null", "1.0", "ENC", "größe ✓", " blanks ", "a: b", "#", "2026-11-24"])
    if kind == "list":
        return [value(random_, depth + 1) for _ in range(random_.randint(0, 4))]
    if kind == "map":
        return {key(random_): value(random_, depth + 1) for _ in range(random_.randint(0, 4))}
    return f"text-{random_.randint(0, 10**9)}"


def key(random_):
    return random_.choice(["user", "key", "port", "a b", "x:y", "ü", "deep"]) + random_.choice(["", "_secret", "_free", "1"])


class Sops(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(Device(self.scratch / "device", self.city.url))
        self.identity = self.device.directory / "identity"
        self.recipient = new_identity(self.identity)

    def test_generated_documents_open_to_what_sops_opens_them_to(self):
        seed = 20261124
        random_ = random.Random(seed)
        files, wanted = {}, {}
        for number in range(35):
            content = {f"member-{n}": value(random_) for n in range(4)}
            text = json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": f"f{number}"},
                               "spec": {"path": f"/etc/f{number}", "json": content}}, ensure_ascii=False)
            kind = random_.choice(["yaml", "json"])
            options = RULES[number % len(RULES)]
            others = [new_identity(self.scratch / f"other-{number}")] if number % 3 == 0 else []
            if kind == "yaml" and number % 2:
                text = "# a secret comment\n" + text
            files[f"f{number}.{kind}"] = sops_encrypted(text, *others, self.recipient, kind=kind, options=options)
            wanted[number] = content
        self.city.commit(files)
        said = self.device.once(check=0).stdout
        for number, content in wanted.items():
            with self.subTest(seed=seed, number=number):
                self.assertEqual(json.loads(self.device.path(f"/etc/f{number}").read_text()), content, said)

    def test_documents_of_one_file_and_comments_and_anchors(self):
        text = """# who may ask
apiVersion: greenwave.dev/v1
kind: File
metadata: {name: one}
spec:
  path: /etc/one
  yaml:
    # the community
    community: Zm9v # for reading
    list:
      # of users
      - alice
      - bob
---
apiVersion: greenwave.dev/v1
kind: File
metadata: {name: two}
spec: {path: /etc/two, content: "two\\n"}
"""
        self.city.commit({"s.yaml": sops_encrypted(text, self.recipient)})
        self.device.once(check=0)
        self.assertEqual(self.device.path("/etc/two").read_text(), "two\n")
        self.assertEqual(self.device.path("/etc/two").stat().st_mode & 0o7777, 0o600)
        self.assertEqual(self.device.path("/etc/one").read_text(), "community: Zm9v\nlist:\n  - alice\n  - bob\n")

    def test_what_was_changed_or_is_for_others_is_refused_alone(self):
        other = new_identity(self.scratch / "other")
        good = sops_encrypted(file_manifest("good", "/etc/good", "secret\n"), self.recipient)
        self.city.commit({
            "good.yaml": good,
            "other.yaml": sops_encrypted(file_manifest("other", "/etc/other", "secret\n"), other),
            "moved.yaml": sops_encrypted(file_manifest("moved", "/etc/x", "secret\n"), self.recipient).replace("/etc/x", "/etc/moved"),
            "hidden.yaml": sops_encrypted(file_manifest("hidden", "/etc/hidden", "secret\n"), other, options=()),
        })
        said = self.device.once(check=1).stdout
        self.assertIn(f"for {other}", said)
        self.assertIn(f"add {self.recipient} to .sops.yaml", said)
        self.assertIn("its MAC does not match its values", said)
        self.assertNotIn("secret", said.replace("secrets", ""))
        for name in ("other", "moved", "hidden"):
            self.assertFalse(self.device.path(f"/etc/{name}").exists())

    def test_an_error_in_an_encrypted_value_does_not_show_it(self):
        text = json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "File", "metadata": {"name": "a"},
                           "spec": {"path": "/etc/a", "content": "x", "mode": "hunter2", "owner": "pass:word",
                                    "sensitive": "${device.swordfish}"}})
        unit = json.dumps({"apiVersion": "greenwave.dev/v1", "kind": "SystemdUnit", "metadata": {"name": "u"},
                           "spec": {"name": "u.service", "content": "[Service]\nEnvironment=KEY=hunter3\n"}})
        rule = ("--encrypted-regex", "^(content|mode|owner|sensitive)$")
        self.city.commit({"a.yaml": sops_encrypted(text, self.recipient, options=rule),
                          "u.yaml": sops_encrypted(unit, self.recipient, options=rule)})
        said = self.device.once(check=1).stdout
        self.assertIn("it is not shown", said)
        self.assertIn("no place for secrets", said)
        for secret in ("hunter", "pass:word", "swordfish"):
            self.assertNotIn(secret, said)

    def test_what_our_side_opened_sops_opens_too(self):
        encrypted = sops_encrypted(file_manifest("a", "/etc/a", "both\n"), self.recipient)
        opened = json.loads(sops("decrypt", "--input-type", "yaml", "--output-type", "json", "/dev/stdin", text=encrypted,
                                 identity=self.identity))
        self.city.commit({"a.yaml": encrypted})
        self.device.once(check=0)
        self.assertEqual(self.device.path("/etc/a").read_text(), opened["spec"]["content"])


if __name__ == "__main__":
    unittest.main()
