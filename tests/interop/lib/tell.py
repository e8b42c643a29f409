# SPDX-License-Identifier: Apache-2.0
"""What the demos print: numbered steps, what came of each, and the evidence, so that a person can follow."""
import argparse
import asyncio
import signal
import sys
import textwrap
import traceback
from pathlib import Path

from . import trunk
from .process import Failure
from .spoke import CLIENT_PORT

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

    def servers(self, middle, spokes):
        """Who runs, and where."""
        self.show([f"{spoke.software:8} serves {spoke.domain:20} at {spoke.address}  (pid {spoke.process.pid})" for spoke in spokes])
        self.show([f"trunkd   is     {trunk.NAME:20} at {middle.address} (pid {middle.process.pid})"])

    def where(self, rows, short, spokes):
        """What a person can look at: `rows` of (what, where), and the first account of each server; `short` is the demo's folder."""
        for spoke in spokes:
            local, password = next(iter(spoke.people.items()))
            rows.append((f"log in as {local}@{spoke.domain}",
                         f"password {password}, server {spoke.address}:{CLIENT_PORT}; logs in {short}/{spoke.domain}/"))
        self.show([f"{what:32} {where}" for what, where in rows])


async def until_interrupted(network):
    """Raises when one of the servers ends before the person is done."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    while not over.is_set():
        if network.dead():
            raise Failure(f"one of the servers ended: {'; '.join(network.dead())}")
        await asyncio.wait([asyncio.ensure_future(over.wait())], timeout=1)


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
