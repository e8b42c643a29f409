# SPDX-License-Identifier: Apache-2.0
"""Servers that serve many domains at once, each set in its own way: one domain for each cell of the outcome matrix."""
import shutil
from collections import namedtuple
from pathlib import Path

from . import ejabberd, sockets
from .process import Failure, Process, wait_until
from .spoke import SERVER_PORT, START_SECONDS

PACE_SECONDS = 0.01     # between the first words of two hosts …
BACKLOG = 4096          # … of which a server may be told all at once: what the system drops comes again seconds later
HERE = Path(__file__).resolve().parent
Host = namedtuple("Host", "domain target pings tls dialback certificate")
Host.__doc__ = """A virtual host, and the one domain across the trunk that it has to do with.
pings        it pings that domain as soon as it may
certificate  certificates.Certificate, or None"""


class Many:
    """One server with many hosts. A subclass writes its configuration and makes its process."""

    software = None

    def __init__(self, name, address, folder, resolver, authority, hosts):
        """authority: path of the root that every host trusts"""
        self.name = name
        self.address = address
        self.folder = folder
        self.resolver = resolver
        self.authority = authority
        self.hosts = hosts
        self.process = None
        folder.mkdir(parents=True)
        self.begin_file, self.result_file = folder / "begin", folder / "results"

    def configure(self):
        raise NotImplementedError

    def start(self):
        stranger = sockets.stranger_on(self.address, SERVER_PORT)
        if stranger:
            raise Failure(f"{self.name} cannot have its port: {stranger}")
        self.process = self.configure()
        self.process.start()

    def wait_ready(self):
        wait_until(lambda: sockets.is_listening(self.process.pid, self.address, SERVER_PORT), START_SECONDS,
                   f"{self.name} listening", [self.process])

    def begin(self):
        """Lets the pings begin."""
        self.begin_file.touch()

    def results(self):
        """What came of the pings so far: {domain: "answered" or the condition of the error}."""
        if not self.result_file.exists():
            return {}
        lines = self.result_file.read_text(encoding="ascii").splitlines()
        return dict(line.split(" ", 1) for line in lines if " " in line)

    def stop(self):
        return self.process.stop() if self.process else None


_PROSODY = """
run_as_root = true
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
certificates = "{folder}/none"
plugin_paths = {{ "{plugins}" }}
log = {{ {{ levels = {{ min = "debug" }}, to = "file", filename = "{folder}/prosody-debug.log" }} }}
use_ipv6 = false
interfaces = {{ "{address}" }}
c2s_ports = {{}}
c2s_direct_tls_ports = {{}}
s2s_ports = {{ {port} }}
s2s_direct_tls_ports = {{}}
http_ports = {{}}
https_ports = {{}}
s2s_require_encryption = {require_tls}
s2s_secure_auth = false
s2s_secure_domains = {{ {secure} }}
authentication = "internal_hashed"
storage = "memory"
unbound = {{ resolvconf = false, hoststxt = false, forward = {{ "{resolver}" }},
	options = {{ ["do-not-query-localhost:"] = "no" }} }}
modules_enabled = {{ "saslauth", "ping", "tls", "dialback" }}
modules_disabled = {{ "posix", "c2s" }}
network_settings = {{ tcp_backlog = {backlog} }}
test_ping_begin = "{begin}"
test_ping_results = "{results}"
"""

_PROSODY_HOST = """
VirtualHost "{host.domain}"
	s2s_allow_encryption = {tls}
	ssl = {{ cafile = "{authority}"; verify = {{ "peer" }}; {certificate} }}
	modules_disabled = {{ {disabled} }}
	modules_enabled = {{ {enabled} }}
	test_ping_target = "{host.target}"
	test_ping_delay = {delay}
"""


class ManyProsody(Many):
    """Whether encryption is required is one setting for the whole server, so `disabled` and `optional` can be mixed and
    `required` stands alone. Where dialback is off, a certificate is demanded of the other side."""

    software = "Prosody"

    def configure(self):
        program = shutil.which("prosody", path="/usr/bin:/usr/local/bin")
        if program is None:
            raise Failure("Prosody is not installed; run script/bootstrap")
        for name in ("data", "none"):
            (self.folder / name).mkdir()
        required = {host.tls == "required" for host in self.hosts}
        secure = ", ".join(f'"{host.target}"' for host in self.hosts if host.dialback == "off")
        text = _PROSODY.format(folder=self.folder, plugins=HERE / "prosody-modules", address=self.address, port=SERVER_PORT,
                               require_tls=str(required == {True}).lower(), secure=secure, backlog=BACKLOG,
                               begin=self.begin_file, results=self.result_file,
                               resolver=f"{self.resolver.address}@{self.resolver.port}")
        config = self.folder / "prosody.cfg.lua"
        config.write_text(text + "".join(self._host_text(*numbered) for numbered in enumerate(self.hosts)), encoding="ascii")
        return Process("prosody", [program, "-F", "--config", config], self.folder)

    def _host_text(self, number, host):
        pair = f'certificate = "{host.certificate.chain}"; key = "{host.certificate.key}"' if host.certificate else ""
        return _PROSODY_HOST.format(host=host, delay=number * PACE_SECONDS, tls=str(host.tls != "disabled").lower(),
                                    authority=self.authority, certificate=pair,
                                    disabled='"dialback"' if host.dialback == "off" else "",
                                    enabled='"test_ping"' if host.pings else "")


_EJABBERD = """
hosts: [{hosts}]
loglevel: debug
{certificates}
listen:
  - {{port: {port}, ip: "{address}", module: ejabberd_s2s_in, shaper: none, backlog: {backlog}}}
s2s_max_retry_delay: 1
outgoing_s2s_families: [ipv4]
outgoing_s2s_ipv4_address: "{address}"
s2s_cafile: "{authority}"
auth_method: internal
modules:
  mod_ping: {{}}
"""


class ManyEjabberd(Many):
    """Every host has its own settings, but certificates are looked up by name among those of the whole server, and a
    host that has none of its name takes any."""

    software = "ejabberd"

    def configure(self):
        files = sorted({path for host in self.hosts if host.certificate for path in host.certificate}, key=str)
        certificates = f'certfiles: [{", ".join(_quoted(path) for path in files)}]' if files else ""
        text = _EJABBERD.format(hosts=", ".join(_quoted(host.domain) for host in self.hosts), certificates=certificates,
                                port=SERVER_PORT, address=self.address, authority=self.authority, backlog=BACKLOG)
        words = {"disabled": "false", "optional": "optional", "required": "required"}
        text += "host_config:\n" + "".join(f"  {_quoted(host.domain)}: {{s2s_use_starttls: {words[host.tls]}}}\n"
                                           for host in self.hosts)
        text += "append_host_config:\n" + "".join(f"  {_quoted(host.domain)}: {{modules: {{mod_s2s_dialback: {{}}}}}}\n"
                                                  for host in self.hosts if host.dialback == "on")
        config = self.folder / "ejabberd.yml"
        config.write_text(text, encoding="ascii")
        return ejabberd.program(self.folder, config, ejabberd.inetrc_text(self.resolver), [self._expression()])

    def _expression(self):
        pairs = ",".join(f'{{<<"{host.domain}">>,<<"{host.target}">>}}' for host in self.hosts if host.pings)
        return (f"file:eval(\"{HERE / 'test_ping.erl'}\", [{{'Begin', \"{self.begin_file}\"}}, "
                f"{{'Results', \"{self.result_file}\"}}, {{'Pace', {PACE_SECONDS * 1000:.0f}}}, {{'Pairs', [{pairs}]}}]).")


def _quoted(text):
    return f'"{text}"'
