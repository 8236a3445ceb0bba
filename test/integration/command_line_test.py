#!/usr/bin/env python3
"""What the two programs do with words: help, mistakes in them, and what needs neither a daemon nor a network."""

import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import termios
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from documents import SOURCE  # noqa: E402
from greenwave import BIN, City, Scratch, file_manifest, run  # noqa: E402


def greenwave(*words, program="greenwave", **options):
    return run(BIN / program, *words, check=False, **options)


def commands():
    listed = greenwave("--help").stdout.partition("Subcommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z]\w*)", listed, flags=re.M)


def long_options(text):
    return re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, flags=re.M)


def on_terminal(columns, *words):
    """What a command prints on a terminal of that width."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([BIN / words[0], *words[1:]], stdin=slave, stdout=slave, stderr=slave,
                               env={**os.environ, "NO_COLOR": "1"})
    os.close(slave)
    text = b""
    try:
        while part := os.read(master, 4096):
            text += part
    except OSError:  # the program has closed its end
        pass
    os.close(master)
    process.wait()
    return text.decode().replace("\r\n", "\n")


class Mistakes(unittest.TestCase):
    def refused(self, words, *expected, program="greenwave"):
        result = greenwave(*words, program=program)
        self.assertEqual(result.returncode, 2, words)
        for text in expected:
            self.assertIn(text, result.stdout, words)

    def test_a_mistyped_command_or_option_names_the_one_that_was_meant(self):
        self.refused(["stauts"], "unknown command stauts", "did you mean status?")
        self.refused(["sync", "--wiat"], "unknown option --wiat", "did you mean --wait?")
        self.refused(["--outptu", "json", "status"], "did you mean --output?")
        self.refused(["--ocne"], "unknown option --ocne", "did you mean --once?", program="greenwaved")

    def test_each_command_and_option_without_a_letter_of_its_middle_is_recognised(self):
        for command in commands():
            mistyped = command[: len(command) // 2] + command[len(command) // 2 + 1:]
            result = greenwave(mistyped)
            self.assertRegex(result.stdout, r"did you mean \w+\?", mistyped)
            for option in long_options(greenwave(command, "--help").stdout):
                mistyped = option[:4] + "q" + option[4:]
                self.refused([command, mistyped], f"did you mean {option}?")

    def test_what_is_like_nothing_gets_the_way_to_help(self):
        self.refused(["zzzzzzzz"], "unknown command zzzzzzzz", "see greenwave --help")
        self.refused(["sync", "--zzzzzzzz"], "see greenwave sync --help")
        self.refused(["status", "extra"], "unexpected argument extra", "see greenwave status --help")
        self.refused([], "no command is given", "see greenwave --help")

    def test_with_json_wrong_usage_is_json_too(self):
        for words in (["stauts"], ["status", "--zzz"], ["pause"], ["history", "-n", "many"], ["recipients"]):
            for form in (["-o", "json"], ["--output=json"], ["--output", "json"]):
                result = subprocess.run([BIN / "greenwave", *words, *form], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
                self.assertEqual(result.returncode, 2)
                self.assertEqual(set(json.loads(result.stdout)), {"error", "remedy"}, words)
                self.assertEqual(result.stderr, "")


class Help(unittest.TestCase):
    def test_help_prints_what_the_option_prints(self):
        self.assertEqual(greenwave("help").stdout, greenwave("--help").stdout)
        for command in commands():
            shown = greenwave("help", command)
            self.assertEqual(shown.returncode, 0)
            self.assertEqual(shown.stdout, greenwave(command, "--help").stdout)
        self.assertIn("did you mean status?", greenwave("help", "stauts").stdout)

    def test_version(self):
        version = greenwave("--version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"^greenwave \d+\.\d+\.\d+\n$")

    def test_lines_fit_a_terminal_and_say_the_same_as_elsewhere(self):
        for command in ([], *([name] for name in commands())):
            whole = greenwave(*command, "--help").stdout
            for columns in (60, 100):
                shown = on_terminal(columns, "greenwave", *command, "--help")
                self.assertEqual(shown.split(), whole.split(), command)
                for line in shown.splitlines():
                    fits = len(line) <= columns or len(line.split()) <= 2 or re.match(r" {41,}|  \S.{38,}?  ", line)
                    self.assertTrue(fits, f"{command} at {columns}: {line!r}")


class Explain(unittest.TestCase):
    def test_it_lists_each_schema_of_a_file_that_people_write(self):
        listed = [field["field"] for field in json.loads(greenwave("explain", "-o", "json").stdout)]
        for name in ("File", "Directory", "SystemdUnit", "Command", "HealthCheck", "greenwave.yaml", "agent.yaml"):
            self.assertIn(name, listed)
        text = greenwave("explain").stdout
        for name in listed:
            self.assertIn(f"  {name} ", text)

    def all_in(self, field):
        yield field
        for part in field.get("fields", []):
            yield from self.all_in(part)

    def test_each_field_of_each_schema_is_explained(self):
        seen = []
        for root in json.loads(greenwave("explain", "-o", "json").stdout):
            whole = json.loads(greenwave("explain", root["field"], "--recursive", "-o", "json").stdout)
            self.assertEqual(whole["field"], root["field"])
            for field in self.all_in(whole):
                seen.append(field["field"])
                self.assertTrue(field.get("description"), field)
            tree = greenwave("explain", root["field"], "--recursive").stdout
            self.assertEqual(len(re.findall(r"^ +\S+  <", tree, flags=re.M)), len(list(self.all_in(whole))) - 1)
        self.assertEqual(len(seen), len(set(seen)))
        for path in ("File.spec.mode", "agent.yaml.repository.interval", "greenwave.yaml.layers.selector.matchLabels",
                     "Pod.spec.containers.livenessProbe.httpGet.path"):
            self.assertIn(path, [*seen, *(name.replace("File.", "File.spec.") for name in seen)])

    def test_what_podman_makes_of_a_field_is_what_lint_says(self):
        tty = json.loads(greenwave("explain", "Deployment.spec.template.spec.hostIPC", "-o", "json").stdout)
        self.assertEqual(tty["type"], "boolean")
        refused = greenwave("explain", "Pod.spec.securityContext.windowsOptions").stdout
        self.assertIn("Refused with podman: devices run Linux", refused)
        self.assertEqual(greenwave("explain", "Pod.securityContext.windowsOptions").stdout.splitlines()[1:],
                         refused.splitlines()[1:])
        result = greenwave("explain", "Pod.spec.contaners")
        self.assertEqual(result.returncode, 2)
        self.assertIn("did you mean Pod.spec.containers?", result.stdout)

    def test_type_default_values_and_examples_are_those_of_the_schema(self):
        def explained(path):
            return json.loads(greenwave("explain", path, "-o", "json").stdout)

        interval = explained("agent.yaml.repository.interval")
        self.assertEqual((interval["type"], interval["default"]), ("string", "60s"))
        self.assertEqual(explained("File.spec.mode")["examples"], ["0644", "0755", "0600"])
        self.assertEqual(explained("greenwave.yaml.windows.days")["values"],
                         ["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
        self.assertTrue(explained("File.path")["required"])
        self.assertFalse(explained("File.owner")["required"])
        text = greenwave("explain", "File.mode").stdout
        for part in ("File.mode: string", "Permission bits", '"0644"'):
            self.assertIn(part, text)

    def test_a_mistyped_field_names_the_one_that_was_meant(self):
        for path, meant in (("File.mdoe", "File.mode"), ("Fiel.mode", "File"),
                            ("agent.yaml.repositry", "agent.yaml.repository")):
            result = greenwave("explain", path)
            self.assertEqual(result.returncode, 2)
            self.assertIn(f"did you mean {meant}?", result.stdout)
        self.assertIn("kubectl explain", greenwave("explain", "Ingress").stdout)

    def test_the_text_fits_a_terminal(self):
        for path in ("File", "File.metadata.annotations", "greenwave.yaml"):
            for line in on_terminal(60, "greenwave", "explain", path).splitlines():
                self.assertLessEqual(len(line), 60, path)


class Logs(unittest.TestCase):
    def setUp(self):
        self.scratch = self.enterContext(Scratch())
        fake = self.scratch / "journalctl"
        fake.write_text('#!/bin/sh\necho "$@"\n')
        fake.chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{self.scratch}:{os.environ['PATH']}"}

    @unittest.skipUnless(any(os.path.isdir(path) for path in ("/run/log/journal", "/var/log/journal")), "needs a journal")
    def test_it_is_journalctl_that_reads_the_units_messages(self):
        def asked(*words):
            return greenwave("logs", *words, env=self.environment).stdout.strip()

        self.assertEqual(asked(), "--unit=greenwaved.service --lines=200")
        self.assertEqual(asked("-f", "--since", "2h"), "--unit=greenwaved.service --follow --since=-2h")
        self.assertEqual(asked("--since", "today", "-o", "json"),
                         "--unit=greenwaved.service --since=today --output=json")

    def test_where_there_is_no_journal_it_says_so(self):
        result = greenwave("--root", self.scratch, "logs", env=self.environment)
        self.assertEqual(result.returncode, 2)
        self.assertIn("journal", result.stdout)


class Recipients(unittest.TestCase):
    def test_a_layers_path_may_be_written_with_its_variables(self):
        recipients = {"a": "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
                      "b": "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"}
        features = [{"type": "Feature", "id": name, "geometry": {"type": "Point", "coordinates": [0, 0]},
                     "properties": {"recipient": recipient}} for name, recipient in recipients.items()]
        city = City(self.enterContext(Scratch()))
        city.commit({
            "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec:\n"
                              "  devices: devices.geojson\n  layers:\n    - path: base\n"
                              "    - {path: 'devices/${device.id}', optional: true}\n",
            "devices.geojson": json.dumps({"type": "FeatureCollection", "features": features}),
            "base/a.yaml": file_manifest("a", "/etc/a", "a"),
            "devices/b/b.yaml": file_manifest("b", "/etc/b", "b"),
        })

        def of(layer):
            return sorted(greenwave("recipients", "--layer", layer, city.work).stdout.split())

        self.assertEqual(of("base"), sorted(recipients.values()))
        self.assertEqual(of("devices/b"), [recipients["b"]])
        self.assertEqual(of("devices/${device.id}"), [recipients["b"]])


class Documents(unittest.TestCase):
    def test_the_schemas_of_the_program_are_those_of_the_source(self):
        agent = json.loads((SOURCE / "manifests/schema/agent.schema.json").read_text())
        explained = json.loads(greenwave("explain", "agent.yaml", "-o", "json").stdout)
        self.assertEqual([field["field"] for field in explained["fields"]],
                         [f"agent.yaml.{name}" for name in agent["properties"]])


class Controls(unittest.TestCase):
    def test_each_command_of_the_page_of_controls_is_one_that_there_is(self):
        text = (SOURCE / "packaging/docs/controls.md").read_text()
        for code in re.findall(r"`(?:sudo )?greenwave ([^`]+)`", text):
            words = code.split()
            offered = run(BIN / "greenwave", "__complete", *(word for word in words if not word.startswith("-")), "--").stdout
            for option in (word for word in words if word.startswith("--")):
                self.assertIn(f"\n{option}\t", offered, code)
            action = words[:2] if words[0] == "fleet" else words[:1]
            self.assertEqual(greenwave(*action, "--help").returncode, 0, code)
        for code in re.findall(r"`greenwave (explain [^`]+)`", text):
            self.assertEqual(greenwave(*code.split()).returncode, 0, code)


if __name__ == "__main__":
    unittest.main()
