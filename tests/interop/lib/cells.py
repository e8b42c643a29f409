# SPDX-License-Identifier: Apache-2.0
"""Cells of the outcome matrix (tests/trust), and which of them are worth a run with real servers."""
import csv
import itertools
from collections import Counter, namedtuple
from pathlib import Path

TRUST = Path(__file__).resolve().parents[2] / "trust"
LEFT_OUT = "left-out"           # a server cannot be set so
OUTCOMES = ("none", "plain-dialback", "tls-dialback", "tls-external")   # from worst to best

Side = namedtuple("Side", "tls cert dialback")
Cell = namedtuple("Cell", "number leg initiating receiving outcome")
Deviation = namedtuple("Deviation", "outcome reason")


class Table:
    """All cells, and where one server's own ways lead elsewhere than the rule."""

    def __init__(self, server):
        self.cells = [_cell(number, row) for number, row in enumerate(_read("outcomes.csv"))]
        self._deviations = [row for row in _read("servers.csv") if {"*", server} & set(row["server"].split("|"))]
        self.otherwise = Counter()      # (what is done with them, reason): how many cells

    def deviation(self, cell):
        """The first line of servers.csv that fits; None where the server can do as the rule says."""
        words = (cell.leg, *cell.initiating, *cell.receiving)
        for row in self._deviations:
            pattern = list(row.values())[1:1 + len(words)]
            if all(word in alternatives.split("|") or alternatives == "*" for word, alternatives in zip(words, pattern)):
                return Deviation(row["outcome"], row["reason"])
        return None

    def possible(self):
        """What this server can be set to, with the outcome that is due. What is left out, or due otherwise than by the
        rule, is counted by reason."""
        self.otherwise.clear()
        found = []
        for cell in self.cells:
            other = self.deviation(cell)
            if other:
                self.otherwise["left out" if other.outcome == LEFT_OUT else f"{other.outcome} is due", other.reason] += 1
                cell = cell._replace(outcome=other.outcome)
            if cell.outcome != LEFT_OUT:
                found.append(cell)
        return found


def _read(name):
    with open(TRUST / name, encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def _cell(number, row):
    words = list(row.values())
    return Cell(number, words[0], Side(*words[1:4]), Side(*words[4:7]), words[7])


def spoke_of(cell):
    return cell.initiating if cell.leg == "in" else cell.receiving


def trunk_of(cell):
    return cell.receiving if cell.leg == "in" else cell.initiating


def _pairs(cell):
    """Each two settings of a cell together, its outcome counting as one: an outcome that never comes shows nothing."""
    words = (cell.leg, *cell.initiating, *cell.receiving, cell.outcome)
    return set(itertools.combinations(enumerate(words), 2))


def covering(cells):
    """A small set in which each two settings that can meet do meet: greedy, the same each time."""
    left = {cell: _pairs(cell) for cell in cells}
    open_pairs = set().union(*left.values())
    chosen = []
    while open_pairs:
        # Of equals, the better outcome tells more.
        best = max(left, key=lambda cell: (len(left[cell] & open_pairs), OUTCOMES.index(cell.outcome), -cell.number))
        chosen.append(best)
        open_pairs -= left.pop(best)
    return chosen
