# SPDX-License-Identifier: Apache-2.0
"""DNS servers (unbound, dnsmasq) that know what we tell them and ask nobody else."""
import re
import shutil
import socket

from .ports import DIRECT_PORT, NAME_PORT, SERVER_PORT
from .process import Failure, Process, wait_until


class Resolver:
    """A DNS server with a process of its own, which a subclass makes: one view of the world."""

    def __init__(self, name, address, folder, software):
        self.address = address
        self.port = NAME_PORT
        self.config = folder / (name + ".conf")
        self.program = shutil.which(software, path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if self.program is None:
            raise Failure(f"{software} is not installed; run script/bootstrap")
        self.process = None

    def start(self):
        self._refuse_stranger()
        self.process.start()
        wait_until(self._answers, 10, f"an answer from the DNS server at {self.address} port {self.port}", [self.process])

    def _refuse_stranger(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((self.address, self.port))
            except OSError as error:
                raise Failure(f"the DNS server cannot have {self.address} port {self.port}: {error.strerror}") from error

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

class NameServer(Resolver):
    """Unbound: one view of the world: `servers` maps an XMPP domain to the address of the server that is said to serve it.
    literal: SRV records name that address in digits. Debian's ejabberd asks the DNS server of its own configuration
    for SRV alone and the system's for the rest, which then has nothing to look up.
    direct: each server takes direct TLS as well.
    include: a file of more configuration, taken as it stands."""

    def __init__(self, name, address, folder, servers, literal=False, direct=False, include=None):
        super().__init__(name, address, folder, "unbound")
        self.literal = literal
        self.direct = direct
        self.include = include
        self.config.write_text(self._text(servers), encoding="ascii")
        # A copy, since AppArmor's profile in Debian lets the one in its place read no configuration but the system's.
        copy = shutil.copy(self.program, folder / "unbound")
        self.process = Process(name, [copy, "-d", "-p", "-c", self.config], folder)

    def _text(self, servers):
        lines = ["server:", '  username: ""', '  chroot: ""', f'  directory: "{self.config.parent}"', '  use-syslog: no',
                 "  do-daemonize: no", "  log-queries: yes", f"  interface: {self.address}@{self.port}",
                 "  access-control: 127.0.0.0/8 allow",
                 "  num-threads: 1", "  msg-cache-size: 1m", "  rrset-cache-size: 1m", "  outgoing-range: 16",
                 '  module-config: "iterator"', '  local-zone: "." static']
        for domain, address in servers.items():
            target = address if self.literal else domain
            lines += [f'  local-data: "_xmpp-server._tcp.{domain}. 60 IN SRV 10 10 {SERVER_PORT} {target}."',
                      f'  local-data: "{domain}. 60 IN A {address}"']
            if self.direct:
                lines.append(f'  local-data: "_xmpps-server._tcp.{domain}. 60 IN SRV 5 10 {DIRECT_PORT} {target}."')
        lines += [f'  local-data: "{address}. 60 IN A {address}"' for address in set(servers.values()) if self.literal]
        if self.include:
            lines.append(f'include: "{self.include}"')
        return "\n".join(lines + ["remote-control:", "  control-enable: no", ""])


class Dnsmasq(Resolver):
    """Dnsmasq: knows what a file of its configuration says, taken as it stands, and nothing else."""

    def __init__(self, name, address, folder, include):
        super().__init__(name, address, folder, "dnsmasq")
        self.config.write_text("\n".join([
            f"port={self.port}", f"listen-address={address}", "bind-interfaces", "no-resolv", "no-hosts", "log-queries",
            "log-facility=-", "user=", "group=", "pid-file", f"conf-file={include}", ""]), encoding="ascii")
        self.process = Process(name, [self.program, "--keep-in-foreground", f"--conf-file={self.config}"], folder)
