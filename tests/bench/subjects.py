# SPDX-License-Identifier: Apache-2.0
"""The processes that are measured (trunkd and HAProxy), the load driver, and the certificates for them."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

LEFT, RIGHT = "saturn.example.org", "mercury.example.net"
TRUNK_AT, LEFT_AT, RIGHT_AT = "127.77.1.1:5269", "127.77.1.2:5269", "127.77.1.3:5269"
NAMES_AT = ("127.77.1.4", 5300)
RELAY_AT, RELAY_TO = "127.77.2.1:5269", "127.77.2.2:5269"
START_S, STOP_S, RUN_S = 10, 10, 600


class BenchError(Exception):
    """What stops a measurement, in words for whoever runs it."""


def cores():
    """The processors for the process under test and for the driver; None where there is only one for both."""
    available = sorted(os.sched_getaffinity(0))
    return (available[-1:], available[:1]) if len(available) > 1 else (None, None)


def pinned(processors):
    return (lambda: os.sched_setaffinity(0, processors)) if processors else None


def openssl(*words, folder):
    done = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError("openssl %s: %s" % (words[0], done.stderr.strip().splitlines()[-1:]))


def make_certificates(folder):
    """ca.pem, relay.pem, and both.pem: chain and key for all domains of both sides, as spokes and trunk show it."""
    names = ",".join("DNS:" + name for domain in (LEFT, RIGHT) for name in (domain, "*." + domain))
    with open(os.path.join(folder, "leaf.ext"), "w", encoding="ascii") as file:
        file.write("subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n" % names)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-days", "30", "-subj", "/CN=bench CA", "-keyout", "ca.key", "-out", "ca.pem", folder=folder)
    openssl("req", *key, "-subj", "/CN=bench", "-keyout", "leaf.key", "-out", "leaf.csr", folder=folder)
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "20",
            "-extfile", "leaf.ext", "-out", "leaf.pem", folder=folder)
    os.makedirs(os.path.join(folder, "certs"), exist_ok=True)
    with open(os.path.join(folder, "both.pem"), "wb") as out:
        for part in ("leaf.pem", "leaf.key"):
            with open(os.path.join(folder, part), "rb") as file:
                out.write(file.read())
    for copy in ("relay.pem", os.path.join("certs", "both.pem")):
        shutil.copyfile(os.path.join(folder, "both.pem"), os.path.join(folder, copy))
        os.chmod(os.path.join(folder, copy), 0o600)


def is_listening(address):
    host, port = address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


class Subject:
    """A process under test. Use as a context; `pid` is then its process id."""

    name = address = ""
    raw = False
    start_s = START_S
    is_pinned = True            # to the last processor, the driver having the first

    def __init__(self, folder):
        self.folder = folder
        self.process = None

    def command(self):
        raise NotImplementedError

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        if is_listening(self.address):
            raise BenchError("%s is taken by another program; stop it first" % self.address)
        self.log = os.path.join(self.folder, "subject.log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=pinned(cores()[0]) if self.is_pinned else None)
        until = time.monotonic() + self.start_s
        while not is_listening(self.address):
            if self.process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                raise BenchError("%s did not start: %s" % (self.name, self.last_words()))
            time.sleep(0.02)
        time.sleep(0.1)
        return self

    def last_words(self):
        with open(self.log, "rb") as log:
            return b" / ".join(log.read().splitlines()[-3:]).decode("utf-8", "replace")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Haproxy(Subject):
    """A byte relay: TLS in, TLS out, one thread."""

    name, address, raw = "HAProxy", RELAY_AT, True
    settings = """global
	nbthread 1
	maxconn 4000
	tune.bufsize 32768
	ssl-default-bind-options ssl-min-ver TLSv1.3
	ssl-default-server-options ssl-min-ver TLSv1.3
defaults
	mode tcp
	timeout connect 10s
	timeout client 10m
	timeout server 10m
frontend in
	bind {at} ssl crt {folder}/relay.pem
	default_backend out
backend out
	server spoke {to} ssl verify none
"""

    def command(self):
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.settings.format(at=RELAY_AT, to=RELAY_TO, folder=self.folder))
        return [shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", path]


class Trunkd(Subject):
    """The product between two spokes. `audit` and `limits` are YAML for those options; None leaves the default."""

    address = TRUNK_AT
    settings = """trunk: trunk.example.com
listen: ["{at}"]
state: {state}
control: {state}/control.sock
workers: {workers}
log: {{level: warning}}
tls: {{trust: [{folder}/ca.pem], certificates: [{folder}/certs]}}
spokes:
{spokes}limits: {{{limits}}}
"""
    limits = "streams-per-address: 60000, connection-rate: 60000/s, unproved-streams: 60000"

    def __init__(self, folder, program, name="trunkd", audit=None, custody="", limits="", workers=1, many=0):
        """`many`: that many spokes on each side, each with a domain of its own (d0.LEFT …, t0.RIGHT …)."""
        super().__init__(folder)
        self.program, self.name, self.audit, self.workers, self.many = program, name, audit, workers, many
        self.custody = ", custody: " + custody if custody else ""
        self.limits = ", ".join(part for part in (Trunkd.limits, limits) if part)

    def spokes(self):
        sides = (("left", "d", LEFT, LEFT_AT), ("right", "t", RIGHT, RIGHT_AT))
        if not self.many:
            return "".join('  %s: {domains: [%s, "*.%s"], address: ["%s"]%s}\n' % (side, domain, domain, at, self.custody)
                           for side, _, domain, at in sides)
        return "".join('  %s%d: {domains: [%s%d.%s], address: ["%s"]%s}\n' % (side, i, letter, i, domain, at, self.custody)
                       for side, letter, domain, at in sides for i in range(self.many))

    def command(self):
        state = os.path.join(self.folder, "state")
        shutil.rmtree(state, ignore_errors=True)
        os.makedirs(state, mode=0o700)
        path = os.path.join(self.folder, "trunkd.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.settings.format(at=TRUNK_AT, state=state, folder=self.folder, workers=self.workers, spokes=self.spokes(),
                                            limits=self.limits))
            if self.audit:
                file.write("audit: {%s}\n" % self.audit)
        return [self.program, "-c", path]


class NameServer(threading.Thread):
    """A DNS server that knows one name and says of any other question that there is nothing."""

    def __init__(self, at, name, address):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.2)
        self.socket.bind(at)
        self.is_over = False
        self.asked = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split(".")) + b"\0"
        self.address = socket.inet_aton(address)

    def run(self):
        while not self.is_over:
            try:
                query, peer = self.socket.recvfrom(512)
            except TimeoutError:
                continue
            end = query.index(b"\0", 12) + 5
            is_known = query[12:end].lower() == self.asked + b"\0\1\0\1"
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + self.address if is_known else b""
            self.socket.sendto(query[:2] + b"\x85\x80\0\1" + bytes([0, is_known]) + b"\0\0\0\0" + query[12:end] + answer, peer)

    def stop(self):
        self.is_over = True
        self.join()
        self.socket.close()


class Prosody(Subject):
    """A server of the target domain that answers each stanza with an error, for it has no users."""

    name, address, start_s = "Prosody, answering", TRUNK_AT, 30
    settings = """run_as_root = true
daemonize = false
pidfile = "{own}/prosody.pid"
data_path = "{own}"
plugin_paths = {{}}
log = {{ {{ levels = {{ min = "warn" }}, to = "console" }} }}
use_ipv6 = false
interfaces = {{ "{host}" }}
c2s_ports = {{}}
s2s_ports = {{ 5269 }}
c2s_direct_tls_ports = {{}}
s2s_direct_tls_ports = {{}}
http_ports = {{}}
https_ports = {{}}
s2s_require_encryption = true
s2s_secure_auth = true
authentication = "internal_hashed"
storage = "internal"
modules_enabled = {{ "saslauth", "tls", "dialback", "message", "iq" }}
modules_disabled = {{ "posix" }}
ssl = {{ certificate = "{folder}/both.pem"; key = "{folder}/both.pem"; cafile = "{folder}/ca.pem"; verify = {{ "peer" }} }}
unbound = {{ resolvconf = false, forward = {{ "{names}@{port}" }}, options = {{ ["do-not-query-localhost:"] = "no" }} }}
VirtualHost "{domain}"
"""

    def command(self):
        own = os.path.join(self.folder, "prosody")
        os.makedirs(own, exist_ok=True)
        path = os.path.join(own, "prosody.cfg.lua")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.settings.format(own=own, folder=self.folder, host=TRUNK_AT.split(":")[0], names=NAMES_AT[0],
                                            port=NAMES_AT[1], domain=RIGHT))
        return [shutil.which("prosody") or "/usr/bin/prosody", "-F", "--config", path]

    def __enter__(self):
        self.names = NameServer(NAMES_AT, LEFT, LEFT_AT.split(":")[0])
        self.names.start()
        return super().__enter__()

    def __exit__(self, *about):
        super().__exit__(*about)
        self.names.stop()


class Driver:
    """tests/bench/load. Each run returns its report, with `exit` added."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def run(self, subject, *words):
        where = ["--trunk", subject.address, "--pid", str(subject.pid), "--left", LEFT, "--right", RIGHT]
        if subject.raw:
            where += ["--raw", "--listen", RELAY_TO]
        else:
            where += ["--listen", LEFT_AT, "--listen", RIGHT_AT]
        if "external" in words:
            where += ["--cert", os.path.join(self.folder, "both.pem")]
        done = subprocess.run([self.program, *where, *[str(word) for word in words]], capture_output=True, text=True,
                              timeout=RUN_S, check=False, preexec_fn=pinned(cores()[1]) if subject.is_pinned else None)
        if done.returncode not in (0, 1) or not done.stdout.strip():
            raise BenchError("%s with %s: %s" % (subject.name, " ".join(str(word) for word in words),
                                                 done.stderr.strip() or "the driver said nothing"))
        report = json.loads(done.stdout)
        report.update(exit=done.returncode, notes=done.stderr.strip())
        return report
