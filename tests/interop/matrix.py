#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The outcome matrix of tests/trust against real servers: each cell is a virtual host of Prosody or ejabberd with settings
of its own and a domain beyond the trunk that it has to do with.

    tests/interop/matrix.py [--programs DIR] [--keep DIR] [--all] [--server NAME] [--cell N] [-v]

Without --all: a set in which each two settings meet. Prints a line for every cell that is not as the table says, and ends
with `N passed, N failed`."""
import argparse
import asyncio
import os
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True      # nothing of ours stays outside of the build folders

from lib import cells, trunk
from lib.certificates import Authority
from lib.many import Host, ManyEjabberd, ManyProsody
from lib.nameserver import NameServer
from lib.process import Failure

TOP = Path(__file__).resolve().parents[2]
SERVERS = {"prosody": (ManyProsody, 1), "ejabberd": (ManyEjabberd, 2)}      # and its loopback network, 127.88.N
SECONDS, SECONDS_A_CELL = 60, 0.2       # that all attempts may take: what hangs is a failure, whatever comes of it later
SETTLE_SECONDS = 0.3        # between two looks
PROBES_AT_ONCE = 6


def spoke_domain(cell):
    return f"c{cell.number}.example.org"


def trunked_domain(cell):
    return f"t{cell.number}.example.net"


class Certificates:
    """One certificate for all domains of a kind. `wrong-name` is good but for another domain."""

    def __init__(self, folder, chosen):
        self.trusted = Authority(folder / "trusted")
        self.unknown = Authority(folder / "unknown")
        self.of_spokes = self._make("spokes", chosen, spoke_domain, cells.spoke_of)
        self.of_trunk = self._make("trunk", chosen, trunked_domain, cells.trunk_of)

    def _make(self, name, chosen, domain_of, side_of):
        domains = {}
        for cell in chosen:
            domains.setdefault(side_of(cell).cert, []).append(domain_of(cell))
        makers = {"valid": self.trusted.issue, "unknown-ca": self.unknown.issue, "expired": self.trusted.issue_expired,
                  "wrong-name": lambda name, _: self.trusted.issue(name, [f"nobody-of-{name}.example.com"])}
        return {kind: makers[kind](f"{name}-{kind}", names) for kind, names in domains.items() if kind != "missing"}


def trunk_config(address, resolver, chosen, places):
    """places: {cell: address of its server}"""
    text = f"""trunk: {trunk.NAME}
listen: ["{address}:5269"]
dns: {{servers: ["{resolver.address}@{resolver.port}"]}}
source: ["{address}"]
state: state
control: control.sock
log: {{level: debug}}
tls: {{certificates: [certs], trust: [ca.pem]}}
limits: {{handshake-timeout: 10m, streams-per-address: 20000, connection-rate: 2000/s, unproved-streams: 20000}}
spokes:
  beyond:
    domains: [{", ".join(trunked_domain(cell) for cell in chosen)}]
    address: ["{address}:9"]
"""
    for cell in chosen:
        side = cells.trunk_of(cell)
        auth = "[external, dialback]" if side.dialback == "on" else "[external]"
        text += (f"  c{cell.number}: {{domains: [{spoke_domain(cell)}], address: [\"{places[cell]}:5269\"], "
                 f"tls: {{policy: {side.tls}}}, auth: {auth}}}\n")
    return text


class World:
    """One server's cells: its processes, the trunk and their names."""

    def __init__(self, server, folder, chosen, programs, env):
        kind, number = SERVERS[server]
        self.chosen = chosen
        self.patience = SECONDS + SECONDS_A_CELL * len(chosen)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        address = f"127.88.{number}.4"
        made = Certificates(folder / "certificates", chosen)
        self.names = NameServer("names", f"127.88.{number}.53", folder,
                                {trunked_domain(cell): address for cell in chosen}, literal=True)
        self.servers, places = [], {}
        for index, (name, group) in enumerate(sorted(_groups(server, chosen).items())):
            where = f"127.88.{number}.{10 + index}"
            places.update({cell: where for cell in group})
            self.servers.append(kind(f"{server} ({name})", where, folder / f"{server}-{name}", self.names, made.trusted.root,
                                     [_host(cell, made.of_spokes) for cell in group]))
        self.trunk = self._make_trunk(programs, address, made, places, env)

    def _make_trunk(self, programs, address, made, places, env):
        folder = self.folder / "trunk"
        (folder / "certs").mkdir(parents=True)
        shutil.copy(made.trusted.root, folder / "ca.pem")
        for kind, pair in made.of_trunk.items():
            both = folder / "certs" / f"{kind}.pem"
            both.touch(mode=0o600)
            both.write_bytes(pair.chain.read_bytes() + pair.key.read_bytes())
        return trunk.Trunk(programs, address, folder, trunk_config(address, self.names, self.chosen, places), env)

    def start(self):
        parts = [self.names, self.trunk, *self.servers]
        for part in parts:
            part.start()
        for part in parts[1:]:
            part.wait_ready()

    def stop(self):
        for part in [*self.servers, self.names]:
            part.stop()
        return self.trunk.stop()

    def check(self):
        for part in [*self.servers, self.trunk]:
            part.process.check()


def _groups(server, chosen):
    """Cells that one process can serve together: {name: cells}."""
    groups = {}
    for cell in chosen:
        side = cells.spoke_of(cell)
        if server == "prosody":
            name = "required" if side.tls == "required" else "others"
        else:
            name = "without-certificates" if side.cert == "missing" else "others"
        groups.setdefault(name, []).append(cell)
    return groups


def _host(cell, certificates):
    side = cells.spoke_of(cell)
    return Host(spoke_domain(cell), trunked_domain(cell), cell.leg == "in", side.tls, side.dialback,
                certificates.get(side.cert))


def outcome_of(proof, is_tls):
    if proof == "external":
        return "tls-external"
    if proof in ("dialback", "dialback-certificate"):
        return "tls-dialback" if is_tls else "plain-dialback"
    return f"the proof {proof}"


def proved_inbound(world):
    """{(sender, target): outcome} of the streams that spokes opened and proved."""
    return {(stream["sender"], stream["target"]): outcome_of(stream["proof"], bool(stream["tls"]))
            for stream in world.trunk.streams()
            if stream["leg"] == "inbound" and stream["proof"] not in (None, "", "none")}


async def watch_inbound(world):
    """{cell: outcome}: what the spokes reached on their own. `none` is what their servers say themselves: an attempt whose
    end nobody heard of is none."""
    waiting = {cell for cell in world.chosen if cell.leg == "in"}
    found = {}
    for server in world.servers:
        server.begin()
    end = time.monotonic() + world.patience
    while waiting and time.monotonic() < end:
        await asyncio.sleep(SETTLE_SECONDS)
        world.check()
        ended = {domain: word for server in world.servers for domain, word in server.results().items()}
        proved = proved_inbound(world)
        for cell in list(waiting):
            pair = (spoke_domain(cell), trunked_domain(cell))
            if pair in proved:
                found[cell] = proved[pair]
            elif spoke_domain(cell) in ended:
                found[cell] = "none"
            waiting -= {cell} if cell in found else set()
    found.update({cell: f"nothing within {world.patience:.0f} s" for cell in waiting})
    late = proved_inbound(world)
    return {cell: late.get((spoke_domain(cell), trunked_domain(cell)), outcome) for cell, outcome in found.items()}


async def probe(world, cell):
    """(outcome, why): what the trunk reaches towards the spoke, step by step."""
    is_tls, words = False, "no word"
    try:
        request = {"command": "probe", "domain": spoke_domain(cell), "as": trunked_domain(cell)}
        async for step in world.trunk.rows(request, world.patience):
            words = step["text"] or words
            is_tls = is_tls or (step["step"] == "tls" and step["ok"])
            if step["step"] == "authentication" and step["ok"]:     # the rest waits for an answer by the other leg
                return outcome_of("external" if "EXTERNAL" in words else "dialback", is_tls), words
    except asyncio.TimeoutError:
        return f"nothing within {world.patience:.0f} s", words
    return "none", words


async def probe_outbound(world):
    turns = asyncio.Semaphore(PROBES_AT_ONCE)
    outbound = [cell for cell in world.chosen if cell.leg == "out"]

    async def one(cell):
        async with turns:
            return await probe(world, cell)

    answers = await asyncio.gather(*(one(cell) for cell in outbound))
    return dict(zip(outbound, answers))


def describe(cell):
    sides = [f"{side.tls}/{side.cert}/{side.dialback}" for side in (cell.initiating, cell.receiving)]
    return f"cell {cell.number} ({cell.leg}, {' to '.join(sides)})"


async def visit(world):
    """{cell: (outcome, why)}"""
    inbound = await watch_inbound(world)        # first: hundreds of domains that begin at once keep a server busy
    outbound = await probe_outbound(world)
    return {**{cell: (outcome, "") for cell, outcome in inbound.items()}, **outbound}


def choose(options, server):
    table = cells.Table(server)
    possible = table.possible()
    if options.cell:
        return table, [cell for cell in possible if cell.number in options.cell]
    return table, possible if options.all else cells.covering(possible)


def run_server(options, server):
    """(passed, failed) of one server's cells."""
    begin = time.monotonic()
    table, chosen = choose(options, server)
    passed = failed = 0
    try:
        world = World(server, options.keep / f"matrix-{server}", chosen, options.programs, sanitizer_options())
        try:
            world.start()
            answers = asyncio.run(visit(world))
        finally:
            code = world.stop()
        if code != 0:
            raise Failure(f"trunkd ended with {code} after SIGTERM; see {world.trunk.process.log}")
    except Failure as error:
        print(f"FAILED matrix with {server}: {error}", flush=True)
        return 0, 1
    for cell, (outcome, why) in sorted(answers.items()):
        if outcome == cell.outcome:
            passed += 1
            if options.verbose:
                print(f"passed {server}: {describe(cell)}: {outcome}{': ' + why if why else ''}")
        else:
            failed += 1
            print(f"FAILED {server}: {describe(cell)}: {cell.outcome} is due, but came to {outcome}{': ' + why if why else ''}")
    print(f"{server}: {passed} cells as they should be, {failed} not, in {time.monotonic() - begin:.0f} s; reached: "
          + ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(a[0] for a in answers.values()).items())))
    for (kind, reason), count in table.otherwise.items():
        print(f"  {kind}: {count} of all {len(table.cells)} cells: {reason}")
    sys.stdout.flush()
    return passed, failed


def sanitizer_options():
    """An error found by a sanitizer is an exit code of its own, which no other end of trunkd has."""
    return {"ASAN_OPTIONS": "exitcode=99:" + os.environ.get("ASAN_OPTIONS", ""),
            "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", "")}


def read_arguments():
    parser = argparse.ArgumentParser(description="The outcome matrix with real servers.")
    parser.add_argument("--programs", type=Path, default=TOP / "build", help="where trunkd and trunkctl are")
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "interop", help="where everything is left to read")
    parser.add_argument("--all", action="store_true", help="all cells")
    parser.add_argument("--cell", type=int, action="append", metavar="N",
                        help="this row of outcomes.csv alone, the first being 0; may be repeated")
    parser.add_argument("--server", choices=sorted(SERVERS), action="append", help="this one alone")
    parser.add_argument("-v", "--verbose", action="store_true", help="name what passed too")
    options = parser.parse_args()
    options.programs, options.keep = options.programs.resolve(), options.keep.resolve()
    return options


def main():
    options = read_arguments()
    with ThreadPoolExecutor(len(SERVERS)) as pool:
        counts = list(pool.map(lambda server: run_server(options, server), options.server or sorted(SERVERS)))
    passed, failed = (sum(column) for column in zip(*counts))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
