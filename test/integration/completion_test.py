#!/usr/bin/env python3
"""What bash, zsh and fish offer while somebody types: the shells themselves, with the scripts of `completion SHELL`."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from greenwave import BIN, City, Scratch, run  # noqa: E402

PATIENCE = 60
PROMPT = "\x1b]READY"  # what no program prints
HUB = BIN / "greenwave-hub"

# The list comes by itself, whole, and the line is written again below it.
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
SETTINGS = {
    "bash": r"""bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'; bind 'set completion-query-items 0'
bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set completion-display-width 0'
PS1=$'\e]READY'""",
    "zsh": r"""autoload -Uz compinit; compinit -u -D; setopt no_always_last_prompt no_beep list_ambiguous no_prompt_sp
unset zle_bracketed_paste; LISTMAX=100000; zstyle ':completion:*' list-packed no
unsetopt zle_rprompt_indent; PS1=$'\e]READY'""",
}


def shapes(program):
    """Every command of a program with the options that its --help shows; "" is the program itself."""
    def options(*words):
        text = run(BIN / program, *words, "--help").stdout
        return re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, flags=re.M)

    listed = run(BIN / program, "--help").stdout.partition("Subcommands:\n")[2].partition("\n\n")[0]
    found = {(): options()}
    for command in re.findall(r"^  ([a-z]\w*)", listed, flags=re.M):
        found[(command,)] = options(command)
        inner = run(BIN / program, command, "--help").stdout.partition("Subcommands:\n")[2].partition("\n\n")[0]
        for action in re.findall(r"^  ([a-z]\w*)", inner, flags=re.M):
            found[(command, action)] = options(command, action)
    return found


class Typed:
    """A shell on a terminal of its own, in which keys are typed."""

    def __init__(self, shell, directory, scripts):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 400, 300, 0, 0))
        environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "dumb", "HOME": str(directory), "LANG": "C.UTF-8",
                       "HISTFILE": ""}
        self.process = subprocess.Popen(START[shell], cwd=directory, env=environment, stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True)
        os.close(slave)
        self.master = master
        self.text = ""
        os.write(master, (SETTINGS[shell] + "\n" + "".join(f"source {script}\n" for script in scripts)
                          + "echo BE''GUN\n").encode())
        self.wait(r"BEGUN\r?\n(.|\n)*READY")

    def wait(self, pattern):
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text):
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{pattern!r} did not come: {self.text[-2000:]!r}")
            self.text += os.read(self.master, 65536).decode(errors="replace")
        return self.text

    def after_tab(self, line):
        """What stands on the terminal after a line and a tab, and a mark typed behind it."""
        self.text = ""
        os.write(self.master, (line + "\t").encode())
        os.write(self.master, b"#M\x15")
        self.wait(r"#M")
        os.write(self.master, b"echo DO''NE\n")
        return self.wait(r"DONE\r?\n(.|\n)*READY")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def city(scratch, ids=("sf-0042", "sf-0043", "sf-0100")):
    features = [{"type": "Feature", "id": name, "geometry": {"type": "Point", "coordinates": [0, 0]},
                 "properties": {"labels": {"model": "atc-5201"}}} for name in ids]
    place = City(scratch)
    place.commit({
        "greenwave.yaml": "apiVersion: greenwave.dev/v1\nkind: Cluster\nmetadata: {name: c}\nspec:\n"
                          "  devices: devices.geojson\n  layers: [{path: base}]\n",
        "devices.geojson": json.dumps({"type": "FeatureCollection", "features": features}),
        "base/note.txt": "",
        "only one.bundle": "",
    })
    return place.work


class Shell:
    """What holds in every shell."""

    def setUp(self):
        if shutil.which(self.shell) is None:
            self.skipTest(f"{self.shell} is missing: packaging/install-build-packages --test brings it")
        self.scratch = self.enterContext(Scratch())
        self.city = city(self.scratch)
        self.scripts = []
        for program in ["greenwave"] + (["greenwave-hub"] if HUB.exists() else []):
            script = self.scratch / f"{program}.{self.shell}"
            script.write_text(run(BIN / program, "completion", self.shell).stdout)
            self.scripts.append(script)

    def test_every_option_of_every_command_is_offered(self):
        for program in ["greenwave", "greenwaved"] + (["greenwave-hub"] if HUB.exists() else []):
            for words, options in shapes(program).items():
                self.assertTrue(options)
                offered = self.offered(" ".join([program, *words, "--"]))
                for option in options:
                    self.assertIn(option, offered, (self.shell, program, words))

    def test_commands_values_and_names_of_the_city(self):
        for line, expected in (("greenwave sta", ["status"]),
                               ("greenwave fleet ro", ["rollout"]),
                               ("greenwave lint -o s", ["sarif"]),
                               ("greenwave lint --output=s", ["sarif"]),
                               ("greenwave render --device sf-004", ["sf-0042", "sf-0043"]),
                               ("greenwave render --device=sf-01", ["sf-0100"]),
                               ("greenwave explain File.own", ["owner"]),
                               ("greenwave recipients --layer b", ["base"]),
                               ("greenwave impact ma", ["main"]),
                               ("greenwave impact main...ma", ["main...main"]),
                               ("greenwaved --log-level inf", ["info"]),
                               ("greenwave sync --from on", ["only"]),
                               ("greenwave render --path ba", ["base"])):
            offered = self.offered(line)
            for word in expected:
                self.assertIn(word, offered, (self.shell, line))

    def test_a_line_that_is_wrong_harms_nobody(self):
        for line in ("greenwave sync --nothing --wa", "greenwave zzz ", "greenwave -- -", "greenwave 'sta",
                     "greenwave --config", "greenwave sync --reason 'a b' --fo"):
            self.offered(line)
        self.assertIn("--wait", self.offered("greenwave sync --reason 'a b' --wa"))

    def test_a_device_whose_name_is_a_command_runs_nothing(self):
        ran = self.scratch / "ran"
        self.city = city(self.enterContext(Scratch()), ["$(touch${IFS}" + str(ran) + ")x"])
        self.insert_and_run("greenwave render --device ")
        self.assertFalse(ran.exists())


class OnTerminal(Shell):
    def typed(self):
        shell = Typed(self.shell, self.city, self.scripts)
        self.addCleanup(shell.close)
        return shell

    def offered(self, line):
        if not hasattr(self, "open") or self.open[0] != self.city:
            self.open = (self.city, self.typed())
        return self.open[1].after_tab(line)

    def insert_and_run(self, line):
        shell = self.typed()
        os.write(shell.master, (line + "\t\n").encode())
        os.write(shell.master, b"echo DO''NE\n")
        shell.wait(r"DONE\r?\n")


class Bash(OnTerminal, unittest.TestCase):
    shell = "bash"

    def test_the_daemons_objects_are_asked_for_and_a_daemon_that_hangs_is_not_waited_for(self):
        begun = time.monotonic()
        self.offered(f"greenwave --socket {self.scratch / 'none'} show F")
        self.assertLess(time.monotonic() - begun, PATIENCE)


class Zsh(OnTerminal, unittest.TestCase):
    shell = "zsh"


class Fish(Shell, unittest.TestCase):
    shell = "fish"

    def offered(self, line):
        lines = [f"source {script}" for script in self.scripts]
        lines.append("complete -C $argv[1]")
        return subprocess.run(["fish", "--no-config", "-c", "\n".join(lines), line], cwd=self.city, text=True,
                              stdout=subprocess.PIPE, check=True,
                              env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(self.scratch)}).stdout

    def insert_and_run(self, line):
        self.assertIn("touch", self.offered(line))  # offered as a text, which fish escapes where it inserts it


class Scripts(unittest.TestCase):
    def test_an_unknown_shell_is_refused_with_the_one_that_was_meant(self):
        result = run(BIN / "greenwave", "completion", "bsh", check=False)
        self.assertEqual(result.returncode, 2)
        self.assertIn("did you mean bash?", result.stdout)

    def test_bash_script_is_clean(self):
        script = run(BIN / "greenwave", "completion", "bash").stdout
        checked = subprocess.run(["shellcheck", "--shell=bash", "-"], input=script, text=True, stdout=subprocess.PIPE)
        self.assertEqual(checked.stdout, "")

    def test_what_is_installed_is_what_the_command_prints(self):
        source = pathlib.Path(__file__).parents[2] / "packaging/completions"
        for shell in ("bash", "zsh", "fish"):
            text = (source / f"{shell}.in").read_text()
            for program, function in (("greenwave", "greenwave"), ("greenwaved", "greenwaved")):
                made = text.replace("@program@", program).replace("@function@", function)
                self.assertIn(made, run(BIN / "greenwave", "completion", shell).stdout)


if __name__ == "__main__":
    unittest.main()
