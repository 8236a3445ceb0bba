"""The tools that operators encrypt with: age (from Debian), and sops (a Go module, built once and kept)."""

import functools
import os
import subprocess

import go_program
from greenwave import run

SOPS = "v3.13.3"


def new_identity(file, kind="x25519"):
    """Makes a key pair; the private one goes to `file`. Returns the recipient."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "ssh":
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a comment", "-f", file)
        return file.with_name(file.name + ".pub").read_text().strip()
    run("age-keygen", "-o", file)
    return run("age-keygen", "-y", file).stdout.strip()


def age(plain, *recipients, armor=False):
    """`plain` (bytes) encrypted by age, as bytes."""
    command = ["age", "-e", *(["-a"] if armor else [])]
    for recipient in recipients:
        command += ["-r", recipient]
    return subprocess.run(command, input=plain, stdout=subprocess.PIPE, check=True).stdout


@functools.cache
def sops_program():
    """Where sops is. Raises go_program.Missing."""
    return go_program.installed("sops", "github.com/getsops/sops/v3/cmd/sops", SOPS)


def sops(*words, text=None, identity=None):
    """Runs sops on `text`; its output."""
    environment = {**os.environ, "SOPS_DISABLE_VERSION_CHECK": "1", "SOPS_CONFIG": "/dev/null"}
    environment.pop("SOPS_AGE_KEY", None)
    if identity:
        environment["SOPS_AGE_KEY_FILE"] = str(identity)
    result = subprocess.run([str(sops_program()), *map(str, words)], input=text, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env=environment, cwd="/")
    if result.returncode != 0:
        raise AssertionError(f"sops {words} ended with {result.returncode}: {result.stderr}")
    return result.stdout


def sops_encrypted(text, *recipients, kind="yaml", options=("--encrypted-regex", "^(content|json|yaml)$")):
    """A YAML or JSON text, encrypted by sops."""
    return sops("--encrypt", "--input-type", kind, "--output-type", kind, "--age", ",".join(recipients), *options,
                "/dev/stdin", text=text)
