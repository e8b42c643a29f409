# SPDX-License-Identifier: Apache-2.0
"""A certification authority of our own, and what it or nobody signs; made by the openssl program."""
from collections import namedtuple

from .process import run

Certificate = namedtuple("Certificate", "chain key")    # paths of PEM files

_CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _request(name, domains, folder, extra):
    names = ",".join("DNS:" + domain for domain in domains)
    path = Certificate(folder / (name + ".pem"), folder / (name + ".key"))
    run(["openssl", "req", "-x509", "-days", "30", "-subj", "/CN=" + domains[0], *_CURVE, "-keyout", path.key,
         "-out", path.chain, "-addext", "subjectAltName=" + names,
         "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth,clientAuth", *extra],
        f"make a certificate for {domains[0]}")
    return path


def self_signed(name, domains, folder):
    """A certificate that nobody has a reason to trust."""
    return _request(name, domains, folder, [])


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
