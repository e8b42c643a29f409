# SPDX-License-Identifier: Apache-2.0
"""People who use the servers: an XMPP client library (slixmpp) with a waiting room for what comes in."""
import asyncio
import logging
from contextlib import contextmanager

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)     # what matters reaches us as an answer or as none
try:
    import slixmpp
    from slixmpp.exceptions import IqError, IqTimeout
except ImportError as error:
    raise SystemExit(f"slixmpp is missing ({error}); run script/bootstrap") from error

from .process import Failure
from .spoke import CLIENT_PORT

PATIENCE = 20               # seconds that anything which arrives may take
ERROR_PATIENCE = 40         # the trunk may take 30 by default to say that it cannot deliver


class Person:
    """One account, logged in by itself."""

    def __init__(self, spoke, local, resource="desk"):
        self.spoke = spoke
        self.bare = f"{local}@{spoke.domain}"
        self.full = f"{self.bare}/{resource}"
        self.inbox = []
        self.arrived = asyncio.Event()
        self.client = slixmpp.ClientXMPP(self.full, spoke.people[local])
        self.client.auto_authorize = None       # we answer subscriptions ourselves
        self.client.auto_subscribe = False
        self.client.auto_reconnect = False
        if spoke.authority_of_clients:
            self.client.ca_certs = str(spoke.authority_of_clients)
        for plugin in ("xep_0030", "xep_0045", "xep_0092", "xep_0199"):
            self.client.register_plugin(plugin)
        self.client.add_filter("in", self._keep)

    def _keep(self, stanza):
        self.inbox.append(stanza)
        self.arrived.set()
        return stanza

    async def login(self):
        done = asyncio.get_running_loop().create_future()

        def settle(error=None):
            if not done.done():
                done.set_result(error)

        self.client.add_event_handler("session_start", lambda _: settle())
        self.client.add_event_handler("failed_auth", lambda _: settle("its password was refused"))
        self.client.add_event_handler("connection_failed", lambda why: settle(f"no connection ({why})"))
        self.client.connect(address=(self.spoke.address, CLIENT_PORT))
        try:
            error = await asyncio.wait_for(done, PATIENCE)
        except asyncio.TimeoutError:
            error = f"no session within {PATIENCE} s"
        if error:
            raise Failure(f"{self.bare} cannot log in to {self.spoke.name}: {error}")
        self.client.send_presence()
        await self.client.get_roster()

    async def logout(self):
        try:
            await asyncio.wait_for(asyncio.shield(self.client.disconnect(wait=1)), 5)
        except (asyncio.TimeoutError, asyncio.CancelledError):
            self.client.abort()

    def say(self, to, body, kind="chat", ident=None):
        message = self.client.make_message(mto=to, mbody=body, mtype=kind)
        if ident:
            message["id"] = ident
        message.send()

    async def expect(self, fits, what, seconds=PATIENCE):
        """Takes the oldest stanza out of the inbox for which `fits` is true; waits for it if need be."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            for stanza in self.inbox:
                if fits(stanza):
                    self.inbox.remove(stanza)
                    return stanza
            self.arrived.clear()
            try:
                await asyncio.wait_for(self.arrived.wait(), end - loop.time())
            except asyncio.TimeoutError:
                raise Failure(f"{self.bare} waited {seconds} s for {what}") from None

    async def or_other(self, other, fits, seconds=ERROR_PATIENCE):
        """The first stanza that fits, whichever of the two it reaches."""
        waiting = [asyncio.ensure_future(person.expect(fits, "an answer or an error", seconds)) for person in (self, other)]
        done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        return done.pop().result()

    async def expect_message(self, body, seconds=PATIENCE):
        return await self.expect(lambda s: s.name == "message" and s["body"] == body and s["type"] != "error",
                                 f"the message {body!r}", seconds)

    async def expect_presence(self, sender, kind, seconds=PATIENCE):
        return await self.expect(lambda s: s.name == "presence" and s["from"].bare == sender and s["type"] == kind,
                                 f"presence of type {kind} from {sender}", seconds)

    async def expect_error(self, sender, ident, seconds=ERROR_PATIENCE):
        """The error that answers our stanza with that id; returns its condition."""
        stanza = await self.expect(lambda s: s["type"] == "error" and s["from"] == sender and s["id"] == ident,
                                   f"an error from {sender}", seconds)
        return stanza["error"]["condition"]

    async def ask(self, answer, what, seconds=PATIENCE):
        """Waits for the result of an iq that is sent: a stanza to send, or what a plugin of the library gave."""
        with answers(what):
            sent = answer.send() if hasattr(answer, "send") and hasattr(answer, "xml") else answer
            return await asyncio.wait_for(sent, seconds)

    async def ping(self, address, seconds=PATIENCE):
        """XEP-0199; returns the round trip in seconds."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        iq = self.client.make_iq_get(ito=address)
        iq.enable("ping")
        await self.ask(iq, f"a ping of {address}", seconds)
        return loop.time() - begin


@contextmanager
def answers(what):
    """Turns the library's errors about an iq into ours."""
    try:
        yield
    except (IqTimeout, asyncio.TimeoutError):
        raise Failure(f"no answer to {what}") from None
    except IqError as error:
        raise Failure(f"{what} was answered with the error {error.iq['error']['condition']}") from None
