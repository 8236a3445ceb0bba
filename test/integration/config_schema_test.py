"""The schemas of the configurations and the programs that read them agree on every field, in both directions."""

import copy
import json
import pathlib
import re
import sys
import unittest
import warnings

import jsonschema
import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, Scratch, run  # noqa: E402

SOURCE = pathlib.Path(__file__).parents[2]
SCHEMAS = SOURCE / "manifests/schema"
STRANGE = "qqqqqqqqqqqqqqqq"  # near no field's name, so that the error lists all there are

URL = "https://one.example"
CITY = {"name": "shelbyville", "url": URL, "tokenFile": "/t", "caFile": "/c", "deadline": "20s"}
# Each is whole: it has every field that the schema has.
WHOLE = {
    "hub": {
        "city": "springfield", "database": "dbname=greenwave", "socket": "/s", "stateDirectory": "/d", "follow": "/f",
        "devices": {"heartbeat": "5m", "silentAfter": "15m", "certificates": "external", "certificateLife": "30d", "relays": ["r"]},
        "keepHistory": "90d", "users": {"ana": "approve", "*": "view"},
        "notices": {"page": URL, "pace": "5m", "webhook": {"url": URL, "secretFile": "/s", "caFile": "/c"},
                    "mail": {"to": ["a@b.example"], "from": "c@d.example", "sendmail": "/m"},
                    "commits": {"server": "gitea", "url": URL, "project": "traffic/springfield", "tokenFile": "/t", "caFile": "/c"}},
        "cities": [CITY], "tiles": "https://tiles.example/{z}/{x}/{y}.png"},
    "cities": {"cities": [CITY], "interval": "30s", "readers": {"dashboard": "/t"}, "users": {"ana": "view"}, "socket": "/s",
               "stateDirectory": "/d"},
    "mirror": {"repository": "springfield.git", "directory": "/d", "socket": "/s", "hooks": "/h",
               "upstream": {"url": URL + "/city.git", "interval": "1m", "username": "git", "tokenFile": "/t", "sshKeyFile": "/k",
                            "knownHostsFile": "/k", "caFile": "/c", "webhookSecretFile": "/w", "signedTips": False}},
}
PROGRAMS = {"hub": ["greenwave-hub", "--check-config"], "cities": ["greenwave-hub", "--cities", "/none", "--check-config"],
            "mirror": ["greenwave-hub", "--mirror-config", "/none", "--check-config"], "agent": ["greenwaved", "--check-config"]}


def document(name):
    return json.loads((SCHEMAS / name).read_text())


def resolved(node, file):
    """A schema with what it refers to, and the file that its own references are relative to."""
    reference = node.get("$ref")
    if reference is None:
        return node, file
    name, pointer = reference.split("#")
    target = document(name or file)
    for step in filter(None, pointer.split("/")):
        target = target[step]
    found, place = resolved(target, name or file)
    return {**found, **{key: value for key, value in node.items() if key != "$ref"}}, place


def fields(node, file, path=()):
    """Each field as (path, schema): a path has names, and 0 for the items of a list."""
    node, file = resolved(node, file)
    yield path, node
    for name, member in node.get("properties", {}).items():
        yield from fields(member, file, (*path, name))
    if "items" in node:
        yield from fields(node["items"], file, (*path, 0))


def changed(whole, path, value):
    """The document with `value` at the path; what is missing on the way is made."""
    whole = copy.deepcopy(whole)
    at = whole
    for step, following in zip(path, (*path[1:], None)):
        last = following is None
        empty = [] if following == 0 else {}
        if isinstance(at, list):
            if not at:
                at.append(value if last else empty)
            elif last:
                at[0] = value
            at = at[0]
        else:
            at[step] = value if last else at.get(step, empty)
            at = at[step]
    return whole


class Schemas(unittest.TestCase):
    def setUp(self):
        self.file = self.enterContext(Scratch()) / "checked.yaml"

    def check(self, name, value):
        program, *words = PROGRAMS[name]
        if not (BIN / program).exists():
            self.skipTest(f"this build has no {program}")
        self.file.write_text(json.dumps(value))
        return run(BIN / program, *words, self.file, check=False)

    def complaints(self, name, value):
        schema = document(f"{name}.schema.json")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Debian 12's version has nothing newer
            resolver = jsonschema.RefResolver(base_uri=(SCHEMAS / f"{name}.schema.json").as_uri(), referrer=schema)
        return [error.message for error in jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(value)]

    def fields(self, name):
        return list(fields(document(f"{name}.schema.json"), f"{name}.schema.json"))

    def test_each_map_has_the_fields_that_its_reader_knows_and_no_other(self):
        for name in PROGRAMS:
            for path, schema in self.fields(name):
                if "properties" not in schema:
                    continue
                with self.subTest(name, path=path):
                    said = self.check(name, changed(WHOLE.get(name, {}), (*path, STRANGE), 1)).stdout
                    known = re.search(rf'has no field "{STRANGE}"; its fields are (.*)', said)
                    self.assertTrue(known, said)
                    known = set(known[1].split(", "))
                    self.assertLessEqual(known, set(schema["properties"]))
                    for name_ in set(schema["properties"]) - known:  # read only if it is there
                        said = self.check(name, changed(WHOLE.get(name, {}), (*path, name_), 1)).stdout
                        self.assertNotIn(f'has no field "{name_}"', said)

    def test_each_choice_is_the_readers_own(self):
        for name in PROGRAMS:
            for path, schema in self.fields(name):
                words = schema.get("enum")
                if words is None or not all(isinstance(word, str) for word in words):
                    continue
                with self.subTest(name, path=path):
                    said = self.check(name, changed(WHOLE.get(name, {}), path, STRANGE)).stdout
                    lines = [line for line in said.splitlines() if STRANGE in line]
                    self.assertTrue(lines, said)
                    for word in words:
                        self.assertRegex(lines[0], rf"\b{re.escape(word)}\b")

    def test_a_whole_document_and_each_default_and_example_are_good_for_both(self):
        for name, whole in WHOLE.items():
            self.assertEqual({path for path, schema in self.fields(name) if path and path[-1] != 0},
                             {path for path, schema in self.fields(name) if path and path[-1] != 0 and self.has(whole, path)}, "is whole")
            documents = [whole]
            for path, schema in self.fields(name):
                values = [*schema.get("examples", []), *([schema["default"]] if "default" in schema else [])]
                documents += [changed(whole, path, value) for value in values]
            for value in documents:
                with self.subTest(name, value=value):
                    self.assertEqual([], self.complaints(name, value))
                    result = self.check(name, value)
                    self.assertEqual(0, result.returncode, result.stdout)

    def has(self, whole, path):
        for step in path:
            if not (step in whole if isinstance(whole, dict) else step < len(whole)):
                return False
            whole = whole[step]
        return True

    def test_what_one_refuses_the_other_refuses(self):
        wrong = [("hub", ("city",), ""), ("hub", ("socket",), "hub.sock"), ("hub", ("users", "ana"), "king"),
                 ("hub", ("devices", "heartbeat"), "soon"), ("hub", ("tiles",), "https://t/1.png"),
                 ("hub", ("tiles",), "https://t/{z}/{x}/{y}; script-src *"), ("hub", ("notices", "page"), "https://ana:secret@hub.example"),
                 ("hub", ("notices", "mail", "to"), []), ("hub", ("notices", "mail", "from"), "Ana"),
                 ("hub", ("notices", "commits", "project"), "springfield"), ("hub", ("devices", "relays"), "relay"),
                 ("hub", ("cities", 0, "name"), "x" * 101), ("hub", ("cities", 0, "url"), "ftp://hub.example"),
                 ("cities", ("cities",), []), ("cities", ("readers", "dashboard"), "token"), ("cities", ("interval",), 30),
                 ("mirror", ("repository",), "../etc"), ("mirror", ("repository",), "a.git.tip"), ("mirror", ("upstream", "username"), "a:b"),
                 ("mirror", ("upstream", "url"), "https://ana:secret@git.example/a.git"), ("mirror", ("upstream", "signedTips"), "yes")]
        for name, whole in WHOLE.items():
            wrong += [(name, path, None) for path, schema in self.fields(name) if schema.get("required") and path and path[-1] != 0]
            required = document(f"{name}.schema.json")["required"]
            for one in required:
                lacking = {key: value for key, value in whole.items() if key != one}
                with self.subTest(name, lacking=one):
                    self.assertNotEqual([], self.complaints(name, lacking))
                    self.assertEqual(2, self.check(name, lacking).returncode)
        for name, path, value in wrong:
            if value is None:
                value = {}  # a map without what it requires
            with self.subTest(name, path=path, value=value):
                self.assertNotEqual([], self.complaints(name, changed(WHOLE[name], path, value)))
                self.assertEqual(2, self.check(name, changed(WHOLE[name], path, value)).returncode)

    def test_the_examples_that_are_shipped_are_good_for_both(self):
        for name, file in (("hub", "hub/hub.yaml"), ("cities", "hub/cities.yaml"), ("mirror", "mirror/mirror.yaml")):
            text = (SOURCE / "packaging" / file).read_text()
            self.assertTrue(text.startswith(f"# yaml-language-server: $schema=/usr/share/greenwave/schemas/{name}.schema.json\n"), file)
            self.assertEqual([], self.complaints(name, yaml.safe_load(text)))
            self.assertEqual(0, self.check(name, yaml.safe_load(text)).returncode)


class TheHubsCheck(unittest.TestCase):
    def setUp(self):
        if not (BIN / "greenwave-hub").exists():
            self.skipTest("this build has no hub")
        self.scratch = self.enterContext(Scratch())

    def check(self, *words):
        return run(BIN / "greenwave-hub", *words, check=False)

    def test_a_file_that_it_names_and_cannot_read_is_a_warning(self):
        file = self.scratch / "hub.yaml"
        file.write_text(json.dumps({**WHOLE["hub"], "follow": str(self.scratch / "city.yaml")}))
        result = self.check("--check-config", file)
        self.assertEqual(0, result.returncode)
        for word in ("follow: there would be no inventory", "webhook: secretFile: ", "commits: tokenFile: ", "sendmail: there is no /m",
                     "cities: tokenFile: ", "is valid: a hub for springfield"):
            self.assertIn(word, result.stdout)
        (self.scratch / "city.yaml").write_text("repository: {url: https://git.example/city.git}\n")
        self.assertNotIn("follow", self.check("--check-config", file).stdout)

    def test_it_is_the_command_check_and_takes_the_file_of_the_service_or_another(self):
        good, bad = self.scratch / "good.yaml", self.scratch / "bad.yaml"
        good.write_text(json.dumps({"city": "x", "database": "y"}))
        bad.write_text("city: x\n")
        for words, status in ((("--check-config", good), 0), (("check", good), 0), (("--config", good, "--check-config"), 0),
                              (("--config", good, "check"), 0), (("--config", bad, "--check-config", good), 0),
                              (("--config", good, "--check-config", bad), 2), (("--cities", good, "--check-config"), 2),
                              (("--mirror-config", good, "check"), 2), (("--mirror-config", good, "migrate"), 2)):
            self.assertEqual(status, self.check(*words).returncode, words)
        self.assertIn("--mirror-config is not for migrate", self.check("--mirror-config", good, "migrate").stdout)


if __name__ == "__main__":
    unittest.main()
