#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What becomes of each message when something goes wrong: real servers, numbered messages, one event at a time.

    tests/interop/faults.py [--programs DIR] [--keep DIR] [--quick] [--write] [WORD...]

Runs the events whose name contains every WORD (all without one) in each network, prints a table, and ends with
`N passed, N failed`: a row passes when it is as docs/delivery.md promises. Nothing is lost in silence, but without 0198 at a kill -9 of the trunk;
what cannot be delivered has its error within 30 s; nothing comes twice, or is delivered and reported as failed, but where a connection broke; the order
is kept, but for one crossing at a kill -9 in a burst; and the trunk that was started again takes under 500 ms beside the peers' own reconnect.

    --quick    kill -9, SIGTERM and a killed target, with 0198 alone; under a minute
    --write    puts the table into docs/delivery.md, between its markers"""
import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True

from lib import sockets
from lib.ejabberd import Ejabberd
from lib.flow import BOB, Flow, FlowNetwork, FlowProsody
from lib.network import MERCURY, address_block
from lib.people import Person
from lib.ports import SERVER_PORT
from lib.process import Failure, die_with_parent, wait_until
from lib.spoke import EXTERNAL

TOP = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
BLOCK = 218                     # first of the address blocks
RATE, STEADY, BURST, BURST_RATE = 500, 3000, 5000, 10000
EVENT_AFTER = 2.0               # seconds of flow
ERROR_SECONDS = 31              # the promise is 30; one for the clock of the observer
BACK_SECONDS = 0.5              # of the trunk's own: from its start until it is ready, and from the stream to the target to the first delivery

Setup = namedtuple("Setup", "name target has_sm custody")
SETUPS = [
    Setup("Prosody with 0198 on both ends, custody link", FlowProsody, True, "link"),
    Setup("Prosody with 0198 on both ends, custody disk", FlowProsody, True, "disk"),
    Setup("Prosody with 0198 to ejabberd, custody link", Ejabberd, True, "link"),
    Setup("Prosody without 0198 on both ends, custody link", FlowProsody, False, "link"),
]

Event = namedtuple("Event", "name run count rate setups may_lose may_both may_double")
Event.__doc__ = """run         coroutine function of a Stage: what happens while messages flow
setups      numbers of those it makes sense in
may_lose    of these it may lose: nobody acknowledges there
may_both    … it may report what it delivered as failed, since nobody could tell any more
may_double  … it may deliver twice: what a broken connection had not acknowledged is sent again"""


class Stage:
    """A network with messages on their way."""

    def __init__(self, network, flow):
        self.network = network
        self.flow = flow

    def mark(self):
        self.flow.event = time.time()

    def signal(self, part, number):
        os.kill(part.process.pid, number)

    def restart(self, part, code=None):
        """At once, where its process has ended."""
        part.process.child.wait(30)
        if part is self.network.mercury:
            wait_until(lambda: sockets.stranger_on(part.address, SERVER_PORT) is None, 10, "its port is free")
        if part is self.network.trunk:
            self.flow.restarted = time.time()
        part.process.start()


async def kill_trunk(stage):
    stage.signal(stage.network.trunk, signal.SIGKILL)
    stage.mark()
    stage.restart(stage.network.trunk)


async def stop_trunk(stage):
    stage.signal(stage.network.trunk, signal.SIGTERM)
    stage.mark()
    child = stage.network.trunk.process.child
    await asyncio.get_running_loop().run_in_executor(None, child.wait, 30)
    stage.restart(stage.network.trunk)


async def kill_target(stage, away=0):
    stage.signal(stage.network.mercury, signal.SIGKILL)
    stage.mark()
    await asyncio.sleep(away)
    stage.restart(stage.network.mercury)


async def stop_target_for_good(stage):
    """Down for longer than memory waits."""
    await kill_target(stage, 40)


async def hang_target(stage):
    stage.signal(stage.network.mercury, signal.SIGSTOP)
    stage.mark()
    await asyncio.sleep(40)
    stage.signal(stage.network.mercury, signal.SIGCONT)


async def flap_target(stage):
    for _ in range(3):
        await kill_target(stage, 1)
        await asyncio.sleep(2)
    stage.mark()


async def reload_trunk(stage):
    stage.mark()
    for number in range(8):
        config = stage.network.trunk.config
        text = config.read_text(encoding="utf-8")
        text = "\n".join(line for line in text.splitlines() if not line.startswith("limits:"))
        config.write_text(f"{text}\nlimits: {{depth: {64 + number}}}\n", encoding="utf-8")
        stage.signal(stage.network.trunk, signal.SIGHUP)
        await asyncio.sleep(0.3)


async def fill_disk(stage):
    """The disk of the state folder takes nothing more while the target is away; both come back."""
    folder = stage.network.trunk.folder / "state" / "spool"
    stage.signal(stage.network.mercury, signal.SIGKILL)
    stage.mark()
    await asyncio.sleep(1)
    limit = 64 * 1024
    subprocess.run(["prlimit", f"--pid={stage.network.trunk.process.pid}", f"--fsize={limit}:"], check=True)
    assert folder.is_dir()
    await asyncio.sleep(6)
    subprocess.run(["prlimit", f"--pid={stage.network.trunk.process.pid}", "--fsize=unlimited:"], check=True)
    stage.restart(stage.network.mercury)


async def cut_network(stage):
    stage.network.relay.cut()
    stage.mark()
    await asyncio.sleep(30)
    stage.network.relay.mend()


async def upgrade(stage):
    """The old one stops, the new one starts with the same listening socket, which somebody else holds."""
    await stop_trunk(stage)


class Relay:
    """Between the trunk and the target: forwards bytes, until it is cut. Then nothing passes and no connection is answered."""

    def __init__(self, address, target):
        self.address = address
        self.target = target
        self.passes = asyncio.Event()
        self.passes.set()
        self.server = None

    async def start(self):
        self.server = await asyncio.start_server(self._serve, self.address, SERVER_PORT)

    def cut(self):
        self.passes.clear()

    def mend(self):
        self.passes.set()

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self.passes.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def _serve(self, reader, writer):
        await self.passes.wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(self.target, SERVER_PORT)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    def stop(self):
        if self.server:
            self.server.close()


ALL, WITH_SM, PROSODY, DISK = (0, 1, 2, 3), (0, 1, 2), (0, 1, 3), (1,)
NOSM = (3,)
EVENTS = [
    Event("kill -9, 500/s", kill_trunk, STEADY, RATE, ALL, NOSM, ALL, ALL),
    Event("kill -9 in a burst", kill_trunk, BURST, BURST_RATE, ALL, NOSM, ALL, ALL),
    Event("SIGTERM, 500/s", stop_trunk, STEADY, RATE, ALL, (), (), ()),
    Event("SIGTERM in a burst", stop_trunk, BURST, BURST_RATE, ALL, (), (), ()),
    Event("target killed", kill_target, STEADY, RATE, PROSODY, (), (), PROSODY),
    Event("target down for 40 s", stop_target_for_good, STEADY, RATE, PROSODY, (), (0, 3), PROSODY),
    Event("target hung for 40 s, before authentication", None, STEADY, RATE, PROSODY, (), (), ()),
    Event("target hung for 40 s, in flow", hang_target, STEADY, RATE, PROSODY, (), PROSODY, PROSODY),
    Event("target flapping", flap_target, 6000, RATE, PROSODY, (), (), PROSODY),
    Event("trunk's disk full, target away", fill_disk, STEADY, RATE, DISK, (), DISK, DISK),
    Event("upgrade, 500/s", upgrade, STEADY, RATE, ALL, (), (), ()),
    Event("reload, 500/s", reload_trunk, STEADY, RATE, ALL, (), (), ()),
    Event("network cut for 30 s", cut_network, STEADY, RATE, PROSODY, (), PROSODY, PROSODY),
]
QUICK = ("kill -9, 500/s", "SIGTERM, 500/s", "target killed")


class InheritingNetwork(FlowNetwork):
    """As under socket activation: the listening socket is ours and outlives each daemon."""

    def start(self):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((self.addresses.trunk, SERVER_PORT))
        self.listener.listen(512)
        process = self.trunk.process
        process.argv = ["/bin/bash", "-c", 'exec 3<&"$0"; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"',
                        str(self.listener.fileno()), *process.argv]
        process.start = lambda: self._start(process)
        for part in self.parts():
            if part is self.trunk:
                process.start()
            else:
                part.start()
        for part in self.parts():
            if hasattr(part, "wait_ready"):
                part.wait_ready()

    def _start(self, process):
        with open(process.log, "ab") as log:
            process.child = subprocess.Popen(process.argv, cwd=process.folder, env=process.env, stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=log, start_new_session=True,
                                             pass_fds=[self.listener.fileno()], preexec_fn=die_with_parent)

    def stop(self):
        code = super().stop()
        self.listener.close()
        return code


class Receiver:
    """bob at a server that is no Prosody: notes what comes."""

    def __init__(self, network):
        self.notes = []
        self.person = Person(network.mercury, "bob")
        self.person.client.add_filter("in", self._note)

    def _note(self, stanza):
        if stanza.name == "message" and stanza["id"].startswith("n"):
            self.notes.append(["got", stanza["id"][1:], repr(time.time())])
        return stanza


def make_network(folder, block, setup, event, programs):
    kind = InheritingNetwork if event.run is upgrade else FlowNetwork
    kind = type("Made", (kind,), {"custody": setup.custody, "has_sm": setup.has_sm})
    network = kind(folder, address_block(block), (FlowProsody, EXTERNAL), (setup.target, EXTERNAL), programs)
    if event.run is cut_network:
        network.relay = Relay(f"127.{block}.0.60", network.addresses.mercury)
        text = network.trunk.config.read_text(encoding="utf-8")
        network.trunk.config.write_text(text.replace("  mercury:\n", f'  mercury:\n    address: ["{network.relay.address}:{SERVER_PORT}"]\n', 1),
                                        encoding="utf-8")
    return network


async def warm_up(network, flow):
    """A first message, so that what is measured is not how streams come up."""
    network.order(1, 1)
    await asyncio.get_running_loop().run_in_executor(None, wait_until, lambda: flow.is_over(1), 20, "the first message arriving")
    for spoke in (network.saturn, network.mercury):
        notes = spoke.folder / "notes"
        if notes.exists():
            with open(notes, "r+b") as file:
                file.truncate(0)
    if flow.received is not None:
        flow.received.clear()
    flow.begin()


async def run_event(network, setup, event):
    receiver = Receiver(network) if setup.target is Ejabberd else None
    if receiver:
        await receiver.person.login()
    flow = Flow(network, receiver.notes if receiver else None)
    stage = Stage(network, flow)
    if getattr(network, "relay", None):
        await network.relay.start()
    if event.run is None:
        stage.signal(network.mercury, signal.SIGSTOP)
        stage.mark()
        network.order(event.count, event.rate)
        await asyncio.sleep(40)
        stage.signal(network.mercury, signal.SIGCONT)
    else:
        await warm_up(network, flow)
        network.order(event.count, event.rate)
        await asyncio.sleep(EVENT_AFTER if event.rate == RATE else event.count / event.rate / 2)
        await event.run(stage)
    await flow.settle(event.count, 35)
    row = flow.row()
    if receiver:
        await receiver.person.logout()
    if getattr(network, "relay", None):
        network.relay.stop()
    return row


def wrongs(setup_number, event, row):
    """What is not as docs/delivery.md promises."""
    found = []
    if row.sent != event.count:
        found.append(f"{row.sent} of {event.count} were sent")
    if row.lost and setup_number not in event.may_lose:
        found.append(f"{row.lost} silently lost")
    if row.doubled and setup_number not in event.may_double:
        found.append(f"{row.doubled} came twice")
    if row.both and setup_number not in event.may_both:
        found.append(f"{row.both} delivered and reported as failed")
    if row.back and row.back[0] + row.back[3] > BACK_SECONDS:
        found.append(f"back only {row.back[0] + row.back[3]:.2f} s beside the peers' own reconnect")
    if row.slowest_error and row.slowest_error > ERROR_SECONDS:
        found.append(f"an error came after {row.slowest_error:.0f} s")
    if row.disordered and event.name != "kill -9 in a burst":
        found.append(f"{row.disordered} out of order")
    return found


def line(event, row):
    flows = "-" if row.flows is None else f"{row.flows:.1f} s"
    order = f"{row.disordered}, {row.crossed} by the sender" if row.crossed else row.disordered
    return (f"| {event.name} | {row.sent} | {row.delivered} | {row.errors} | {row.kept} | {row.lost} | {row.doubled} | {row.both} | "
            f"{order} | {flows} |")


def details(row):
    """What the table has no room for."""
    text = f"  conditions {dict(row.conditions)}"
    if row.slowest_error:
        text += f"\n  slowest error {row.slowest_error:.1f} s"
    if row.back:
        text += ("\n  back: ready {:.2f} s after the start, the sender's server proved {:.2f} s later, the stream to the target up {:.2f} s later, "
                 "first delivery {:.2f} s later").format(*row.back)
    return text


HEAD = ("| event | sent | delivered | error to sender | kept | silently lost | doubled | delivered and error | out of order | flows again after |\n"
        "|---|---|---|---|---|---|---|---|---|---|")


def chosen(options):
    events = [event for event in EVENTS if all(word in event.name for word in options.words)]
    if options.quick:
        events = [event for event in events if event.name in QUICK]
    return events


async def run_setup(number, setup, events, options, results):
    lines = []
    for count, event in enumerate(event for event in events if number in event.setups):
        folder = options.keep / f"{number}-{count}"
        try:
            network = make_network(folder, BLOCK + number, setup, event, options.programs)
            try:
                network.start()
                row = await run_event(network, setup, event)
            finally:
                for part in (network.mercury, network.saturn):
                    if part.process and part.process.child and part.process.exit_code() is None:
                        os.kill(part.process.pid, signal.SIGCONT)
                network.stop()
        except Failure as error:
            results.append((setup, event, [str(error)]))
            print(f"FAILED {setup.name}: {event.name}: {error}", flush=True)
            continue
        found = wrongs(number, event, row)
        results.append((setup, event, found))
        lines.append(line(event, row))
        print(f"{'FAILED' if found else 'passed'} {setup.name}: {event.name}{': ' if found else ''}{', '.join(found)}\n  {line(event, row)}"
              f"\n{details(row)}", flush=True)
    return lines


def write_table(tables):
    path = TOP / "docs" / "delivery.md"
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{path} has no markers {BEGIN} and {END}")
    before, rest = text.split(BEGIN, 1)
    parts = [f"\n**{setup.name}**\n\n{HEAD}\n" + "\n".join(lines) + "\n" for setup, lines in tables if lines]
    path.write_text(before + BEGIN + "\n" + "".join(parts) + "\n" + END + rest.split(END, 1)[1], encoding="utf-8")


async def main():
    parser = argparse.ArgumentParser(description="Faults, and what becomes of each message.")
    parser.add_argument("--programs", type=Path, default=TOP / "build")
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "faults")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--setup", type=int, help="the number of one network, from 0")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    options.keep, options.programs = options.keep.resolve(), options.programs.resolve()
    setups = SETUPS[:1] if options.quick else SETUPS
    events, results, tables = chosen(options), [], []
    for number, setup in enumerate(setups):
        if options.setup in (None, number):
            tables.append((setup, await run_setup(number, setup, events, options, results)))
    for setup, lines in tables:
        if lines:
            print(f"\n{setup.name}\n\n{HEAD}\n" + "\n".join(lines))
    if options.write:
        write_table(tables)
    failed = sum(bool(found) for _, _, found in results)
    print(f"\n{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
