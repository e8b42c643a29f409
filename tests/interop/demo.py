#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo behind script/demo: the guide's example, told step by step, with the evidence for what it tells."""
import asyncio
import sys
from pathlib import Path

sys.dont_write_bytecode = True      # nothing of ours stays outside of the build folders

from lib import sockets, stories, trunk
from lib.ejabberd import Ejabberd
from lib.network import MERCURY, SATURN, STRANGER, Addresses, Network
from lib.process import Failure
from lib.prosody import Prosody
from lib.spoke import CLIENT_PORT, DIALBACK, EITHER, SERVER_PORT
from lib.tell import Teller, run_demo, until_interrupted

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "build" / "demo"
WATCH_SECONDS = 0.1

# The guide's addresses, as far as the loopback network has the like: 203.0.113.2, 233.252.0.6, 198.51.100.4.
ADDRESSES = Addresses(saturn="127.0.113.2", mercury="127.252.0.6", trunk="127.51.100.4",
                      true_names="127.53.0.1", spoke_names="127.53.0.2", more_names="127.53.0.3")


class Watch:
    """Looks again and again for a socket that joins the two spokes, while everything else goes on."""

    def __init__(self, network):
        self.network = network
        self.looks = 0
        self.found = []

    def look(self):
        self.looks += 1
        self.found += sockets.between(self.network.saturn.process.pid, self.network.mercury.process.pid)

    async def run(self):
        while True:
            self.look()
            await asyncio.sleep(WATCH_SECONDS)


def tell_names(tell, network):
    tell.step("Names: the spokes are told the trunk's address for each other, the trunk is told the truth")
    for who, names in (("spokes", network.spoke_names), ("trunk", network.true_names)):
        said = {domain: names.ask(domain) for domain in (SATURN, MERCURY)}
        tell.show([f"for the {who:6} (DNS server at {names.address} port {names.port}): " +
                   ", ".join(f"{domain} is at {address}" for domain, address in said.items())])
        expected = ADDRESSES.trunk if names is network.spoke_names else None
        if any(address in (None, "") or (expected and address != expected) for address in said.values()):
            raise Failure(f"the DNS server of {who} says {said}")


def connections(network):
    """Who connected to whom among the three servers, from the kernel's tables: (from, to, socket)."""
    parts = [("saturn", network.saturn), ("trunk", network.trunk), ("mercury", network.mercury)]
    found = []
    for name, part in parts:
        for other_name, other in parts:
            if part is not other:
                found += [(name, other_name, s) for s in sockets.between(part.process.pid, other.process.pid)
                          if s.remote[1] == SERVER_PORT]
    return found


def tell_connections(tell, network):
    tell.step("Connections between the servers, as the kernel lists them")
    programs = {"saturn": "Prosody", "trunk": "trunkd", "mercury": "ejabberd"}
    lines = [f"{programs[one]:8} ({one}) connected to {programs[other]} ({other}):  "
             f"{s.local[0]}:{s.local[1]} -> {s.remote[0]}:{s.remote[1]}" for one, other, s in connections(network)]
    tell.show(lines)
    pairs = {(one, other) for one, other, _ in connections(network)}
    for pair in (("saturn", "trunk"), ("trunk", "mercury"), ("mercury", "trunk"), ("trunk", "saturn")):
        if pair not in pairs:
            raise Failure(f"no connection from {pair[0]} to {pair[1]}")


def tell_proofs(tell, network):
    tell.step("Proofs: how each stream was proved (trunkctl streams)")
    tell.show(network.trunk.ctl_text("streams").rstrip().splitlines())
    tell.say("Prosody's certificate can be verified here and proves it (SASL EXTERNAL). ejabberd has one that it signed "
             "itself, so dialback proves; on a `verify` stream the trunk asked the sender's own server about its key.")
    carried = {(s["sender"], s["target"]) for s in network.trunk.streams() if s["proof"] not in (None, "", "none")}
    for pair in ((SATURN, MERCURY), (MERCURY, SATURN)):
        if pair not in carried:
            raise Failure(f"trunkctl streams shows no proved stream for {pair[0]}>{pair[1]}")


async def tell_stories(tell, network):
    ann, bob = network.people
    tell.step("A message each way")
    await stories.message_each_way(ann, bob)
    tell.show([f"{ann.full} -> {bob.full}: arrived", f"{bob.full} -> {ann.full}: arrived"])
    tell_connections(tell, network)
    tell_proofs(tell, network)
    tell.step("A presence subscription")
    await stories.subscription(ann, bob)
    tell.say(f"{ann.bare} asked for the presence of {bob.bare}, bob agreed, and ann saw him come online and go busy.")
    tell.step("A file of messages in several scripts, both ways at once")
    count = await stories.every_script(ann, bob)
    tell.show(stories.texts()[:6] + ["…"])
    tell.say(f"All {count} arrived on both sides, in order and unchanged.")
    tell.step("Pings across")
    seconds = await stories.pings(ann, bob)
    tell.say(f"Each side's server and client answered the other side; the slowest took {seconds * 1000:.0f} ms.")
    tell.step("A message to an address that does not exist")
    condition = await stories.nobody_there(ann, bob)
    tell.say(f"nobody@{MERCURY}: mercury's own error came back to {ann.bare}: {condition}")
    tell.step("A message to a domain that is not trunked")
    condition = await stories.refused_domain(ann, STRANGER)
    tell.say(f"carol@{STRANGER}: the trunk refused it (host-unknown, see its log) and asked no DNS server for it; Prosody told "
             f"{ann.bare}: {condition}")
    if network.true_names.was_asked(STRANGER):
        raise Failure(f"the trunk asked DNS for {STRANGER}, which it does not trunk")
    await stories.message_each_way(ann, bob)
    tell.say("The next good messages passed, each way.")


def tell_apart(tell, network, watch):
    tell.step("No socket exists between the two spokes")
    watch.look()
    if watch.found:
        raise Failure(f"a socket joins the spokes: {watch.found[0]}")
    for spoke in (network.saturn, network.mercury):
        others = sorted({s.remote[0] for s in sockets.of_process(spoke.process.pid) if s.remote[1] == SERVER_PORT})
        tell.show([f"{spoke.name} (pid {spoke.process.pid}) has connections to port {SERVER_PORT} of: {', '.join(others)}"])
    tell.say(f"Looked {watch.looks} times since the servers started, and never was there a connection between the two.")


def tell_where(tell, network):
    tell.step("Where to look")
    short = FOLDER.relative_to(TOP)
    control = f"build/trunkctl -c {short}/{trunk.NAME}/trunkd.yaml"
    rows = [("configuration of trunkd", f"{short}/{trunk.NAME}/trunkd.yaml"),
            ("log of trunkd", f"{short}/{trunk.NAME}/trunkd.log"),
            ("ask trunkd", f"{control} status"), ("", f"{control} streams"),
            ("the trunk", f"{ADDRESSES.trunk}:{SERVER_PORT}")]
    tell.where(rows, short, (network.saturn, network.mercury))


async def play(tell, network, stay):
    tell.step("Servers: Prosody for saturn, ejabberd for mercury, trunkd between them, and two views of DNS")
    network.start()
    tell.servers(network.trunk, (network.saturn, network.mercury))
    tell_names(tell, network)
    watch = Watch(network)
    watching = asyncio.ensure_future(watch.run())
    tell.step("Two people log in, each to their own server")
    await network.login()
    tell.show([f"{person.bare} at {person.spoke.name}" for person in network.people])
    await tell_stories(tell, network)
    watching.cancel()
    tell_apart(tell, network, watch)
    network.trunk.check_alive()
    tell_where(tell, network)
    if stay:
        print("\nEverything arrived. The servers stay up until you press Ctrl-C.", flush=True)
        await until_interrupted(network)
    await network.logout()


def refuse_strangers():
    """Before anything is made: somebody else on one of our ports would be taken for one of our servers."""
    for address in (ADDRESSES.saturn, ADDRESSES.mercury, ADDRESSES.trunk):
        for port in (SERVER_PORT, CLIENT_PORT) if address != ADDRESSES.trunk else (SERVER_PORT,):
            stranger = sockets.stranger_on(address, port)
            if stranger:
                raise Failure(f"{stranger}, which the demo needs; stop it and try again")


def perform(options):
    refuse_strangers()
    network = Network(FOLDER, ADDRESSES, (Prosody, EITHER), (Ejabberd, DIALBACK), options.programs, minimal=True)
    stay = not options.once and sys.stdin.isatty() and sys.stdout.isatty()
    code = None
    try:
        asyncio.run(play(Teller(), network, stay))
    except Failure as error:
        log = network.trunk.process.log.relative_to(TOP)
        died = [line for line in network.dead() if line not in str(error)]
        raise Failure("; ".join([str(error), *died, f"the log of trunkd is {log}"])) from error
    finally:
        code = network.stop()
    if code != 0:
        raise Failure(f"trunkd ended with exit code {code}; see {network.trunk.process.log}")
    print("\nAll servers are stopped." if stay else "\nEverything arrived; all servers are stopped.")


if __name__ == "__main__":
    sys.exit(run_demo("script/demo",
                      "The guide's example with real servers.", "end when everything was shown; exit 1 when not all arrived", perform))
