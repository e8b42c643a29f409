# SPDX-License-Identifier: Apache-2.0
"""Prosody with a configuration and data of its own, run as whoever we are."""
import shutil

from .ports import DIRECT_PORT, SERVER_PORT
from .process import Failure, Process, run
from .spoke import EXTERNAL, PLAIN, Spoke

_CONFIG = """
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
plugin_paths = {{}}
log = {{ {{ levels = {{ min = "debug" }}, to = "file", filename = "{folder}/prosody-debug.log" }} }}
use_ipv6 = false
interfaces = {{ "{address}" }}
c2s_ports = {{ 5222 }}
s2s_ports = {{ {starttls_ports} }}
c2s_direct_tls_ports = {{}}
s2s_direct_tls_ports = {{ {direct_ports} }}
http_ports = {{}}
https_ports = {{}}
c2s_require_encryption = false
s2s_require_encryption = {require_tls}
s2s_secure_auth = {require_certificate}
authentication = "internal_hashed"
storage = "internal"
modules_enabled = {{ "roster", "saslauth", "disco", "ping", "version", "presence", "message", "iq", {modules} }}
modules_disabled = {{ "posix" }}
{tls}
{names}
VirtualHost "{domain}"
Component "{conference}" "muc"
"""

_TLS = """ssl = {{ certificate = "{chain}"; key = "{key}"; {trust} verify = {{ "peer" }} }}
"""


_NAMES = """unbound = {{ resolvconf = false, hoststxt = false, forward = {{ "{resolver}" }},
	options = {{ ["do-not-query-localhost:"] = "no" }} }}
"""


class Prosody(Spoke):
    software = "Prosody"

    def configure(self):
        program = shutil.which("prosody", path="/usr/bin:/usr/local/bin")
        if program is None:
            raise Failure("Prosody is not installed; run script/bootstrap")
        config = self.folder / "prosody.cfg.lua"
        (self.folder / "data").mkdir()
        config.write_text(self._text(), encoding="utf-8")
        for local, password in self.people.items():
            run(["prosodyctl", "--root", "--config", config, "register", local, self.domain, password],
                f"register {local}@{self.domain} with Prosody")
        return Process("prosody", [program, "-F", "--config", config], self.folder)

    def _text(self):
        wanted = {"tls": self.proof != PLAIN, "dialback": self.proof != EXTERNAL, "s2s_bidi": self.is_bidirectional,
                  "smacks": self.has_sm, "offline": self.has_sm}
        modules = ", ".join(f'"{name}"' for name, is_wanted in wanted.items() if is_wanted)
        names = self.guide or _NAMES.format(resolver=f"{self.resolver.address}@{self.resolver.port}")
        tls = ""
        if self.proof != PLAIN:
            trust = f'cafile = "{self.authority}";' if self.authority else ""
            tls = _TLS.format(chain=self.certificate.chain, key=self.certificate.key, trust=trust)
        return _CONFIG.format(
            folder=self.folder, address=self.address, domain=self.domain, conference=self.conference,
            names=names, modules=modules,
            starttls_ports="" if self.is_bidirectional else SERVER_PORT, direct_ports=DIRECT_PORT if self.is_direct else "",
            require_tls=str(self.proof != PLAIN).lower(), require_certificate=str(self.proof == EXTERNAL).lower(), tls=tls)
