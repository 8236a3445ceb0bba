"""The examples of README.md, of the manual pages and of --help, as they are written."""

import collections
import pathlib
import re
import shlex

SOURCE = pathlib.Path(__file__).parents[2]
README = SOURCE / "README.md"
MANUAL = SOURCE / "packaging/man"

# What is in a fenced or a literal block, and where. `info` is what follows the fence, "man" in a manual page.
Block = collections.namedtuple("Block", "place info text")


def readme_blocks():
    blocks, begin = [], None
    for number, line in enumerate(README.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if begin is None:
                begin, info, lines = number, line[3:], []
            else:
                blocks.append(Block(f"README.md:{begin}", info, "\n".join(lines) + "\n"))
                begin = None
        elif begin is not None:
            lines.append(line)
    return blocks


def plain(roff):
    """The text that a line of a manual page's literal block shows."""
    return roff.replace(r"\&", "").replace(r"\(dq", '"').replace(r"\e", "\\")


def manual_blocks():
    """The literal blocks, and each run of .Dl lines as one."""
    blocks = []
    for page in sorted(MANUAL.iterdir()):
        literal, line_before = None, 0
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            place = f"{page.name}:{number}"
            if line.startswith(".Bd"):
                literal = Block(place, "man", [])
            elif line.startswith(".Ed"):
                blocks.append(literal._replace(text="\n".join(literal.text) + "\n"))
                literal = None
            elif literal:
                literal.text.append(plain(line))
            elif line.startswith(".Dl "):
                text = plain(line[4:]) + "\n"
                if line_before == number - 1 and blocks:
                    blocks[-1] = blocks[-1]._replace(text=blocks[-1].text + text)
                else:
                    blocks.append(Block(place, "man", text))
                line_before = number
    return blocks


def readme_commands():
    """Each `greenwave …` and `greenwaved …` in the README's sentences and tables, with its place."""
    text = re.sub(r"^```.*?^```$", lambda block: "\n" * block[0].count("\n"), README.read_text(encoding="utf-8"),
                  flags=re.M | re.S)
    found = []
    for code in re.finditer(r"`([^`]+)`", text):
        command = " ".join(code[1].split())
        if re.match(r"(sudo )?greenwaved? ", command):
            found.append((f"README.md:{text[:code.start()].count(chr(10)) + 1}", command))
    return found


def commands_in(text):
    """The commands of a shell block that run greenwave or greenwaved, each as words: also those within others."""
    text = re.sub(r"\\\n\s*", "", text)
    found = []
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line)
        for inner in re.findall(r"\$\(([^()]*)\)", line):
            found += commands_in(inner)
        for part in re.split(r"&&|\|\||[|;<>]", re.sub(r"\$\([^()]*\)", "INNER", line.removeprefix("$ "))):
            if re.match(r"\s*(sudo )?greenwaved?(\s|$)", part):
                words = shlex.split(part)
                found.append(words[1:] if words[0] == "sudo" else words)
    return found
