# SPDX-License-Identifier: Apache-2.0
"""A certification authority of our own, and what it or nobody signs; made by the openssl program."""
import datetime
from collections import namedtuple

from .process import run

Certificate = namedtuple("Certificate", "chain key")    # paths of PEM files

_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _names(domains):
    return ",".join("DNS:" + domain for domain in domains)


def _request(name, domains, folder, extra):
    path = Certificate(folder / (name + ".pem"), folder / (name + ".key"))
    run(["openssl", "req", "-x509", "-days", "30", "-subj", "/CN=" + domains[0], *_CURVE, "-keyout", path.key,
         "-out", path.chain, "-addext", "subjectAltName=" + _names(domains),
         "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth", *extra],
        f"make a certificate for {domains[0]}")
    return path


def self_signed(name, domains, folder):
    """A certificate that nobody has a reason to trust."""
    return _request(name, domains, folder, [])


_EXPIRING = """[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = optional
[server]
subjectAltName = {names}
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth,clientAuth
"""


class Authority:
    """A root certificate and the key to sign with."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.root = folder / "ca.pem"
        self.key = folder / "ca.key"
        run(["openssl", "req", "-x509", "-days", "30", "-subj", "/CN=Test authority", *_CURVE, "-keyout", self.key,
             "-out", self.root, "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign"], "make a certification authority")

    def issue(self, name, domains, folder=None):
        """Signs a certificate for `domains` and leaves it with its key in `folder` (default: the authority's own)."""
        folder = folder or self.folder
        folder.mkdir(parents=True, exist_ok=True)
        return _request(name, domains, folder, ["-CA", self.root, "-CAkey", self.key])

    def issue_expired(self, name, domains):
        """Signs a certificate that was good until ten days ago."""
        path = Certificate(self.folder / (name + ".pem"), self.folder / (name + ".key"))
        request, config = self.folder / (name + ".csr"), self.folder / (name + ".cnf")
        (self.folder / "index.txt").touch()
        config.write_text(_EXPIRING.format(folder=self.folder, names=_names(domains)), encoding="ascii")
        run(["openssl", "req", "-subj", "/CN=" + domains[0], *_CURVE, "-keyout", path.key, "-out", request],
            f"ask for a certificate for {domains[0]}")
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = ((now - datetime.timedelta(days)).strftime("%Y%m%d%H%M%SZ") for days in (20, 10))
        run(["openssl", "ca", "-batch", "-notext", "-config", config, "-cert", self.root, "-keyfile", self.key,
             "-startdate", begin, "-enddate", end, "-in", request, "-out", path.chain],
            f"make an expired certificate for {domains[0]}")
        return path
