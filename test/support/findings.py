"""What a benchmark found: rows of a table, each with what it must be, if anything."""

import argparse
import json
import pathlib

from greenwave import print_table


def spread(values, unit="s"):
    """The median, the 99th percentile and the most, as text."""
    values = sorted(values)
    if not values:
        return "nobody"
    picked = (values[len(values) // 2], values[min(len(values) - 1, len(values) * 99 // 100)], values[-1])
    return " / ".join(f"{value:.1f}" for value in picked) + f" {unit}"


def some_of(known):
    """For argparse: a list of names, which are given with commas; each is one of `known`."""

    def names_in(text):
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(known)}")
        return names

    return names_in


class Findings:
    """`head` names the columns; one more says which rows missed what they must be."""

    def __init__(self, *head):
        self.head = head
        self.rows, self.missed = [], 0

    def row(self, *cells, well=True):
        """Cells that are left out at the end are empty."""
        self.missed += not well
        cells += ("",) * (len(self.head) - len(cells))
        self.rows.append((*cells, "" if well else "missed"))
        print("  " + "  ".join(cell for cell in (*cells, "" if well else "MISSED") if cell), flush=True)

    def print(self, file=None):
        """The table; as JSON too where there is a file for it. Returns the exit code: 1 when a row missed."""
        print()
        print_table([(*self.head, ""), *self.rows])
        if file:
            pathlib.Path(file).write_text(json.dumps(self.rows, indent=1, ensure_ascii=False))
        return 1 if self.missed else 0
