"""What a benchmark found: rows of a table, each with what it must be, if anything."""

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


class Findings:
    def __init__(self):
        self.rows, self.missed = [], 0

    def row(self, scenario, what, figure, must="", well=True):
        self.missed += not well
        self.rows.append((scenario, what, figure, must, "" if well else "missed"))
        print(f"  {scenario}: {what}: {figure}  {must}  {'' if well else 'MISSED'}", flush=True)

    def print(self, file=None):
        """The table; as JSON too where there is a file for it."""
        print()
        print_table([("scenario", "what", "figure", "must", ""), *self.rows])
        if file:
            pathlib.Path(file).write_text(json.dumps(self.rows, indent=1, ensure_ascii=False))
