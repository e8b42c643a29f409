# SPDX-License-Identifier: Apache-2.0
"""What people do across the trunk. Each story raises Failure where the promise is not kept; the sources of the
promises are design clauses and XEPs named beside them. Tests and demo tell the same stories."""
import asyncio
import itertools
from pathlib import Path

from .people import answers
from .process import Failure

TEXTS = Path(__file__).resolve().parent.parent / "messages.txt"
_serial = itertools.count(1)


def _ident():
    return f"story-{next(_serial)}"


async def message_each_way(ann, bob):
    """RFC 6121 §5: a message arrives as it was sent, and so does its answer."""
    for sender, receiver in ((ann, bob), (bob, ann)):
        ident = _ident()
        body = f"Hello {receiver.bare}, this is {sender.bare} ({ident})"
        sender.say(receiver.full, body, ident=ident)
        got = await sender.or_other(receiver, lambda s: s.name == "message" and s["id"] == ident)
        if got["type"] == "error":
            raise Failure(f"a message of {sender.bare} to {receiver.bare} came back: {got['error']['condition']}")
        if got["body"] != body:
            raise Failure(f"{body!r} arrived as {got['body']!r}")
        if got["from"] != sender.full:
            raise Failure(f"a message of {sender.full} arrived as one from {got['from']}")


def texts():
    """The file of messages: one a line, `#` begins a comment."""
    lines = TEXTS.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


async def every_script(ann, bob):
    """RFC 6120 §10.1 and §11.6: every text of the file, both ways at once, in order and unchanged."""
    mark = _ident()
    bodies = [f"{mark} {text}" for text in texts()]
    for body in bodies:
        ann.say(bob.full, body)
        bob.say(ann.full, body)
    for receiver in (ann, bob):
        for body in bodies:
            got = await receiver.expect(lambda s: s.name == "message" and s["body"].startswith(mark), f"{body!r}")
            if got["body"] != body:
                raise Failure(f"{receiver.bare} received {got['body']!r} where {body!r} was due")
    return len(bodies)


async def subscription(ann, bob):
    """RFC 6121 §3: ann asks for bob's presence, bob agrees, and ann sees him come and go."""
    ann.client.send_presence(pto=bob.bare, ptype="subscribe")
    await bob.expect_presence(ann.bare, "subscribe")
    bob.client.send_presence(pto=ann.bare, ptype="subscribed")
    await ann.expect_presence(bob.bare, "subscribed")
    await ann.expect_presence(bob.bare, "available")
    bob.client.send_presence(pshow="dnd")
    await ann.expect_presence(bob.bare, "dnd")
    bob.client.send_presence()


async def pings(ann, bob):
    """XEP-0199: the other side's server and the other person's client answer; returns the slower round trip in seconds."""
    return max([await sender.ping(target) for sender, target in
                ((ann, bob.spoke.domain), (bob, ann.spoke.domain), (ann, bob.full), (bob, ann.full))])


async def own_domain(ann, trunk):
    """XEP-0199, XEP-0092, XEP-0030: the trunk answers for its own name, and refuses a request that it does not know."""
    await ann.ping(trunk)
    version = await ann.ask(ann.client["xep_0092"].get_version(trunk), f"the version of {trunk}")
    if "trunkd" not in version["software_version"]["name"].lower():
        raise Failure(f"{trunk} calls itself {version['software_version']['name']!r}")
    info = await ann.ask(ann.client["xep_0030"].get_info(trunk), f"what {trunk} can do")
    if "urn:xmpp:ping" not in info["disco_info"]["features"]:
        raise Failure(f"{trunk} does not say that it answers pings")


async def room(ann, bob):
    """XEP-0045: a room on a subdomain of bob's server, with someone from each side in it."""
    address = f"{_ident()}@{bob.spoke.conference}"
    for person, nick in ((bob, "bob"), (ann, "ann")):
        join = person.client.make_presence(pto=f"{address}/{nick}")
        join.enable("muc_join")
        join.send()
        await person.expect(lambda s: s.name == "presence" and s["from"] == f"{address}/{nick}" and s["type"] != "error",
                            f"entering the room {address}")
        if person is bob:       # a new room is locked until its owner takes it as it is (XEP-0045 §10.1.2)
            with answers("unlocking the room"):
                await person.client["xep_0045"].set_room_config(address, _submit(person))
    for sender, receiver, body in ((ann, bob, "from ann to the room"), (bob, ann, "from bob to the room")):
        sender.say(address, body, "groupchat")
        await receiver.expect_message(body)


def _submit(person):
    form = person.client["xep_0004"].make_form(ftype="submit")
    form.add_field(var="FORM_TYPE", ftype="hidden", value="http://jabber.org/protocol/muc#roomconfig")
    return form


async def nobody_there(ann, bob):
    """RFC 6121 §8.5.1: the error of a server for an address it does not know comes all the way back."""
    ident = _ident()
    target = f"nobody@{bob.spoke.domain}"
    ann.say(target, "Is anybody there?", ident=ident)
    condition = await ann.expect_error(target, ident)
    if condition not in ("service-unavailable", "item-not-found", "recipient-unavailable"):
        raise Failure(f"a message to nobody was answered with {condition}")
    return condition


async def refused_domain(ann, domain):
    """A domain that the trunk does not serve is refused (never relayed), and the next good stanza still passes."""
    ident = _ident()
    target = f"carol@{domain}"
    ann.say(target, "Does this leave the house?", ident=ident)
    condition = await ann.expect_error(target, ident)
    if condition not in ("remote-server-not-found", "remote-server-timeout"):
        raise Failure(f"a message to a domain that is not trunked was answered with {condition}")
    return condition


async def target_is_down(ann, bob):
    """A server that is not there: the sender learns it within 30 s (the trunk's own default)."""
    ident = _ident()
    ann.say(bob.bare, "Are you there?", ident=ident)
    condition = await ann.expect_error(bob.bare, ident)
    if condition not in ("remote-server-timeout", "remote-server-not-found"):
        raise Failure(f"a message to a server that is down was answered with {condition}")
    return condition


async def target_is_back(ann, bob):
    """The same server started again is reached again, without anybody's help."""
    for _ in range(30):
        ident = _ident()
        ann.say(bob.full, ident, ident=ident)
        got = await ann.or_other(bob, lambda s: s["id"] == ident or s["body"] == ident)
        if got["type"] != "error":
            return
        await asyncio.sleep(1)      # the sender's own server, or the trunk, may wait a little before it tries again
    raise Failure(f"{bob.spoke.domain} is up again and still cannot be reached after 30 tries")
