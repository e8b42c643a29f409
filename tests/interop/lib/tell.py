# SPDX-License-Identifier: Apache-2.0
"""What the demos print: numbered steps, what came of each, and the evidence, so that a person can follow."""
import argparse
import signal
import sys
import textwrap
import traceback
from pathlib import Path

from .process import Failure

TOP = Path(__file__).resolve().parents[3]


class Teller:
    def __init__(self):
        self.number = 0

    def step(self, title):
        self.number += 1
        print(f"\n{self.number}. {title}", flush=True)

    def say(self, text):
        print(textwrap.fill(text, 116, initial_indent="   ", subsequent_indent="   ", break_long_words=False,
                            break_on_hyphens=False), flush=True)

    def show(self, lines):
        for line in lines:
            print("     " + line, flush=True)


def run_demo(prog, description, once_help, perform):
    """Runs perform(options), with options.once and options.programs; returns the exit code."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--once", action="store_true", help=once_help)
    parser.add_argument("--programs", type=Path, default=TOP / "build", help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)       # the same orderly end as by Ctrl-C
    try:
        perform(options)
    except Failure as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; all servers are stopped", file=sys.stderr)
        return 1
    except Exception:
        traceback.print_exc()
        print("demo: this is a mistake of the demo itself", file=sys.stderr)
        return 1
    return 0
