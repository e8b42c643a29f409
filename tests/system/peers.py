# SPDX-License-Identifier: Apache-2.0
"""Small XMPP servers for tests that break trunkd: enough of RFC 6120 and XEP-0220 to carry numbered messages, each thread by itself.

A Peer listens, lets everyone prove himself by dialback (it does not ask back: what the trunk claims is not what is tested here),
answers db:verify about keys that it made, and keeps what it received. A Sender is a stream to the trunk."""
import re
import socket
import ssl
import threading
import time

OPEN = ("<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'{}>")
STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
DIALBACK = "<dialback xmlns='urn:xmpp:features:dialback'/>"
KEY = "not-a-secret"
_ELEMENT = re.compile(rb"<(message|iq|presence|db:result|db:verify|starttls|proceed|stream:features|stream:error)\b[^>]*?(/>|>.*?</\1>)", re.S)
_HEADER = re.compile(rb"<stream:stream[^>]*>")


def attribute(element, name):
    found = re.search(rf"\b{name}=['\"]([^'\"]*)['\"]".encode(), element)
    return found[1].decode() if found else None


class Stream:
    """A socket read element by element, blocking; None behind its end."""

    def __init__(self, sock):
        self.sock, self.got = sock, b""
        self.is_over = False            # the peer has ended it

    def read(self, pattern=_ELEMENT, seconds=5):
        end = time.monotonic() + seconds
        while True:
            found = pattern.search(self.got)
            if found:
                self.got = self.got[found.end():]
                return found[0]
            if b"</stream:stream>" in self.got:
                self.is_over = True
                return None
            self.sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                more = self.sock.recv(65536)
            except TimeoutError:
                return None
            except (OSError, ValueError):
                more = b""
            if not more:
                self.is_over = True
                return None
            self.got += more

    def write(self, text):
        try:
            self.sock.sendall(text.encode())
            return True
        except OSError:
            return False

    def secure(self, context, **options):
        self.sock.settimeout(10)
        self.sock, self.got = context.wrap_socket(self.sock, **options), b""

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass


class Peer:
    """The real server of `domain` at `address`. certificate: (chain, key) files, or None for plain text."""

    def __init__(self, domain, address, port=5269, certificate=None):
        self.domain, self.received, self.lock = domain, [], threading.Lock()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server((address, port), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(Stream(sock),), daemon=True).start()

    def _serve(self, stream):
        try:
            self._talk(stream)
        except (OSError, ssl.SSLError):
            pass
        finally:
            stream.close()

    def _open(self, stream, is_secure):
        header = stream.read(_HEADER)
        if not header:
            return False
        features = STARTTLS if self.context and not is_secure else DIALBACK
        return stream.write(OPEN.format(f" id='{id(stream):x}' from='{self.domain}'") + f"<stream:features>{features}</stream:features>")

    def _talk(self, stream):
        is_secure = False
        if not self._open(stream, is_secure):
            return
        while (element := stream.read(seconds=3600)) is not None:
            if element.startswith(b"<starttls"):
                stream.write("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
                stream.secure(self.context, server_side=True)
                is_secure = True
                if not self._open(stream, is_secure):
                    return
            elif element.startswith(b"<db:"):
                self._dialback(stream, element)
            elif not element.startswith(b"<stream:"):
                with self.lock:
                    self.received.append(element)

    def _dialback(self, stream, element):
        word = "verify" if element.startswith(b"<db:verify") else "result"
        valid = word == "result" or KEY.encode() in element
        ident = f" id='{attribute(element, 'id')}'" if word == "verify" else ""
        stream.write(f"<db:{word} from='{attribute(element, 'to')}' to='{attribute(element, 'from')}'{ident} "
                     f"type='{'valid' if valid else 'invalid'}'/>")

    def has(self, ident):
        with self.lock:
            return sum(attribute(element, "id") == ident for element in self.received)

    def wait(self, ident, seconds):
        """Times that a stanza of that id has come, as soon as it has, or 0."""
        end = time.monotonic() + seconds
        while not self.has(ident) and time.monotonic() < end:
            time.sleep(0.002)
        return self.has(ident)

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)    # wakes the thread that accepts, which holds the socket otherwise
        except OSError:
            pass
        self.listener.close()


class Sender:
    """A stream from the peer of `sender` to the trunk, proved for sender>target; `is_up` false where that failed."""

    def __init__(self, trunk, sender, target, source, is_secure):
        self.sender, self.target, self.is_up = sender, target, False
        try:
            sock = socket.create_connection(trunk, 10, source_address=(source, 0))
        except OSError:
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = Stream(sock)
        try:
            self.is_up = self._prove(is_secure)
        except (OSError, ssl.SSLError):
            pass
        if not self.is_up:
            self.close()

    def _open(self):
        self.stream.write(OPEN.format(f" from='{self.sender}' to='{self.target}'"))
        return self.stream.read(_HEADER) and self.stream.read()

    def _prove(self, is_secure):
        if not self._open():
            return False
        if is_secure:
            self.stream.write(STARTTLS)
            if not (self.stream.read() or b"").startswith(b"<proceed"):
                return False
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.stream.secure(context, server_hostname=self.target)
            if not self._open():
                return False
        self.stream.write(f"<db:result from='{self.sender}' to='{self.target}'>{KEY}</db:result>")
        answer = self.stream.read()
        return bool(answer) and attribute(answer, "type") == "valid"

    def send(self, ident, body="noon"):
        return self.is_up and self.stream.write(f"<message id='{ident}' from='ann@{self.sender}' to='bob@{self.target}'><body>{body}</body></message>")

    def close(self):
        self.is_up = False
        if hasattr(self, "stream"):
            self.stream.close()
