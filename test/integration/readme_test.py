#!/usr/bin/env python3
"""What README.md, the manual pages and --help show is what the programs do: each example is run or checked."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import secret_tools  # noqa: E402
from documents import (MANUAL, SOURCE, commands_in, manual_blocks, readme_blocks, readme_commands)  # noqa: E402
from go_program import Missing  # noqa: E402
from greenwave import BIN, City, Device, Scratch, file_manifest, run  # noqa: E402

SAMPLE = SOURCE / "manifests/san-francisco"
DEVICE = "sf-0042"

# Each block, by what it begins with: the check that runs it, or why nothing does.
BLOCKS = {
    "   city's repository": "picture",
    "sudo packaging/demo": "scripts",
    '{"type": "Feature"': "feature",
    "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: coordination}": "corridor",
    "$ greenwave diff\n": "shown_diff",
    "$ greenwave sync --wait\npolling": "shown_mistake",
    "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: springfield}": "city",
    "# base/time.yaml": "manifests",
    "sudo greenwave identity": "shell",
    "sudo packaging/install": "scripts",
    "packaging/install-build-packages --test": "scripts",
    "device: sf-0042": "agent_yaml",
    "  waves:": "waves",
    "agent/ ": "folders",
    "packaging/install-build-packages    #": "scripts",
    "cmake --preset debug": "scripts",
    "Greenwave-Reset:": "a line of a commit's message, not a command: trust_test and sync_test follow such a commit",
    "Greenwave-Ref:": "a line of a commit's message, not a command: trust_test follows such a commit",
    "greenwave-tip 1": "a file, not a command: signed_tip_test has greenwave tip sign make such a one",
    "git-server namespaces=": "a line of a file, not a command: signed_tip_test has such a one",
    "git commit -S --trailer": "trust_test runs it, with a key",
    "git -c gpg.format=ssh tag": "trust_test runs it, with a key",
    "git merge --no-ff": "trust_test runs it, and the commit after it",
    '{"devices"': "health",
    "$ sudo greenwave sync --wait\n": "shell",
    "$ sudo greenwave pause": "shell",
    "$ greenwave bundle": "shell",
    "$ greenwave status -o json": "shell",
    "$ greenwave promote": "promote",
    "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: san-francisco}": "city",
    "$ printf": "transcript",
    "apiVersion: greenwave.dev/v1\nkind: File\nmetadata: {name: chrony}": "manifests",
    "$ git config": "shell",
    "$ greenwaved --config agent.yaml": "shell",
    "install -D -m 644 /usr/share": "sandbox_test puts the file there, on a machine of its own",
    "command: [systemd-run": "a part of a Command: sandbox_test runs such a one",
    "spec: {name: greenwave": "a part of a Package: self_upgrade_test follows commits with such a one",
    "ssh-keygen -t ed25519 -N '' -C tips": "systemd units on a server: tip_units_test",
    "apt install nginx-light": "a server's set-up: mirror_test has the same nginx and mirror, for its own directories",
    "apt install postgresql": "sets a server up: hub_test does the same with servers of its own",
    "interval: 30s\nreaders:": "cities_test checks it",
    "notices:": "notices_test checks it",
    '{"id"': "notices_test reads such a notice",
    "openssl dgst": "notices_test computes the same",
    "# systemctl edit": "needs Postfix",
    "$ journalctl": "needs a journal: install_test reads the agent's on a machine of its own",
}
# Commands in the README's sentences that are names only, without the options that they need.
NAMES_ONLY = {"greenwave init", "greenwave recipients", "greenwave promote", "greenwave enroll", "greenwave tip sign"}


def blocks():
    return readme_blocks() + manual_blocks()


def blocks_for(check):
    return [block for block in blocks() for begin, how in BLOCKS.items() if how == check and block.text.startswith(begin)]


def is_part(part, whole):
    """Whether a parsed value has only what the other has too."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and is_part(part[key], whole[key]) for key in part)
    return part == whole


def without_ids(text):
    """Without what differs from run to run: commits and where the repository is."""
    return re.sub(r"file:\S+", "URL", re.sub(r"\b[0-9a-f]{10,40}\b", "COMMIT", text))


def options_of(program, *command):
    """The options that --help lists."""
    help_text = run(BIN / program, *command, "--help").stdout
    own = help_text[help_text.index("Options:"):].partition("\nSubcommands:")[0]
    return set(re.findall(r"(?:^  |,)(--?[\w-]+)", own, flags=re.M))


def subcommands(*command):
    listed = run(BIN / "greenwave", *command, "--help").stdout.partition("Subcommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z]\w*)", listed, flags=re.M)


def commands():
    """All of greenwave's, and the actions of those that have some."""
    return [[name, *action] for name in subcommands() for action in [[], *([action] for action in subcommands(name))]]


class Town(unittest.TestCase):
    """A city made of the documents' own examples, and a device in it; shell blocks run as they are written, in its
    checkout, with these programs first in the PATH."""

    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        self.city = City(self.scratch)
        self.device = self.enterContext(Device(self.scratch / "device", self.city.url))
        self.programs = self.scratch / "programs"
        self.programs.mkdir()
        here = f"--config {self.device.config} --root {self.device.root}"
        self.program("greenwave", f'exec {BIN}/greenwave {here} "$@"')
        self.program("greenwaved", f'exec {BIN}/greenwaved "$@"')
        self.program("sudo", 'exec "$@"')

    def program(self, name, script):
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def shell(self, text, expected=(0,), **environment):
        """Runs a block with bash in the city's checkout, as written; returns what it prints."""
        script = re.sub(r"^\$ ", "", text, flags=re.M).replace("/media/stick", str(self.scratch))
        script = script.replace("/tmp/device", str(self.scratch / "other-root"))
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.city.work, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}", "SOPS_CONFIG": "/dev/null",
                 "SOPS_DISABLE_VERSION_CHECK": "1", **environment})
        self.assertIn(result.returncode, expected, f"{text}\n{result.stdout}")
        return result.stdout

    def files(self):
        """What the README's greenwave.yaml and manifest refer to, and they."""
        return self.of_cluster(blocks_for("city")[0].text) | {"base/time.yaml": blocks_for("manifests")[0].text}

    def of_cluster(self, text):
        files = {"greenwave.yaml": text, "devices.geojson": (SAMPLE / "devices.geojson").read_text()}
        for layer in yaml.safe_load(text)["spec"]["layers"]:
            if "within" in layer:
                files[layer["within"]] = (SAMPLE / layer["within"]).read_text()
            if "$" not in layer["path"]:
                name = layer["path"].replace("/", "-")
                files[f"{layer['path']}/note.yaml"] = file_manifest(name, f"/etc/{name}", "a note\n")
        return files

    def follow(self, more={}):
        """The device follows the city, and its daemon runs."""
        units = self.device.path("/usr/lib/systemd/system")
        units.mkdir(parents=True)
        (units / "chrony.service").write_text(
            "[Service]\nExecStart=/usr/sbin/chronyd\n[Install]\nWantedBy=multi-user.target\n")
        recipient = re.search(r"age1\w+", self.device.cli("identity").stdout)[0]
        files = self.files()
        inventory = json.loads(files["devices.geojson"])
        for feature in inventory["features"]:
            feature["properties"]["recipient"] = recipient
        files["devices.geojson"] = json.dumps(inventory)
        files["base/snmp.yaml"] = file_manifest("snmp", "/etc/snmp.conf", "community s3cret\n")
        self.city.commit(files | more)
        self.device.start()
        self.device.cli("sync", "--wait", check=0)
        self.city.commit({"base/later.yaml": file_manifest("later", "/etc/later", "later\n")}, "Add a file")


class Everything(unittest.TestCase):
    def test_each_block_is_run_or_says_why_not(self):
        for block in blocks():
            known = [how for begin, how in BLOCKS.items() if block.text.startswith(begin)]
            self.assertEqual(len(known), 1, f"{block.place}: {block.text[:60]!r} in BLOCKS")
        for begin in BLOCKS:
            self.assertTrue(any(block.text.startswith(begin) for block in blocks()), f"there is no such block: {begin!r}")
        for how in BLOCKS.values():
            made = any(hasattr(case, f"test_{how}") for case in (Pictures, Manifests, Shell, SampleCity))
            self.assertTrue(made or " " in how, how)


class Pictures(unittest.TestCase):
    def test_picture(self):
        for block in blocks_for("picture"):
            for name in re.findall(r"│ ([\w/.-]+) +│◀|│ ([\w/.-]+(?:/|\.geojson|\.yaml)) ", block.text):
                self.assertTrue((SAMPLE / "".join(name)).exists(), f"{block.place}: the sample city has no {name}")

    def test_folders(self):
        for block in blocks_for("folders"):
            for line in block.text.splitlines():
                self.assertTrue((SOURCE / line.split()[0]).is_dir(), f"{block.place}: {line}")

    def test_scripts(self):
        """Nothing here builds or installs: demo_test, hub_demo_test, install_test and CI run these."""
        presets = json.loads((SOURCE / "CMakePresets.json").read_text())
        for block in blocks_for("scripts"):
            for script in re.findall(r"(?<![\w./])(?:packaging|test|\.ci)/[\w-]+(?![\w/])", re.sub("#.*", "", block.text)):
                self.assertTrue(os.access(SOURCE / script, os.X_OK) or (SOURCE / script).is_dir(), f"{block.place}: {script}")
            for kind, preset in re.findall(r"(cmake --build|cmake|ctest) --preset (\w+)", block.text):
                kind = {"cmake --build": "build", "cmake": "configure", "ctest": "test"}[kind]
                self.assertIn(preset, [known["name"] for known in presets[f"{kind}Presets"]], block.place)


class Manifests(Town):
    def lint(self, files, place):
        self.city.commit(files)
        result = run(BIN / "greenwave", "lint", self.city.work, check=False)
        self.assertEqual(result.returncode, 0, f"{place}: {result.stdout}")

    def test_city(self):
        for block in blocks_for("city"):
            with self.subTest(block.place):
                self.city = City(self.enterContext(Scratch()))
                self.lint(self.of_cluster(block.text), block.place)

    def test_manifests(self):
        for block in blocks_for("manifests"):
            with self.subTest(block.place):
                self.lint(self.files() | {"base/time.yaml": block.text}, block.place)

    def test_waves(self):
        for block in blocks_for("waves"):
            files = self.files()
            files["greenwave.yaml"] += block.text
            inventory = json.loads(files["devices.geojson"])
            inventory["features"][0]["properties"]["labels"]["role"] = "canary"
            files["devices.geojson"] = json.dumps(inventory)
            self.lint(files, block.place)

    def test_agent_yaml(self):
        """The files that it names are not below --root: here they are in the test's own directory."""
        etc = self.scratch / "etc/greenwave"
        etc.mkdir(parents=True)
        (etc / "token").write_text("t0ken\n")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", etc / "key")
        (etc / "allowed_signers").write_text("olga@city.example " + (etc / "key.pub").read_text())
        for block in blocks_for("agent_yaml"):
            with self.subTest(block.place):
                self.device.config.write_text(block.text.replace("/etc/greenwave", str(etc)))
                checked = run(*self.device.command("greenwaved", "--check-config"), check=False)
                self.assertEqual(checked.returncode, 0, f"{block.place}: {checked.stdout}")

    def test_feature(self):
        features = {f["id"]: f for f in json.loads((SAMPLE / "devices.geojson").read_text())["features"]}
        for block in blocks_for("feature"):
            shown = json.loads(block.text.replace(", …", ""))
            self.assertTrue(is_part(shown, features[shown["id"]]), block.place)

    def test_corridor(self):
        castro = [document for file in (SAMPLE / "corridors/castro").glob("*.yaml")
                  for document in yaml.safe_load_all(file.read_text())]
        for block in blocks_for("corridor"):
            shown = yaml.safe_load(block.text)
            self.assertTrue(any(is_part(shown, document) for document in castro), block.place)


class SampleCity(Town):
    """The README's tour."""

    def setUp(self):
        super().setUp()
        shutil.copytree(SAMPLE, self.city.work, dirs_exist_ok=True)
        self.city.commit({}, "The city as it is")
        units = self.device.path("/usr/lib/systemd/system")
        units.mkdir(parents=True)
        for unit in ("chrony", "nftables", "rsyslog", "snmpd", "ssh", "systemd-journald", "systemd-sysctl"):
            (units / f"{unit}.service").write_text(
                f"[Service]\nExecStart=/usr/sbin/{unit}\n[Install]\nWantedBy=multi-user.target\n")
        self.device.start()
        self.device.cli("sync", "--wait", check=0)

    def shows(self, check, status):
        for block in blocks_for(check):
            command, _, expected = block.text.partition("\n")
            printed = self.shell(command, (status,))
            self.assertEqual(without_ids(printed), without_ids(expected), block.place)

    def test_shown_diff(self):
        inventory = (self.city.work / "devices.geojson").read_text().splitlines()
        lines = [line.replace('"offsetPm": 76', '"offsetPm": 1') if f'"{DEVICE}"' in line else line for line in inventory]
        self.assertNotEqual(lines, inventory)
        self.city.commit({"devices.geojson": "\n".join(lines) + "\n"}, "Retime 19th & Castro")
        self.shows("shown_diff", 1)

    def test_shown_mistake(self):
        text = (self.city.work / "base/controller.yaml").read_text()
        self.city.commit({"base/controller.yaml": text.replace("  mode:", "  mod:", 1)}, "A mistake")
        self.shows("shown_mistake", 1)


class Shell(Town):
    def test_shell(self):
        self.follow()
        self.shell("greenwave bundle --device sf-0042 /media/stick/sf-0042.bundle")
        for block in blocks_for("shell"):
            with self.subTest(block.place):
                self.one_block(block)

    def one_block(self, block):
        text = block.text
        if "sops" in text:
            try:
                self.program("sops", f'exec {secret_tools.sops_program()} "$@"')
            except Missing as missing:
                self.skipTest(str(missing))
        if "--config agent.yaml" in text:
            shutil.copy(self.device.config, self.city.work / "agent.yaml")
            shutil.copytree(self.device.path("/usr"), self.scratch / "other-root/usr")
        self.shell(text)
        self.device.cli("resume")
        if "sops" in text:
            self.assertIn("ENC[", (self.city.work / "base/snmp.yaml").read_text())

    def test_commands_in_the_readmes_sentences(self):
        self.follow()
        place = {"FILE": "/media/stick/one.bundle", "DIR": "/media/stick/root", "URL": "", "agent.yaml": str(self.device.config)}
        self.shell("greenwave bundle --device sf-0042 /media/stick/one.bundle")
        shutil.copytree(self.device.path("/usr"), self.scratch / "root/usr")
        for where, command in readme_commands():
            if command in NAMES_ONLY or re.search("promote|logs|fleet", command):
                continue  # test_promote, command_line_test, which needs a journal, and fleet_test, which needs a hub
            with self.subTest(f"{where}: {command}"):
                self.shell(re.sub(r"\b(FILE|DIR|agent\.yaml)\b", lambda word: place[word[0]], command), expected=(0, 1))

    def test_promote(self):
        waves = blocks_for("waves")[0].text
        commit = self.city.commit(self.files() | {"greenwave.yaml": blocks_for("city")[0].text + waves})
        for wave in ("canary", "early"):
            self.city.git("push", "-q", "origin", f"HEAD:refs/heads/wave/{wave}")
        health = self.scratch / "health.json"
        health.write_text(blocks_for("health")[0].text.replace("3f78...", commit))
        promotes = [block.text for block in blocks_for("promote")]
        promotes += [command for _, command in readme_commands() if command.startswith("greenwave promote --")]
        self.assertEqual(len(promotes), 2)
        for command in promotes:
            with self.subTest(command):
                words = command.replace("https://hub.example/health.json", str(health))
                words = words.replace("--repo URL", f"--repo {self.city.url}").replace("--health URL", f"--health {health}")
                self.shell(words, REPOSITORY=self.city.url)

    def test_transcript(self):
        for block in blocks_for("transcript"):
            for command, output in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block.text, flags=re.M):
                self.assertEqual(self.shell(command), output, block.place)

    def test_health(self):
        for block in blocks_for("health"):
            for health in json.loads(block.text)["devices"].values():
                self.assertEqual(set(health), {"commit", "target", "health", "seen"}, block.place)


class Pages(unittest.TestCase):
    @unittest.skipUnless(shutil.which("mandoc"), "needs mandoc")
    def test_manual_pages_have_no_formatting_faults(self):
        for page in sorted(MANUAL.iterdir()):
            found = subprocess.run(["mandoc", "-T", "lint", page], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True).stdout.splitlines()
            # Sentences are lines here, and which other pages a machine has is its own affair.
            faults = [line for line in found if not re.search("line longer than 80|manual not found", line)]
            self.assertEqual(faults, [])


class Options(unittest.TestCase):
    """Of every example, also of those in --help: its options exist."""

    def check(self, place, words):
        program, rest = words[0], words[1:]
        known = options_of(program)
        if program == "greenwave":
            names = [word for word in rest if word in subcommands()]
            self.assertTrue(names or set(rest) & {"--help", "--version", "help"}, f"{place}: {words}")
            known |= options_of(program, names[0]) if names else set()
            actions = [word for word in rest if names and word in subcommands(names[0])]
            known |= options_of(program, names[0], actions[0]) if actions else set()
        for word in rest:
            if word.startswith("-") and len(word) > 1:
                self.assertIn(word.partition("=")[0], known, f"{place}: {words}")

    def test_examples_of_the_documents(self):
        for block in blocks():
            for words in commands_in(block.text):
                self.check(block.place, words)
        for place, command in readme_commands():
            for words in commands_in(command):
                self.check(place, words)

    def test_examples_of_help(self):
        for command in [[], *commands()]:
            text = run(BIN / "greenwave", *command, "--help").stdout
            examples = commands_in(re.sub(r"^  (\S.*?)(   +.*)?$", r"\1", text.partition("Examples:\n")[2], flags=re.M))
            self.assertTrue(examples, command)
            for words in examples:
                self.check(f"greenwave {command} --help", words)
        for words in commands_in(run(BIN / "greenwaved", "--help").stdout.partition("Examples:\n")[2]):
            self.check("greenwaved --help", [word for word in words if re.match(r"[-\w/.]", word)])

    def test_the_manual_has_each_command_and_option_and_no_others(self):
        page = (MANUAL / "greenwave.1").read_text()
        synopsis = page.partition(".Sh SYNOPSIS")[2].partition(".Sh DESCRIPTION")[0]
        shown = {}
        for part in synopsis.split(".Nm\n")[1:]:
            name = re.match(r"\.Cm (\w+)", part)[1]
            shown.setdefault(name, set()).update("--" + option for option in re.findall(r"Fl -([\w-]+)", part))
        self.assertEqual(sorted(shown), sorted(subcommands()))
        for name, options in shown.items():
            known = options_of("greenwave", name)
            self.assertLessEqual(options, known, name)
            for action in subcommands(name):
                self.assertRegex(page, rf"\n\.It Cm {action}\b", f"{name} {action}")
                known |= options_of("greenwave", name, action)
            for option in known - {"-h", "--help"}:
                self.assertRegex(page, rf"Fl (?:{option[1:]}\b|.*\bFl {option[1:]}\b)", f"{name} {option}")


if __name__ == "__main__":
    unittest.main()
