#!/usr/bin/env python3
"""libyaml's reader beside yaml-cpp's and beside ours, which is made of libyaml's events.

    test/bench/run yaml                                   the sample city
    test/bench/run yaml --corpus DIR --suite SUITE        the manifests below DIR, and the YAML test suite

In the same run, over the same bytes and in turns: the speed of each, whether both libraries read every file to the
same values, and, with --suite, the malformed documents that each accepts. The suite is not part of this repository:

    git clone -b data https://github.com/yaml/yaml-test-suite
"""

import argparse
import json
import pathlib
import statistics
import sys

sys.path[0] = str(pathlib.Path(__file__).parents[1] / "support")  # not beside this file: `import yaml` is PyYAML
from greenwave import BIN, print_table, run  # noqa: E402

CITY = pathlib.Path(__file__).parents[2] / "manifests"
READERS = ("libyaml", "yaml-cpp", "greenwave")
ROUND = 500  # milliseconds a reader
FACTOR = 3


def read(files, milliseconds=0):
    return json.loads(run(BIN / "yaml_readers", milliseconds, *files).stdout)


def speeds(corpus):
    """Prints what the readers do with the corpus; whether libyaml's is as fast, and reads as yaml-cpp does."""
    paths = sorted(path for path in corpus.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file())
    if not paths:
        raise SystemExit(f"no .yaml or .yml file below {corpus}")
    result = read(paths, ROUND)
    files = result["files"]
    accepted = [file for file in files if all(file[reader] for reader in READERS)]
    print(f"{len(files)} files below {corpus}; the speed is over the {len(accepted)} that all accept, "
          f"{sum(file['bytes'] for file in accepted) / 1e6:.2f} MB")
    rows = [("", "MB/s, median", "slowest and fastest round", "files refused")]
    median = {}
    for reader in READERS:
        rounds = [bytes_a_second / 1e6 for bytes_a_second in result["speed"][reader]]
        median[reader] = statistics.median(rounds)
        refused = sum(not file[reader] for file in files)
        rows.append((reader, f"{median[reader]:.1f}", f"{min(rounds):.1f} to {max(rounds):.1f}", str(refused)))
    print_table(rows)
    both = [file for file in files if file["libyaml"] and file["yaml-cpp"]]
    unlike = [file["path"] for file in both if not file["alike"]]
    print(f"libyaml and yaml-cpp read {len(both) - len(unlike)} of the {len(both)} files that both accept to the same values")
    for path in unlike:
        print(f"  not {path}")
    ratio = median["libyaml"] / median["yaml-cpp"]
    reached = ratio >= FACTOR and not unlike
    print(f"libyaml is {ratio:.1f} times as fast as yaml-cpp  >= {FACTOR}  {'reached' if reached else 'MISSED'}")
    return reached


def malformed(suite):
    """Prints how many of the suite's documents each reader judges wrongly; whether libyaml accepts fewer malformed
    ones than yaml-cpp."""
    paths = sorted(suite.rglob("in.yaml"))
    if not paths:
        raise SystemExit(f"no in.yaml below {suite}: clone the suite's branch `data`, as --help says")
    files = read(paths)["files"]
    bad = [file for file in files if (pathlib.Path(file["path"]).parent / "error").exists()]
    good = [file for file in files if file not in bad]
    print()
    rows = [("YAML test suite", f"of {len(bad)} malformed, accepted", f"of {len(good)} well-formed, refused")]
    accepted = {reader: [file for file in bad if file[reader]] for reader in READERS}
    for reader in READERS:
        rows.append((reader, str(len(accepted[reader])), str(sum(not file[reader] for file in good))))
    print_table(rows)
    stricter = sum(file["yaml-cpp"] and not file["libyaml"] for file in bad)
    laxer = sum(file["libyaml"] and not file["yaml-cpp"] for file in bad)
    print(f"libyaml refuses {stricter} malformed documents that yaml-cpp accepts, and accepts {laxer} that it refuses")
    return len(accepted["libyaml"]) < len(accepted["yaml-cpp"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, default=CITY, help="manifests to read, instead of the sample city's")
    parser.add_argument("--suite", type=pathlib.Path, help="a clone of the YAML test suite's branch `data`")
    options = parser.parse_args()
    good = speeds(options.corpus)
    if options.suite:
        good &= malformed(options.suite)
    else:
        print("SKIPPED: malformed documents; give the YAML test suite by --suite (see --help)")
    print(f"(programs from {BIN})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
