# SPDX-License-Identifier: Apache-2.0
"""Networks in which one thing is different: who issues, how one connects, which way streams go, who wrote the settings."""
import re
import shutil

from . import trunk
from .nameserver import Dnsmasq, NameServer
from .network import MERCURY, SATURN, Network
from .process import Failure
from .prosody import Prosody


class IssuingNetwork(Network):
    """The trunk has an authority of its own, which the spokes trust, and nobody else."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.trunk.ctl_text("ca", "init", "--permit", SATURN, MERCURY, trunk.NAME)
        self.root = self.folder / "trunk-root.pem"
        self.root.write_text(self.trunk.ctl_text("ca", "export"), encoding="ascii")
        for spoke in (self.saturn, self.mercury):
            spoke.authority = self.root

    def _make_identities(self, folder):
        shutil.copy(self.authority.root, folder / "ca.pem")
        return trunk.ISSUER


class DirectNetwork(Network):
    """TLS from the first byte on (XEP-0368): the trunk is told so for saturn, and finds it out for mercury."""

    is_direct = True

    def _make_spoke(self, choice, domain, address, person):
        spoke = super()._make_spoke(choice, domain, address, person)
        spoke.is_direct = True
        spoke.transport = "direct" if domain == SATURN else "auto"
        return spoke


class OneWayNetwork(Network):
    """Nobody can connect to saturn: what is for it comes on the streams that it opens (XEP-0288)."""

    def _make_spoke(self, choice, domain, address, person):
        spoke = super()._make_spoke(choice, domain, address, person)
        spoke.is_bidirectional = domain == SATURN
        return spoke


class ManagedNetwork(Network):
    """Prosody acknowledges between servers (mod_smacks), on the streams that EXTERNAL proves."""

    def _make_spoke(self, choice, domain, address, person):
        spoke = super()._make_spoke(choice, domain, address, person)
        spoke.has_sm = True
        return spoke


class GuidedNetwork(IssuingNetwork):
    """What the spokes are told is what `trunkctl guide` prints, taken as it stands: saturn (Prosody) has a DNS server that
    knows nothing else. mercury (ejabberd) takes addresses from the system's resolver, which is not ours to change, so its
    DNS server has SRV records that name addresses in digits."""

    software_of_names = None        # "unbound" or "dnsmasq"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.saturn_names = self._make_saturn_names()
        self.saturn.resolver = self.saturn_names
        for spoke in (self.saturn, self.mercury):
            self._instruct(spoke)

    def _make_saturn_names(self):
        guide, address = self._guide(SATURN, self.software_of_names), self.addresses.more_names
        if self.software_of_names == "dnsmasq":
            return Dnsmasq("names-for-saturn", address, self.folder, guide)
        return NameServer("names-for-saturn", address, self.folder, {}, include=guide)

    def _guide(self, domain, kind, *options):
        path = self.folder / f"guide-{domain}-{kind}"
        path.write_text(self.trunk.ctl_text("guide", domain, "--for", kind, *options), encoding="ascii")
        return path

    def _instruct(self, spoke):
        path = self._guide(spoke.domain, spoke.software.lower(), "--authority", str(self.root),
                           "--resolver", f"{spoke.resolver.address}@{spoke.resolver.port}")
        spoke.guide = path.read_text(encoding="ascii")
        if isinstance(spoke, Prosody):
            spoke.authority = None      # the guide's own line names it
            return
        # The other file of ejabberd's that the guide speaks about.
        found = re.search(r'^% +s2s_cafile: "(.*)"$', spoke.guide, re.MULTILINE)
        if found is None:
            raise Failure(f"{path} does not say whom ejabberd shall trust")
        spoke.authority = found.group(1)

    def parts(self):
        return [self.saturn_names, *super().parts()]


class UnboundGuidedNetwork(GuidedNetwork):
    software_of_names = "unbound"


class DnsmasqGuidedNetwork(GuidedNetwork):
    software_of_names = "dnsmasq"
