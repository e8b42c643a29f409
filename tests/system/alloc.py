#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every allocation on the way of a stanza fails once, in turn: in the running trunkd, its libraries included. Whatever failed, the daemon
lives, the stanza is delivered at most once or its sender is told (an error, or the end of the stream), and the next one passes.

    tests/system/alloc.py [--programs DIR] [--every N]  DIR: build, a build without sanitizers; N: of a whole new stream's places each Nth, 1

Ends with `N passed, N failed`. Addresses 127.89.1.1 to .3."""
import argparse
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "interop"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from lib import certificates  # noqa: E402
from lib.process import Failure, die_with_parent  # noqa: E402
from peers import Peer, Sender  # noqa: E402

TRUNK, SATURN, MERCURY, PORT = "127.89.1.1", "127.89.1.2", "127.89.1.3", 5269
CONFIG = f"""trunk: trunk.example.com
listen: ["{TRUNK}:{PORT}"]
state: state
control: control.sock
workers: 1
sandbox: false
source: ["{TRUNK}"]
limits: {{connection-rate: 0, streams-per-address: 10000, handshake-timeout: 3s}}
spokes:
  saturn: {{domains: [saturn.example.org], address: ["{SATURN}:{PORT}"]}}
  mercury: {{domains: [mercury.example.net], address: ["{MERCURY}:{PORT}"]}}
"""
TOLD_SECONDS = 0.3      # for what fails at once; a stanza that waits for its link may be bounced after 25 s and is looked for at the end


class Orders:
    """What failing_malloc.c reads: allocations until the one that fails, and those seen."""

    def __init__(self, path):
        path.write_bytes(struct.pack("=qq", -1, 0))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 16)

    def fail_after(self, left):
        self.map[0:16] = struct.pack("=qq", left, 0)

    def calm(self):
        """Returns whether the order was carried out, and gives no more."""
        left, _ = struct.unpack("=qq", self.map[0:16])
        self.map[0:8] = struct.pack("=q", -1)
        return left < 0


class Story:
    """One trunk; each round fails one more place. `warm`: streams and links are up before, so only a stanza's own way is failed;
    else a whole new stream, its proof and the link are."""

    def __init__(self, programs, folder, is_secure, is_warm):
        self.is_secure, self.is_warm = is_secure, is_warm
        self.name = f"{'TLS' if is_secure else 'plain text'}, {'streams that are up' if is_warm else 'a new stream'}"
        self.orders = Orders(folder / "orders")
        certificate = None
        if is_secure:
            made = certificates.self_signed("peer", ["saturn.example.org", "mercury.example.net"], folder)
            certificate = (made.chain, made.key)
        self.saturn = Peer("saturn.example.org", SATURN, PORT, certificate)
        self.mercury = Peer("mercury.example.net", MERCURY, PORT, certificate)
        config = folder / "trunkd.yaml"
        config.write_text(CONFIG + f"tls: {{policy: {'required' if is_secure else 'disabled'}}}\n", encoding="utf-8")
        self.log = folder / "trunkd.log"
        preload = programs / "tests/system/libfailing_malloc.so"
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen([str(programs / "trunkd"), "-c", str(config)], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          preexec_fn=die_with_parent,
                                          env={**os.environ, "LD_PRELOAD": str(preload), "FAILING_MALLOC": str(folder / "orders")})
        self.sender = None
        self.numbers = 0
        self.unclear = []
        self._until(lambda: b" ready " in self.log.read_bytes(), 10, "trunkd is not ready")

    def _until(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while not condition():
            if self.child.poll() is not None:
                raise Failure(f"trunkd ended with {self.child.returncode}: {self.log.read_text(errors='replace')[-500:]}")
            if time.monotonic() > end:
                raise Failure(what)
            time.sleep(0.005)

    def connect(self):
        if not self.sender or not self.sender.is_up:
            self.sender = Sender((TRUNK, PORT), "saturn.example.org", "mercury.example.net", SATURN, self.is_secure)
        return self.sender.is_up

    def next(self):
        self.numbers += 1
        return f"n{self.numbers}"

    def pass_one(self, seconds=12):
        """A stanza must pass, at last over a new stream."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.child.poll() is not None:
                raise Failure(f"trunkd ended with {self.child.returncode}: {self.log.read_text(errors='replace')[-500:]}")
            ident = self.next()
            if self.connect() and self.sender.send(ident) and self.mercury.wait(ident, 2):
                return
            self.sender.close()
            time.sleep(0.1)
        raise Failure(f"nothing passes any more: {self.log.read_text(errors='replace')[-700:]}")

    def is_known(self, ident, sender):
        """Whether saturn knows of what did not arrive: it did, an error came to its server, or the stream ended."""
        return self.mercury.has(ident) or self.saturn.has(ident) or not sender.is_up or sender.stream.read(seconds=0.005) is None and sender.stream.is_over

    def round(self, place):
        """Returns False where no allocation was left to fail."""
        if self.is_warm:
            self.pass_one()
        elif self.sender:
            self.sender.close()
        ident = self.next()
        self.orders.fail_after(place)
        sent = self.connect() and self.sender.send(ident)
        end = time.monotonic() + TOLD_SECONDS
        while sent and not self.is_known(ident, self.sender) and time.monotonic() < end:
            time.sleep(0.002)
        failed = self.orders.calm()
        if self.mercury.has(ident) > 1:
            raise Failure(f"place {place}: delivered {self.mercury.has(ident)} times")
        if sent and not self.is_known(ident, self.sender):
            self.unclear.append((place, ident, self.sender))
            self.sender = None          # left open: it may still be told
        self.pass_one()
        return failed

    def settle(self):
        """What was neither delivered nor refused so far must be by the end of the longest wait."""
        end = time.monotonic() + 32
        while self.unclear and time.monotonic() < end:
            self.unclear = [(place, ident, sender) for place, ident, sender in self.unclear if not self.is_known(ident, sender)]
            time.sleep(0.2)
        if self.unclear:
            raise Failure(f"lost in silence when these places failed: {[place for place, _, _ in self.unclear]}")

    def end(self):
        self.saturn.close()
        self.mercury.close()
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


def tell(programs, is_secure, is_warm, every):
    """Returns (its name, places, why it failed or None)."""
    place = places = 0
    with tempfile.TemporaryDirectory(prefix="trunkd-alloc-") as folder:
        story = Story(programs, Path(folder), is_secure, is_warm)
        try:
            while story.round(place):
                place, places = place + (1 if is_warm else every), places + 1
            story.settle()
            return story.name, places, None
        except Failure as failure:
            return story.name, places, f"at place {place}: {failure}"
        finally:
            story.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=Path("build"))
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    passed = failed = 0
    for is_secure in (False, True):
        for is_warm in (True, False):
            name, places, why = tell(arguments.programs.resolve(), is_secure, is_warm, arguments.every)
            print(f"{'FAILED' if why else 'ok    '} {name}: {places} places{': ' + why if why else ''}", flush=True)
            failed, passed = failed + bool(why), passed + (not why)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
