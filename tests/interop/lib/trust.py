# SPDX-License-Identifier: Apache-2.0
"""What there is to tell about trust between real servers: who is proved how, over which connection, and by which key."""
import asyncio
import re
from collections import namedtuple

from . import sockets, stories
from .ejabberd import Ejabberd
from .network import MERCURY, SATURN, Network
from .ports import DIRECT_PORT, SERVER_PORT
from .process import Failure
from .prosody import Prosody
from .spoke import CERTIFIED, DIALBACK, EITHER, EXTERNAL, PLAIN
from .variants import DirectNetwork, DnsmasqGuidedNetwork, IssuingNetwork, OneWayNetwork, UnboundGuidedNetwork

ROTATIONS = 6
PAUSE_SECONDS = 0.02            # between two messages, while the secret changes

Case = namedtuple("Case", "title saturn mercury network plot")


def cases():
    prosody, ejabberd = (Prosody, EXTERNAL), (Ejabberd, EXTERNAL)
    found = [Case(f"certificates that the trunk issues, {one[0].software} and {other[0].software}", one, other, IssuingNetwork,
                  tell_issued) for one, other in ((prosody, ejabberd), (ejabberd, prosody))]
    found += [Case(f"settings by trunkctl guide, names by {network.software_of_names}", prosody, ejabberd, network, tell_guided)
              for network in (UnboundGuidedNetwork, DnsmasqGuidedNetwork)]
    found += [Case(f"direct TLS, {one[0].software} and {other[0].software}", one, other, DirectNetwork, tell_direct)
              for one, other in ((prosody, ejabberd), (ejabberd, prosody))]
    found += [Case(f"a Prosody that nobody can connect to, by {proof}", (Prosody, proof), ejabberd, OneWayNetwork, tell_one_way)
              for proof in (EXTERNAL, CERTIFIED)]
    found.append(Case("a secret that changes under traffic", (Prosody, DIALBACK), (Ejabberd, DIALBACK), Network, tell_rotation))
    return found


def tell_issued(network):
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("messages in every script, both ways at once", lambda: stories.every_script(ann, bob)),
        ("a room at mercury", lambda: stories.room(ann, bob)),
        ("a room at saturn", lambda: stories.room(bob, ann)),
        ("each leg is proved as configured", lambda: proved_as_configured(network)),
        ("dialback proves nothing anywhere", lambda: all_external(network)),
    ]


def tell_guided(network):
    ann, bob = network.people
    return [
        *tell_issued(network),
        ("the trunk's own domain, from saturn", lambda: stories.own_domain(ann, "trunk.example.com")),
        ("the trunk's own domain, from mercury", lambda: stories.own_domain(bob, "trunk.example.com")),
    ]


def tell_direct(network):
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("messages in every script, both ways at once", lambda: stories.every_script(ann, bob)),
        ("each leg is proved as configured", lambda: proved_as_configured(network)),
        ("each connection is by direct TLS", lambda: connected_directly(network)),
        ("streams show the protocol that TLS agreed on", lambda: protocol_shown(network)),
    ]


def tell_one_way(network):
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("messages in every script, both ways at once", lambda: stories.every_script(ann, bob)),
        ("presence subscription of bob to ann", lambda: stories.subscription(bob, ann)),
        ("pings of servers and clients", lambda: stories.pings(ann, bob)),
        ("saturn's stream is proved as configured", lambda: one_way_proof(network)),
        ("nothing is connected to saturn", lambda: never_dialled(network)),
    ]


def tell_rotation(network):
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("the secret changes while links are made", lambda: rotate(network, ann, bob)),
        ("no key was refused", lambda: nothing_refused(network)),
    ]


EXPECTED_PROOFS = {EXTERNAL: {"external"}, DIALBACK: {"dialback", "dialback-certificate"}, PLAIN: {"dialback"},
                   CERTIFIED: {"dialback-certificate"}, EITHER: {"external", "dialback", "dialback-certificate"}}


def legs(network):
    """The streams that carry a pair of the two domains: not those that only ask for a verification, nor of subdomains."""
    return [stream for stream in network.trunk.streams() if stream["leg"] in ("inbound", "outbound")
            and {stream["sender"], stream["target"]} == {SATURN, MERCURY}]


async def proved_as_configured(network):
    """trunkctl streams (design: which proof it was is shown) agrees with what each spoke can do at all."""
    spokes = {spoke.domain: spoke for spoke in (network.saturn, network.mercury)}
    seen = set()
    for stream in legs(network):
        pair = (stream["sender"], stream["target"])
        seen.add((*pair, stream["leg"]))
        allowed = set().union(*(EXPECTED_PROOFS[spokes[domain].proof] for domain in pair))
        if stream["proof"] not in allowed:
            raise Failure(f"the {stream['leg']} stream {pair[0]}>{pair[1]} is proved by {stream['proof']}")
    if len(seen) < 4:
        raise Failure(f"four legs carry the two pairs, but trunkctl streams shows {sorted(seen)}")


async def all_external(network):
    """Where both ends demand certificates, EXTERNAL is the proof of every stream, those of subdomains too (XEP-0178)."""
    others = [(s["leg"], s["sender"], s["target"], s["proof"]) for s in network.trunk.streams() if s["proof"] != "external"]
    if others:
        raise Failure(f"not proved by EXTERNAL: {others}")


async def connected_directly(network):
    """XEP-0368: no connection between a spoke and the trunk goes to the port for STARTTLS."""
    for spoke in (network.saturn, network.mercury):
        found = sockets.between(spoke.process.pid, network.trunk.process.pid)
        ports = sorted(min(s.local[1], s.remote[1], key=lambda port: port not in (SERVER_PORT, DIRECT_PORT)) for s in found)
        if not ports or set(ports) != {DIRECT_PORT}:
            raise Failure(f"{spoke.name} and the trunk are connected at the ports {ports}")


async def protocol_shown(network):
    """XEP-0368: the initiating server asks for `xmpp-server` by ALPN. Prosody and
    ejabberd do; as receiving servers neither answers it, so outbound streams show none."""
    for stream in legs(network):
        if stream["leg"] == "inbound" and stream["alpn"] != "xmpp-server":
            raise Failure(f"the stream {stream['sender']}>{stream['target']} shows the ALPN {stream['alpn']!r}")


async def one_way_proof(network):
    """XEP-0288: one stream carries both pairs, and its proof is the one that saturn could give without a call back."""
    stream, *others = [s for s in legs(network) if s["sender"] == SATURN and s["leg"] == "inbound"] or [None]
    back = [s for s in legs(network) if s["target"] == SATURN and s["leg"] == "outbound"]
    if stream is None or others or len(back) != 1:
        raise Failure(f"one stream of saturn's is due, and one pair that it carries back: {[stream, *others]}, {back}")
    for found in (stream, *back):
        if found["address"] != stream["address"] or found["proof"] not in EXPECTED_PROOFS[network.saturn.proof]:
            raise Failure(f"{found['sender']}>{found['target']} is proved by {found['proof']} on the stream of {found['address']}")


async def never_dialled(network):
    """Not even tried: all that the trunk would hear is a refusal."""
    log = network.trunk.process.log.read_text(errors="replace")
    tried = re.findall(rf"^.* (?:link-failed|link-up) .*target={re.escape(SATURN)} .*$", log, re.MULTILINE)
    if tried:
        raise Failure(f"the trunk tried to connect to saturn: {tried[0]}")


async def rotate(network, ann, bob):
    """XEP-0185 with two secrets: keys made before a change are still good behind it. Links are closed at the same moment, so
    that new keys are made and verified all the time."""
    loop = asyncio.get_running_loop()
    seen = set()
    for _ in range(ROTATIONS):
        talking = asyncio.ensure_future(talk(ann, bob))
        try:
            await asyncio.gather(*(loop.run_in_executor(None, network.trunk.ctl_text, *words) for words in
                                   (("close", SATURN), ("secret", "rotate"))))          # each stream has saturn at one end
            seen.add(network.trunk.ctl_text("secret", "show-id"))
            await stories.target_is_back(ann, bob)
            await stories.target_is_back(bob, ann)
        finally:
            talking.cancel()
    if len(seen) != ROTATIONS:
        raise Failure(f"after {ROTATIONS} rotations there were {len(seen)} secrets")


async def talk(ann, bob):
    while True:
        ann.say(bob.full, "while the secret changes")
        bob.say(ann.full, "while the secret changes")
        await asyncio.sleep(PAUSE_SECONDS)


REFUSALS = r"dialback-refused|answer=invalid|called our dialback key invalid|dialback-unasked"


async def nothing_refused(network):
    log = network.trunk.process.log.read_text(errors="replace")
    refused = re.findall(rf"^.*(?:{REFUSALS}).*$", log, re.MULTILINE)
    proved = len(re.findall(r"dialback-answered .*answer=valid", log))
    if refused:
        raise Failure(f"{len(refused)} keys were refused, the first: {refused[0]}")
    if proved < 2 * ROTATIONS:
        raise Failure(f"only {proved} keys were verified while the secret changed {ROTATIONS} times")
