# SPDX-License-Identifier: Apache-2.0
"""Servers as a trunk meets them, in plain text with dialback: just enough of RFC 6120, XEP-0220 and XEP-0288."""
import asyncio
import xml.parsers.expat

HEADER = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' "
          "xmlns:db='jabber:server:dialback' {words} version='1.0'>")
FEATURES = "<stream:features><dialback xmlns='urn:xmpp:features:dialback'/></stream:features>"


STREAMS = set()         # keeps those that nobody else does
ANSWERS_FROM = "127.11.4.1"     # where streams for answers to pings come from, so that limits of an address do not count them


class Element:
    """A first-level element: name and attributes as written, names of its children, and its text."""

    def __init__(self, name, attributes):
        self.name, self.attributes, self.children, self.text = name, attributes, [], ""

    def get(self, name):
        return self.attributes.get(name, "")


class Stream:
    """One connection. Elements go to `on_element`; nothing is read while `is_open` is clear."""

    def __init__(self, reader, writer, on_element, on_header=None):
        self.reader, self.writer, self.on_element, self.on_header = reader, writer, on_element, on_header
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.ended = asyncio.Event()
        self.elements = asyncio.Queue()
        self.header = None
        self.depth, self.current = 0, None
        self.parser = xml.parsers.expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.task = asyncio.ensure_future(self.read())
        STREAMS.add(self)

    def start(self, name, attributes):
        self.depth += 1
        if self.depth == 1:
            self.header = attributes
            if self.on_header:
                self.on_header(self, attributes)
        elif self.depth == 2:
            self.current = Element(name, attributes)
        else:
            self.current.children.append(name)

    def end(self, _name):
        self.depth -= 1
        if self.depth == 1:
            self.on_element(self, self.current)
        elif self.depth == 0:
            self.write("</stream:stream>")

    def data(self, text):
        if self.depth >= 2:
            self.current.text += text

    async def read(self):
        try:
            while True:
                await self.is_open.wait()
                data = await self.reader.read(65536)
                if not data:
                    break
                self.parser.Parse(data)
        except (OSError, xml.parsers.expat.ExpatError):
            pass
        self.ended.set()
        self.writer.close()
        STREAMS.discard(self)

    def write(self, text):
        if not self.writer.is_closing():
            self.writer.write(text.encode())


def domain_of(address):
    return address.split("@")[-1].split("/")[0]


def is_ping(element):
    """What the trunk sends behind stanzas, to hear that they were read."""
    return element.name == "iq" and element.get("from").endswith("/trunkd-barrier")


def pong(ping):
    return "<iq type='result' id='%s' from='%s' to='%s'/>" % (ping.get("id"), ping.get("to"), ping.get("from"))


class Server:
    """A server of some domains: takes the trunk's links, answers its questions, and keeps what came, by pair."""

    def __init__(self, trunk, refused=()):
        self.trunk, self.refused = trunk, refused
        self.stanzas = {}
        self.errors = {}
        self.streams = []
        self.is_reading = True
        self.questions = 0
        self.server = None
        self.backs = {}         # pair: the stream, being made or made, on which it answers pings

    async def listen(self, host):
        self.server = await asyncio.start_server(self.accept, host, 5269)

    def accept(self, reader, writer):
        stream = Stream(reader, writer, self.element, self.greet)
        stream.number = len(self.streams) + 1
        if not self.is_reading:
            stream.is_open.clear()
        self.streams.append(stream)

    def greet(self, stream, header):
        stream.write(HEADER.format(words="id='s%d' from='%s' to='%s'" % (stream.number, header.get("to", ""), header.get("from", ""))))
        stream.write(FEATURES)

    def element(self, stream, element):
        if element.name == "db:result":
            asyncio.ensure_future(self.judge(stream, element))
        elif element.name == "db:verify":
            self.questions += 1
            stream.write("<db:verify from='%s' to='%s' id='%s' type='valid'/>" % (element.get("to"), element.get("from"), element.get("id")))
        elif is_ping(element):
            asyncio.ensure_future(self.answer(element))
        elif element.name in ("message", "presence", "iq"):
            self.take(element)

    async def answer(self, ping):
        """On a stream of our own for the way back, as servers do without XEP-0288."""
        pair = (ping.get("to"), domain_of(ping.get("from")))
        if pair not in self.backs or (self.backs[pair].done() and self.backs[pair].result().ended.is_set()):
            self.backs[pair] = asyncio.ensure_future(self.back(*pair))
        try:
            (await asyncio.shield(self.backs[pair])).write(pong(ping))
        except (OSError, asyncio.TimeoutError):
            self.backs.pop(pair, None)  # the trunk lets nobody in: it stops

    async def back(self, own, target):
        stream = await connect(self.trunk, own, target, source=ANSWERS_FROM)
        if not await prove(stream, own, target):
            raise OSError("the way back was not proved")
        return stream

    def take(self, element):
        pair = (domain_of(element.get("from")), domain_of(element.get("to")))
        kept = self.errors if element.get("type") == "error" else self.stanzas
        kept.setdefault(pair, []).append(element.get("id"))

    async def judge(self, stream, element):
        """The key is asked about where the trunk answers for its senders: at the trunk."""
        answer = "invalid"
        if element.get("to") not in self.refused:
            answer = await ask(self.trunk, element.get("to"), element.get("from"), "s%d" % stream.number, element.text)
        stream.write("<db:result from='%s' to='%s' type='%s'/>" % (element.get("to"), element.get("from"), answer))

    def read(self, is_on):
        self.is_reading = is_on
        for stream in self.streams:
            if is_on:
                stream.is_open.set()
            else:
                stream.is_open.clear()

    def count(self, pair):
        return len(self.stanzas.get(pair, ()))


async def connect(trunk, own, target, on_element=None, source=None):
    """A stream to the trunk, with the features read."""
    reader, writer = await asyncio.open_connection(*trunk, local_addr=(source, 0) if source else None)
    stream = Stream(reader, writer, None)
    features = asyncio.get_running_loop().create_future()

    def element(stream, element):
        if element.name == "stream:features" and not features.done():
            features.set_result(element)
        elif is_ping(element):
            stream.write(pong(element))        # both ways: here
        elif on_element and element.name in ("message", "presence", "iq"):
            on_element(element)
        else:
            stream.elements.put_nowait(element)

    stream.on_element = element
    stream.write(HEADER.format(words="from='%s' to='%s' xmlns:bidi='urn:xmpp:bidi'" % (own, target)))
    await asyncio.wait_for(features, 20)
    return stream


async def ask(trunk, own, authority, stream_id, key):
    """What the trunk says of a key as authoritative server."""
    stream = await connect(trunk, own, authority)
    stream.write("<db:verify from='%s' to='%s' id='%s'>%s</db:verify>" % (own, authority, stream_id, key))
    element = await asyncio.wait_for(stream.elements.get(), 20)
    stream.write("</stream:stream>")
    return element.get("type") if element.name == "db:verify" else "error"


async def prove(stream, own, target):
    """Whether the trunk takes the pair as proved."""
    stream.write("<db:result from='%s' to='%s'>key</db:result>" % (own, target))
    while True:
        element = await asyncio.wait_for(stream.elements.get(), 30)
        if element.name == "db:result" and element.get("from") == target and element.get("to") == own:
            return element.get("type") == "valid"
        if element.name == "stream:error":
            return False


def message(own, target, number):
    return "<message from='a@%s' to='b@%s' id='%d'><body>%s</body></message>" % (own, target, number, "x" * (number % 97))
