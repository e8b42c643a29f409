# SPDX-License-Identifier: Apache-2.0
"""ejabberd with a configuration and data of its own, run as whoever we are and unknown to any other Erlang node."""
import re
import shutil
from pathlib import Path

from .process import Failure, Process
from .spoke import EXTERNAL, PLAIN, Spoke

_CONFIG = """
hosts: ["{domain}"]
loglevel: debug
{certificates}
listen:
  - {{port: 5222, ip: "{address}", module: ejabberd_c2s, starttls: {tls}, shaper: none}}
  - {{port: 5269, ip: "{address}", module: ejabberd_s2s_in, shaper: none}}
{direct}
s2s_use_starttls: {starttls}
s2s_max_retry_delay: 1
outgoing_s2s_families: [ipv4]
outgoing_s2s_ipv4_address: "{address}"
auth_method: internal
auth_password_format: scram
acl: {{local: {{user_regexp: ""}}}}
access_rules: {{local: {{allow: local}}}}
modules:
  mod_disco: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_version: {{}}
  mod_muc: {{host: "{conference}", access: all, access_create: all}}
{modules}
"""


_DIRECT = """  - {{port: 5270, ip: "{address}", module: ejabberd_s2s_in, tls: true, shaper: none}}"""
_STARTTLS = {PLAIN: "false", EXTERNAL: "required_trusted"}


class Ejabberd(Spoke):
    software = "ejabberd"

    def configure(self):
        config = self.folder / "ejabberd.yml"
        config.write_text(self._text(), encoding="utf-8")
        return program(self.folder, config, self.guide or inetrc_text(self.resolver),
                       [f'ejabberd_auth:try_register(<<"{local}">>, <<"{self.domain}">>, <<"{password}">>).'
                        for local, password in self.people.items()])

    def _text(self):
        certificates = ""
        if self.proof != PLAIN:
            certificates = f'certfiles: ["{self.certificate.chain}", "{self.certificate.key}"]\n'
            if self.authority:
                certificates += f's2s_cafile: "{self.authority}"\n'
        dialback = self.proof != EXTERNAL
        return _CONFIG.format(domain=self.domain, conference=self.conference, address=self.address,
                              certificates=certificates, tls=str(self.proof != PLAIN).lower(),
                              direct=_DIRECT.format(address=self.address) if self.is_direct else "",
                              starttls=_STARTTLS.get(self.proof, "required"),
                              modules="  mod_s2s_dialback: {}" if dialback else "")


def inetrc_text(resolver):
    """Which DNS server it asks."""
    octets = resolver.address.replace(".", ",")
    return (f'{{hosts_file, ""}}.\n{{resolv_conf, ""}}.\n{{lookup, [dns]}}.\n'
            f"{{nameserver, {{{octets}}}, {resolver.port}}}.\n")


def program(folder, config, inetrc, expressions):
    """The Process that runs it with these files' texts, and evaluates the expressions once it is up."""
    (folder / "inetrc").write_text(inetrc, encoding="ascii")
    # Not by ejabberdctl: Debian's switches to the user ejabberd. No node name: so no epmd, no cookie, no open port.
    argv = ["erl", "-noinput", "-mnesia", "dir", f'"{folder}/data"', "-s", "ejabberd"]
    for expression in expressions:
        argv += ["-eval", expression]
    env = {"EJABBERD_CONFIG_PATH": str(config), "EJABBERD_LOG_PATH": f"{folder}/ejabberd-debug.log",
           "ERL_INETRC": f"{folder}/inetrc", "ERL_LIBS": _libraries(), "ERL_CRASH_DUMP_BYTES": "0",
           "HOME": str(folder), "EJABBERD_PID_PATH": f"{folder}/ejabberd.pid"}
    return Process("ejabberd", argv, folder, env)


def _libraries():
    """Where Debian keeps ejabberd's compiled modules: as its own start script says."""
    script = shutil.which("ejabberdctl", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if script is None or shutil.which("erl") is None:
        raise Failure("ejabberd is not installed; run script/bootstrap")
    found = re.search(r"^ *ERL_LIBS='?([^'\n]+)'?$", Path(script).read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise Failure(f"{script} does not say where ejabberd's modules are (ERL_LIBS)")
    return found.group(1)
