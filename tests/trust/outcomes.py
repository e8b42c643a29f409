#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rule by which two sides reach an outcome, and outcomes.csv, the table of all cells that follows from it.

    tests/trust/outcomes.py            writes outcomes.csv
    tests/trust/outcomes.py --check    exit 1 when outcomes.csv or the table in docs/trust.md is not what the rule says
    tests/trust/outcomes.py --condense prints the rule as a table, as docs/trust.md shows it

The rule in words is in docs/trust.md; its sources are design §6, RFC 6120 §5 and §13.7, XEP-0178, XEP-0220, XEP-0344."""
import csv
import io
import itertools
import sys
from collections import namedtuple
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "outcomes.csv"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "trust.md"
COLUMNS = ("leg", "initiating_tls", "initiating_cert", "initiating_dialback",
           "receiving_tls", "receiving_cert", "receiving_dialback", "outcome")

LEGS = ("in", "out")            # in: a spoke opens a stream to the trunk; out: the trunk opens one to a spoke
POLICIES = ("disabled", "optional", "required")
CERTIFICATES = ("missing", "expired", "wrong-name", "unknown-ca", "valid")
DIALBACK = ("on", "off")
NONE, PLAIN, TLS_DIALBACK, TLS_EXTERNAL = OUTCOMES = ("none", "plain-dialback", "tls-dialback", "tls-external")

Side = namedtuple("Side", "tls cert dialback")


# The first line that fits decides. `policies`: of both sides together, see policies_word(). `dialback`: where it is on.
Line = namedtuple("Line", "leg policies initiating_cert receiving_cert dialback outcome why")
RULE = (
    Line("*", "disabled, required", "*", "*", "*", NONE, "one side demands what the other refuses"),
    Line("*", "disabled", "*", "*", "both", PLAIN, "without TLS there is no certificate"),
    Line("*", "disabled", "*", "*", "*", NONE, "without TLS and without dialback at both ends nothing proves"),
    Line("out", "optional", "*", "missing", "both", PLAIN, "a spoke without a certificate has no TLS to offer"),
    Line("out", "*", "*", "missing", "*", NONE, "the same, where TLS is demanded or nothing else can prove"),
    Line("in", "required", "missing", "*", "*", NONE, "the call back that dialback needs could not be encrypted"),
    Line("*", "*", "valid", "valid", "*", TLS_EXTERNAL, "each side has seen that the other is who it should be"),
    Line("*", "*", "*", "*", "both", TLS_DIALBACK, "one of the certificates does not verify"),
    Line("in", "*", "valid", "*", "initiating", TLS_DIALBACK,
         "the key needs no call back: its sender's certificate verifies (XEP-0344)"),
    Line("*", "*", "*", "*", "*", NONE, "no proof that both sides allow"),
)


def policies_word(initiating, receiving):
    policies = {initiating.tls, receiving.tls}
    if policies == {"disabled", "required"}:
        return "disabled, required"
    return next(word for word in _STRICTEST if word in policies)


_STRICTEST = ("disabled", "required", "optional")
_DIALBACK_WORDS = {("on", "on"): "both", ("on", "off"): "initiating", ("off", "on"): "receiving", ("off", "off"): "neither"}


def outcome(leg, initiating, receiving):
    """The best outcome that both sides allow. The trunk is never without a certificate: it signs one itself, which nobody
    trusts. So `missing` of the trunk's is none of the spokes' (no line about `missing` fits the trunk's side)."""
    words = (leg, policies_word(initiating, receiving), initiating.cert, receiving.cert,
             _DIALBACK_WORDS[initiating.dialback, receiving.dialback])
    return next(line.outcome for line in RULE if all(pattern in ("*", word) for pattern, word in zip(line, words)))


def rows():
    sides = [Side(*words) for words in itertools.product(POLICIES, CERTIFICATES, DIALBACK)]
    return [(leg, *initiating, *receiving, outcome(leg, initiating, receiving))
            for leg in LEGS for initiating in sides for receiving in sides]


def table_text():
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows())
    return out.getvalue()


def condense():
    """The rule as a table in Markdown."""
    lines = ["| leg | `tls.policy` of both sides | initiating certificate | receiving certificate | dialback on at | outcome "
             "| because |", "|" + "---|" * len(Line._fields)]
    lines += ["| " + " | ".join(("any" if word == "*" else word) for word in line) + " |" for line in RULE]
    return "\n".join(lines) + "\n"


def main():
    words = sys.argv[1:]
    if words == ["--condense"]:
        print(condense(), end="")
    elif words == ["--check"]:
        if TABLE.read_text(encoding="ascii") != table_text():
            print(f"FAILED {TABLE} is not what the rule says; tests/trust/outcomes.py writes it")
            return 1
        if not PAGE.read_text(encoding="utf-8").endswith(condense()):
            print(f"FAILED the end of {PAGE} is not what tests/trust/outcomes.py --condense prints")
            return 1
    elif words:
        print(__doc__, file=sys.stderr)
        return 2
    else:
        TABLE.write_text(table_text(), encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
