# SPDX-License-Identifier: Apache-2.0
"""A DNS server (unbound) that knows what we tell it and asks nobody else."""
import re
import shutil
import socket

from .process import Failure, Process, wait_until

PORT = 10053


class NameServer:
    """One view of the world: `servers` maps an XMPP domain to the address of the server that is said to serve it.
    literal: SRV records name that address in digits. Debian's ejabberd asks the DNS server of its own configuration
    for SRV alone and the system's for the rest, which then has nothing to look up."""

    def __init__(self, name, address, folder, servers, literal=False):
        self.address = address
        self.literal = literal
        self.port = PORT
        program = shutil.which("unbound", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if program is None:
            raise Failure("unbound is not installed; run script/bootstrap")
        self.config = folder / (name + ".conf")
        self.config.write_text(self._text(servers), encoding="ascii")
        # A copy, since AppArmor's profile in Debian lets the one in its place read no configuration but the system's.
        copy = shutil.copy(program, folder / "unbound")
        self.process = Process(name, [copy, "-d", "-p", "-c", self.config], folder)

    def _text(self, servers):
        lines = ["server:", '  username: ""', '  chroot: ""', f'  directory: "{self.config.parent}"', '  use-syslog: no',
                 "  do-daemonize: no", "  log-queries: yes", f"  interface: {self.address}@{PORT}",
                 "  access-control: 127.0.0.0/8 allow",
                 "  num-threads: 1", "  msg-cache-size: 1m", "  rrset-cache-size: 1m", "  outgoing-range: 16",
                 '  module-config: "iterator"', '  local-zone: "." static']
        for domain, address in servers.items():
            target = address if self.literal else domain
            lines += [f'  local-data: "_xmpp-server._tcp.{domain}. 60 IN SRV 10 10 5269 {target}."',
                      f'  local-data: "{domain}. 60 IN A {address}"']
        lines += [f'  local-data: "{address}. 60 IN A {address}"' for address in set(servers.values()) if self.literal]
        return "\n".join(lines + ["remote-control:", "  control-enable: no", ""])

    def start(self):
        self._refuse_stranger()
        self.process.start()
        wait_until(self._answers, 10, f"an answer from the DNS server at {self.address} port {PORT}", [self.process])

    def _refuse_stranger(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((self.address, PORT))
            except OSError as error:
                raise Failure(f"the DNS server cannot have {self.address} port {PORT}: {error.strerror}") from error

    def _answers(self):
        return self.ask("invalid") is not None

    def ask(self, name):
        """The IPv4 address that it gives for a name; "" where it has none, None where it does not answer."""
        labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
        query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.5)
            try:
                asking.connect((self.address, self.port))
                asking.send(query)
                answer = asking.recv(512)
            except OSError:
                return None
        has_answer = answer[6:8] != b"\x00\x00"
        return socket.inet_ntoa(answer[-4:]) if has_answer else ""     # its one record ends with the address

    def was_asked(self, name):
        """Whether anybody asked for the name, or for one below it, since the start."""
        return re.search(rf"[ .]{re.escape(name)}\. ", self.process.log.read_text(errors="replace")) is not None

    def stop(self):
        return self.process.stop()
