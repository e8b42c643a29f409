# SPDX-License-Identifier: Apache-2.0
"""Instructions per stanza, counted by callgrind: a regression shows however busy the machine is."""

import os
import re
import shutil
import sys

from subjects import BenchError, Trunkd

FEW, MANY = 1000, 5000          # stanzas of the two runs; their difference leaves start and set-up out
CASES = (("200-bytes", ("--size", "200")), ("1-kib", ("--size", "1024")), ("4-kib", ("--size", "4096")),
         ("one-record", ("--size", "200", "--one-record")), ("real-mix", ("--size", "mix")))
PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "budget")


class Counted(Trunkd):
    """trunkd under callgrind. `counts` is the file that it leaves."""

    is_pinned, start_s = False, 90      # callgrind is slow to begin

    @property
    def counts(self):
        return os.path.join(self.folder, "callgrind.out")

    def command(self):
        return ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + self.counts, *super().command()]

    def total(self):
        with open(self.counts, encoding="ascii", errors="replace") as file:
            found = re.search(r"^(?:totals|summary): (\d+)", file.read(), re.MULTILINE)
        if not found:
            raise BenchError("callgrind left no total; see build-release/bench/subject.log")
        return int(found.group(1))


def instructions(bench, words):
    """Per stanza, all of the process's own code and its libraries', without the system's."""
    totals = []
    for count in (FEW, MANY):
        subject = Counted(bench.folder, bench.trunkd, "trunkd", audit="store: none", custody="none")
        with subject:
            report = bench.driver.run(subject, *words, "--count", count, "--drain", 120)
        if report["exit"] != 0:
            raise BenchError("%s: stanzas were lost or changed" % " ".join(words))
        totals.append(subject.total())
    return (totals[1] - totals[0]) / (MANY - FEW)


def read():
    """{case: instructions} of tests/bench/budget: a name and a number on each line; # begins a comment."""
    if not os.path.exists(PATH):
        return {}
    with open(PATH, encoding="ascii") as file:
        lines = [line.split("#")[0].split() for line in file]
    return {line[0]: float(line[1]) for line in lines if len(line) == 2}


def compare(bench):
    if not shutil.which("valgrind"):
        raise BenchError("valgrind is missing; install the package of that name")
    budget, is_over = read(), False
    for case, words in CASES:
        count = instructions(bench, words)
        limit = budget.get(case)
        is_over = is_over or limit is None or count > limit
        words = "budget %.0f%s" % (limit, ", exceeded" * (count > limit)) if limit else "no budget is set in tests/bench/budget"
        print("%-12s %8.0f instructions a stanza, %s" % (case, count, words), flush=True)
    if is_over:
        print("bench: over the budget, or without one", file=sys.stderr)
    return 1 if is_over else 0
