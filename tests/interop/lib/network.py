# SPDX-License-Identifier: Apache-2.0
"""Two spokes, a trunk between them and the names that lead them there: all that a test or the demo runs."""
import shutil
from collections import namedtuple

from . import certificates, trunk
from .nameserver import NameServer
from .people import Person
from .process import Failure
from .spoke import CERTIFIED, DIALBACK, EITHER, EXTERNAL

VERIFIED = (EXTERNAL, EITHER, CERTIFIED)        # by certificates that an authority vouches for

SATURN, MERCURY = "saturn.example.org", "mercury.example.net"
STRANGER = "venus.example.edu"      # a domain whose name leads to the trunk, which does not serve it

Addresses = namedtuple("Addresses", "saturn mercury trunk true_names spoke_names more_names")


def address_block(number):
    """Loopback addresses that no other block has; number from 1 to 250."""
    return Addresses(*(f"127.{number}.0.{last}" for last in (2, 6, 4, 53, 54, 55)))


class Network:
    """Made, started and stopped once.
    saturn, mercury  (class, proof), a class of spoke.Spoke and one of that module's ways to prove
    programs         the folder with trunkd and trunkctl; None: no trunk, the spokes talk directly
    minimal          trunkd gets the guide's short configuration rather than one entry for each spoke"""

    is_direct = False           # all servers take direct TLS, and DNS says so

    def __init__(self, folder, addresses, saturn, mercury, programs, minimal=False, env=None):
        self.folder = folder
        self.addresses = addresses
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.authority = certificates.Authority(folder / "authority")
        self._make_names(bool(programs))
        self.saturn = self._make_spoke(saturn, SATURN, addresses.saturn, "ann")
        self.mercury = self._make_spoke(mercury, MERCURY, addresses.mercury, "bob")
        self.trunk = self._make_trunk(programs, minimal, env) if programs else None
        self.people = []

    def _make_names(self, trunked):
        true = {trunk.NAME: self.addresses.trunk}
        for domain, address in ((SATURN, self.addresses.saturn), (MERCURY, self.addresses.mercury)):
            true[domain] = true["conference." + domain] = address
        spokes = {domain: self.addresses.trunk for domain in [*true, STRANGER]} if trunked else true
        self.true_names = NameServer("names-true", self.addresses.true_names, self.folder, true, direct=self.is_direct)
        self.spoke_names = NameServer("names-for-spokes", self.addresses.spoke_names, self.folder, spokes,
                                      literal=True, direct=self.is_direct)

    def _make_spoke(self, choice, domain, address, person):
        kind, proof = choice
        folder = self.folder / domain
        names = [domain, "*." + domain]
        certificate = None
        if proof in VERIFIED:
            certificate = self.authority.issue(domain, names)
        elif proof == DIALBACK:
            certificate = certificates.self_signed(domain, names, self.authority.folder)
        trust = self.authority.root if proof in VERIFIED else None
        spoke = kind(domain, address, folder, self.spoke_names, proof, certificate, trust)
        spoke.authority_of_clients = certificate.chain if proof == DIALBACK else trust
        spoke.add_person(person, "secret-of-" + person)
        return spoke

    def _make_trunk(self, programs, minimal, env):
        folder = self.folder / trunk.NAME
        folder.mkdir()
        spokes = (self.saturn, self.mercury)
        tls = self._make_identities(folder) if any(spoke.proof in VERIFIED for spoke in spokes) else None
        if minimal:
            config = trunk.minimal_config(self.addresses.trunk, self.true_names, [SATURN, MERCURY], tls)
        else:
            config = trunk.spokes_config(self.addresses.trunk, self.true_names, spokes, tls)
        return trunk.Trunk(programs, self.addresses.trunk, folder, config, env)

    def _make_identities(self, folder):
        """What the trunk has to show and whom it trusts; returns `tls` of its configuration."""
        shutil.copy(self.authority.root, folder / "ca.pem")
        (folder / "certs").mkdir()
        for domain in (SATURN, MERCURY, trunk.NAME):
            issued = self.authority.issue("trunk-for-" + domain, [domain, "*." + domain])
            both = folder / "certs" / (domain + ".pem")
            both.touch(mode=0o600)
            both.write_bytes(issued.chain.read_bytes() + issued.key.read_bytes())
        return trunk.FOLDERS

    def parts(self):
        """All that runs, in the order of starting."""
        return [part for part in (self.true_names, self.spoke_names, self.saturn, self.mercury, self.trunk) if part]

    def start(self):
        for part in self.parts():
            part.start()
        for part in self.parts():
            if hasattr(part, "wait_ready"):
                part.wait_ready()

    async def login(self):
        """ann at saturn and bob at mercury."""
        self.people = [Person(self.saturn, "ann"), Person(self.mercury, "bob")]
        for person in self.people:
            await person.login()
        return self.people

    async def logout(self):
        for person in self.people:
            await person.logout()
        self.people = []

    def dead(self):
        """One line about each part that has ended by itself: more telling than what people waited for in vain."""
        lines = []
        for part in self.parts():
            try:
                if part.process:
                    part.process.check()
            except Failure as error:
                lines.append(str(error))
        return lines

    def stop(self):
        """Ends everything; returns the exit code of trunkd, None without one."""
        code = None
        for part in reversed(self.parts()):
            result = part.stop()
            if part is self.trunk:
                code = result
        return code
