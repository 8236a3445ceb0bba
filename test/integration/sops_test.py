"""Documents that the real sops encrypted. Skipped, with a message, where sops cannot be built (it is a Go module)."""

import json
import pathlib
import random
import re
import sys
import unittest

import yaml

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


# Scalars without quotes that readers of YAML do not all take for the same.
PLAIN = """1e23 1.5e+300 -2.5e-300 5e-324 1.7976931348623157e308 123456789012345678901234567890 -123456789012345678901234567890
9223372036854775807 -9223372036854775808 .inf -.inf +.inf .5 -.5 5. 0.1 -0.0 1e-7 1e21 1e20 100000000000000000000000.0
0o17 0x1F 0x1f 0644 08 0b101 -0b11 1_000 1_0.5 +12 007 -0 2026-11-24 2026-1-2 2026-11-24T05:06:07Z
2026-11-24T05:06:07.250+02:00 2026-02-30 2026-11-24t5:06:07Z 12:30:45 1e999 yes no on y True FALSE null ~ .nan
v1.2 1.2.3 0x 1__ 1e 0o8 -.5e1 .e1 +.5 1.e3""".split()


def manifest_with(name, rest):
    return (f"apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {{name: {name}}}\n"
            f"spec:\n  path: /etc/{name}\n{rest}")


def as_number(text):
    """The number that a scalar is, however it is written."""
    try:
        number = float(text.replace(".inf", "inf").replace(".nan", "nan"))
        return "nan" if number != number else number
    except ValueError:
        return text


def words(random_):
    """A text as a value of a line."""
    return random_.choice(["hunter2", "a b", "", "x=y", "#no comment", "semi;colon", "back`tick", '"quoted"', "'single'", "größe",
                           "1", "true", "C:\\dir\\x", "tail ", " head", "a\\nb", "ENC[", "[sops]", "key: value", "100%"])


def dotenv(random_):
    lines = []
    for number in range(random_.randint(1, 8)):
        if random_.random() < 0.3:
            lines.append(random_.choice(["# a comment", "#", "#FREE=1", "# ENC[AES256_GCM"]))
        lines.append(f"{random_.choice(['KEY', 'FREE', 'x.y', 'a-b'])}_{number}={words(random_)}")
    return "\n".join(lines) + random_.choice(["\n", "", "\n\n"])


def ini(random_):
    lines = [] if random_.random() < 0.5 else ["top = level"]
    for section in range(random_.randint(1, 3)):
        if random_.random() < 0.4:
            lines.append(random_.choice(["; of the section", "# two\n; lines"]))
        lines.append(f"[s{section}]")
        for number in range(random_.randint(0, 4)):
            if random_.random() < 0.3:
                lines.append(random_.choice(["; a comment", "#hash"]))
            value = words(random_)
            value = random_.choice([value, f"`{value}`"]) if "`" not in value else value.replace("`", "")
            value = value.rstrip("\\")
            lines.append(f"{random_.choice(['key', 'free', 'long.name'])}_{number}{random_.choice([' = ', '=', ': '])}{value}")
    return "\n".join(lines) + "\n"


PLAIN_FILES = {
    "dotenv": dotenv,
    "ini": ini,
    "binary": lambda random_: "".join(chr(random_.choice([0, 9, 10, 13, 34, 92, 65, 228, 0x2028, 0x1F600])) for _ in range(random_.randint(1, 90))),
    "json": lambda random_: json.dumps({f"key{n}": value(random_) for n in range(4)}, ensure_ascii=random_.random() < 0.5),
    "yaml": lambda random_: yaml.safe_dump({f"key{n}": value(random_) for n in range(4)}, allow_unicode=True) + (
        "---\nfree: 1\nkey: [2, x]\n" if random_.random() < 0.3 else "") + "# the end\n",
}


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

    def test_values_in_clear_text_count_for_the_mac_as_go_reads_them(self):
        """As sops writes them, and as people write them behind its back. It writes -0.0 as -0, and refuses that itself."""
        files = {}
        for number, scalar in enumerate(PLAIN):
            for name in (f"p{number}", f"q{number}"):
                text = manifest_with(name, f"  yaml: {{secret: x, free: {scalar}}}\n")
                encrypted = sops_encrypted(text, self.recipient, options=("--encrypted-regex", "^secret$"))
                if name.startswith("q"):
                    encrypted = re.sub("free: .*$", lambda _: f"free: {scalar}", encrypted, flags=re.MULTILINE)
                    sops("decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin", text=encrypted,
                         identity=self.identity)
                files[f"{name}.yaml"] = encrypted
        self.city.commit(files)
        said = self.device.once(check=None).stdout
        for number, scalar in enumerate(PLAIN):
            for name in (f"q{number}",) if scalar == "-0.0" else (f"p{number}", f"q{number}"):
                with self.subTest(name=name, scalar=scalar):
                    self.assertNotIn(f"{name}.yaml:", "".join(line for line in said.splitlines(True) if "error" in line))
                    self.assertIn("secret: x", self.device.path(f"/etc/{name}").read_text())

    def test_encrypted_numbers_open_to_what_they_were(self):
        content = "".join(f"    v{n}: {scalar}\n" for n, scalar in enumerate(PLAIN))
        encrypted = sops_encrypted(manifest_with("numbers", "  yaml:\n" + content), self.recipient,
                                   options=("--encrypted-regex", "^yaml$"))
        opened = sops("decrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin", text=encrypted,
                      identity=self.identity)
        self.city.commit({"numbers.yaml": encrypted})
        said = self.device.once(check=0).stdout
        ours = yaml.load(self.device.path("/etc/numbers").read_text(), yaml.BaseLoader)
        for name, wanted in yaml.load(opened, yaml.BaseLoader)["spec"]["yaml"].items():
            with self.subTest(name=name, scalar=PLAIN[int(name[1:])]):
                self.assertEqual(as_number(ours[name]), as_number(wanted), said)

    def test_generated_files_open_to_what_sops_opens_them_to(self):
        """As a File's source, in each format that sops has."""
        random_ = random.Random(20261127)
        files, wanted = {}, {}
        for number in range(60):
            kind = ["dotenv", "ini", "binary", "yaml", "json"][number % 5]
            name = f"files/{number}.{ {'dotenv': 'env', 'binary': random_.choice(['key', 'p12', 'yaml.gz'])}.get(kind, kind)}"
            plain = PLAIN_FILES[kind](random_)
            rule = random_.choice([(), ("--unencrypted-regex", "^FREE|^free"), ("--encrypted-regex", "KEY|key|data"),
                                   ("--mac-only-encrypted",)]) if kind != "binary" else ()
            encrypted = sops("--encrypt", "--input-type", kind, "--output-type", kind, "--age", self.recipient, *rule,
                             "/dev/stdin", text=plain)
            files[name] = encrypted
            files[f"f{number}.yaml"] = (f"apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {{name: f{number}}}\n"
                                        f"spec: {{path: /etc/f{number}, source: {name}}}\n")
            wanted[number] = (kind, sops("decrypt", "--input-type", kind, "--output-type", kind, "/dev/stdin", text=encrypted,
                                         identity=self.identity))
        self.city.commit(files)
        said = self.device.once(check=0).stdout
        for number, (kind, text) in wanted.items():
            with self.subTest(number=number, kind=kind):
                ours = self.device.path(f"/etc/f{number}").read_text()
                self.assertEqual(self.device.path(f"/etc/f{number}").stat().st_mode & 0o7777, 0o600)
                if kind == "yaml":
                    self.assertEqual(list(yaml.safe_load_all(ours)), list(yaml.safe_load_all(text)), said)
                elif kind == "json":
                    self.assertEqual(json.loads(ours), json.loads(text), said)
                else:
                    self.assertEqual(ours, text, said)

    def test_key_groups(self):
        others = [new_identity(self.scratch / f"group-{n}") for n in range(2)]
        text = file_manifest("a", "/etc/a", "grouped\n")

        def grouped(groups, threshold):
            rules = {"creation_rules": [{"encrypted_regex": "^content$", "shamir_threshold": threshold,
                                         "key_groups": [{"age": group} for group in groups]}]}
            config = self.scratch / "rules.yaml"
            config.write_text(yaml.safe_dump(rules))
            return sops("--config", config, "--encrypt", "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin", text=text)

        ours = self.recipient
        self.city.commit({"a.yaml": grouped([[ours], [others[0], ours], [others[1]]], 2)})
        self.device.once(check=0)
        self.assertEqual(self.device.path("/etc/a").read_text(), "grouped\n")
        self.city.commit({"a.yaml": grouped([[ours], [others[0]], [others[1]]], 2)})
        said = self.device.once(check=1).stdout
        self.assertIn("for 3 key groups of which it takes 2, and this device is in 1", said)
        self.city.commit({"a.yaml": grouped([[others[0]], [others[1]]], 2)})
        self.assertIn("not for this device", self.device.once(check=1).stdout)

    def test_what_our_side_opened_sops_opens_too(self):
        encrypted = sops_encrypted(file_manifest("a", "/etc/a", "both\n"), self.recipient)
        opened = json.loads(sops("decrypt", "--input-type", "yaml", "--output-type", "json", "/dev/stdin", text=encrypted,
                                 identity=self.identity))
        self.city.commit({"a.yaml": encrypted})
        self.device.once(check=0)
        self.assertEqual(self.device.path("/etc/a").read_text(), opened["spec"]["content"])


if __name__ == "__main__":
    unittest.main()
