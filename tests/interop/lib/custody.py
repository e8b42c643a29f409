# SPDX-License-Identifier: Apache-2.0
"""What there is to tell about stream management with real servers: nothing is lost, and who waits is told."""
import asyncio
import os
import signal
import time
from collections import Counter, namedtuple

from . import stories
from .ejabberd import Ejabberd
from .network import MERCURY, SATURN
from .people import Person
from .process import Failure, wait_until
from .prosody import Prosody
from .spoke import EXTERNAL
from .variants import ManagedNetwork

BURST = 200
PAUSE_SECONDS = 0.01
PATIENCE = 60
WINDOW = 50             # stanzas that may be unacknowledged at this pace

Case = namedtuple("Case", "title saturn mercury network plot")


def cases():
    prosody, ejabberd = (Prosody, EXTERNAL), (Ejabberd, EXTERNAL)
    return [Case("stream management, Prosody and Prosody", prosody, prosody, ManagedNetwork, tell_both),
            Case("stream management, Prosody and ejabberd", prosody, ejabberd, ManagedNetwork, tell_one)]


def tell_both(network):
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("messages in every script, both ways at once", lambda: stories.every_script(ann, bob)),
        ("all four legs are managed", lambda: managed(network, {"sm"})),
        ("everything is acknowledged in the end", lambda: acknowledged(network)),
        ("a target that is killed in a burst", lambda: killed(network, ann, bob)),
        ("everything is acknowledged in the end, again", lambda: acknowledged(network)),
        ("a trunk that is killed in a burst", lambda: trunk_killed(network)),
    ]


def tell_one(network):
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("the sender's server is acknowledged behind a ping", lambda: pinged(network, ann, bob)),
        ("everything is acknowledged in the end", lambda: acknowledged(network)),
    ]


def legs(network):
    return [stream for stream in network.trunk.streams() if stream["leg"] in ("inbound", "outbound")
            and {stream["sender"], stream["target"]} == {SATURN, MERCURY}]


async def managed(network, wanted):
    found = {(stream["leg"], stream["sender"]): stream["acks"] for stream in legs(network)}
    if len(found) != 4 or set(found.values()) != wanted:
        raise Failure(f"four legs that are acknowledged by {wanted} are due, and there are {found}")


async def acknowledged(network):
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, wait_until, lambda: all(s["unacknowledged"] == 0 for s in legs(network)), PATIENCE,
                               "everything acknowledged")


async def pinged(network, ann, bob):
    """ejabberd 23.01 has no stream management between servers; its answer to a ping settles what Prosody waits for."""
    ann.say(bob.full, "who waits")
    await bob.expect_message("who waits")
    await acknowledged(network)
    found = {stream["acks"] for stream in legs(network) if stream["leg"] == "outbound" and stream["target"] == MERCURY}
    if found != {"ping"}:
        raise Failure(f"the link to mercury is acknowledged by {found}")


async def killed(network, ann, bob):
    """Each message is delivered, or ann hears an error: none is lost in silence (issue 7). What was on its way when the server died
    may come twice."""
    loop = asyncio.get_running_loop()
    bodies = [f"burst {n}" for n in range(BURST)]
    for n, body in enumerate(bodies):
        ann.say(bob.bare, body, ident=f"burst-{n}")
        if n == BURST // 2:
            os.kill(network.mercury.process.pid, signal.SIGKILL)
            network.mercury.stop()
            bob.client.abort()
            network.mercury.start()
        await asyncio.sleep(PAUSE_SECONDS)
    await loop.run_in_executor(None, network.mercury.wait_ready)
    again = Person(network.mercury, "bob")
    network.people[1] = again
    await again.login()
    await settle(ann, (bob, again), bodies)


async def trunk_killed(network):
    """kill -9 of the trunk, started again at once: what it had and had not acknowledged its sender's server answers for."""
    ann, bob = network.people
    bodies = [f"again {n}" for n in range(BURST)]
    for n, body in enumerate(bodies):
        ann.say(bob.bare, body, ident=f"again-{n}")
        if n == BURST // 2:
            os.kill(network.trunk.process.pid, signal.SIGKILL)
            network.trunk.stop()
            network.trunk.start()
        await asyncio.sleep(PAUSE_SECONDS)
    await settle(ann, (bob,), bodies, "again")


async def settle(ann, bobs, bodies, prefix="burst"):
    until = time.monotonic() + PATIENCE
    while True:
        got = Counter(stanza["body"] for bob in bobs for stanza in bob.inbox
                      if stanza.name == "message" and stanza["type"] != "error" and stanza["body"] in bodies)
        told = {stanza["id"] for stanza in ann.inbox if stanza["type"] == "error"}
        lost = [body for n, body in enumerate(bodies) if body not in got and f"{prefix}-{n}" not in told]
        if not lost:
            break
        if time.monotonic() > until:
            raise Failure(f"{len(lost)} of {len(bodies)} are lost in silence, the first {lost[0]!r}; {len(got)} came, "
                          f"{len(told)} errors")
        await asyncio.sleep(0.2)
    twice = [body for body, count in got.items() if count > 1]
    if len(twice) > WINDOW:
        raise Failure(f"{len(twice)} came twice, more than may be unacknowledged at a time")
