# SPDX-License-Identifier: Apache-2.0
"""What the real servers have in common: a domain, an address, a view of DNS and a way to prove who they are."""
import shutil

from . import sockets
from .ports import CLIENT_PORT, DIRECT_PORT, SERVER_PORT
from .process import Failure, wait_until

START_SECONDS = 60

# How a server proves itself and wants others proved.
EXTERNAL = "TLS+EXTERNAL"               # certificates alone, both ways
DIALBACK = "TLS+dialback"               # TLS, certificates that nobody can verify
EITHER = "TLS+EXTERNAL or dialback"     # a certificate that can be verified, and dialback for those who have none
PLAIN = "plain dialback"                # no TLS between servers
CERTIFIED = "TLS+dialback by certificate"       # no EXTERNAL, but a key that comes with a good certificate (XEP-0344)


class Spoke:
    """A server that is about to run. A subclass writes its configuration and makes its process."""

    software = None     # what a person calls it

    def __init__(self, domain, address, folder, resolver, proof, certificate, authority):
        """folder       its own, made empty here
        resolver        the NameServer that it asks
        certificate     its Certificate, or None under PLAIN
        authority       path of the root that it trusts, or None: then no peer's certificate can be verified"""
        self.domain = domain
        self.conference = "conference." + domain
        self.address = address
        self.folder = folder
        self.resolver = resolver
        self.proof = proof
        self.certificate = certificate
        self.authority = authority
        self.authority_of_clients = authority   # path of the root that vouches for it towards its own people, or None
        self.people = {}        # local part -> password
        self.is_direct = False          # takes direct TLS from other servers, too (XEP-0368)
        self.is_bidirectional = False   # its streams go both ways (XEP-0288), and other servers cannot connect to it
        self.has_sm = False             # acknowledges and wants to be acknowledged (XEP-0198), and keeps messages for people who are away
        self.guide = None               # what `trunkctl guide` says about this server, taken as it stands
        self.transport = None           # that the trunk is told to use; None: its default
        self.process = None
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    @property
    def name(self):
        return f"{self.software} for {self.domain}"

    def add_person(self, local, password):
        """Call before start()."""
        self.people[local] = password

    def configure(self):
        """Writes what the program reads, and returns the Process to start."""
        raise NotImplementedError

    @property
    def server_ports(self):
        """Where other servers connect by STARTTLS and directly."""
        return ([] if self.is_bidirectional else [SERVER_PORT]) + [DIRECT_PORT] * self.is_direct

    def start(self):
        for port in (CLIENT_PORT, *self.server_ports):
            stranger = sockets.stranger_on(self.address, port)
            if stranger:
                raise Failure(f"{self.name} cannot have its port: {stranger}")
        self.process = self.process or self.configure()
        self.process.start()

    def wait_ready(self):
        wait_until(self._is_ready, START_SECONDS, f"{self.name} listening", [self.process])

    def _is_ready(self):
        return all(sockets.is_listening(self.process.pid, self.address, port) for port in (CLIENT_PORT, *self.server_ports))

    def stop(self):
        return self.process.stop() if self.process else None
