#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long mixed load with reconnects through one trunkd, whose memory and descriptors are looked at meanwhile: many spokes come, send and go,
proved by dialback and by EXTERNAL, with and without XEP-0198, an ordinary mix of stanzas; others break off in the midst of headers, handshakes
and stanzas; and one, whose messages wait on disk, is away half of the time.

    tests/system/soak.py [--programs DIR] [--minutes N] [--rate N]      DIR: build-release; N: 30 minutes, 60 stanzas a second of each of four kinds of load

Memory may grow by less than 2 % in the last two thirds, no descriptor may be left behind, and no stanza lost. Samples go to DIR/soak.csv.
Ends with `N passed, N failed`. Addresses 127.24.1.*."""
import argparse
import json
import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(ROOT / "tests" / "interop"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import subjects  # noqa: E402
from lib import certificates  # noqa: E402
from peers import OPEN, STARTTLS, Peer, Sender, attribute  # noqa: E402

HOST = "127.24.1.1"
TRUNK = f"{HOST}:5269"
SAMPLE_SECONDS, GROWTH_PERCENT, IDLE_SECONDS = 10, 2.0, 120
RUN_SECONDS = (8, 25)           # of a group of spokes, until it goes
# Of the load driver's report. `foreign` and `duplicated` are none here: what a group had not acknowledged when it went comes to the next one again.
FAULTS = ("lost", "changed", "reordered", "unproved", "bounced", "streams_failed")

# Groups of spokes: name, pairs, and words of the load driver.
GROUPS = [
    ("verified", 12, ["--proof", "dialback", "--verify"]),
    ("external", 12, ["--proof", "external"]),
    ("managed", 12, ["--proof", "external", "--sm"]),
    ("twoway", 6, ["--proof", "dialback", "--sm", "--both"]),
]
CONFIG = """trunk: trunk.example.com
listen: ["{trunk}"]
source: ["{host}"]
state: {folder}/state
control: {folder}/control.sock
workers: {workers}
log: {{level: error}}
tls: {{trust: [{folder}/ca.pem], certificates: [{folder}/certs]}}
limits: {{connection-rate: 0, streams-per-address: 60000, handshake-timeout: 5s}}
audit: {{retention: 1d}}
spokes:
"""


class Trunkd(subjects.Subject):
    """The trunkd under load, with the spokes of all groups."""

    name, address, is_pinned = "trunkd", TRUNK, False

    def __init__(self, folder, programs, workers):
        super().__init__(str(folder))
        self.program, self.config = str(programs / "trunkd"), folder / "trunkd.yaml"
        self.control, self.ctl = folder / "control.sock", str(programs / "trunkctl")
        text = CONFIG.format(trunk=TRUNK, host=HOST, folder=folder, workers=workers)
        for index, (name, _, _) in enumerate(GROUPS):
            for side in (0, 1):
                text += '  %s%d: {domains: [%s, "*.%s"], address: ["%s"]}\n' % (name, side, domain(name, side), domain(name, side), at(index, side))
        for name, host in (("saturn.example.org", SATURN), ("mercury.example.net", MERCURY), ("venus.example.edu", VENUS)):
            text += '  %s: {domains: [%s], address: ["%s:5269"]%s}\n' % (name.split(".")[0], name, host, ", custody: disk" if host == VENUS else "")
        os.makedirs(folder / "state", mode=0o700)
        self.config.write_text(text, encoding="ascii")

    def command(self):
        return [self.program, "-c", str(self.config)]

    def ask(self, *words):
        done = subprocess.run([self.ctl, "-c", str(self.config), "--json", *words], capture_output=True, text=True, check=False, timeout=60)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def rss_kib(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


SATURN, MERCURY, VENUS = "127.24.1.2", "127.24.1.3", "127.24.1.4"


def domain(group, side):
    return group + (".saturn.example" if side == 0 else ".mercury.example")


def at(index, side):
    return "127.24.1.%d:5269" % (10 + 2 * index + side)


class LeavingPeer(Peer):
    """A peer whose streams can be ended."""

    def __init__(self, *words):
        self.streams = set()
        super().__init__(*words)

    def _serve(self, stream):
        with self.lock:
            self.streams.add(stream)
        super()._serve(stream)
        with self.lock:
            self.streams.discard(stream)

    def leave(self):
        self.close()
        with self.lock:
            streams = list(self.streams)
        for stream in streams:
            stream.write("</stream:stream>")
            try:
                stream.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Worker(threading.Thread):
    """Does one thing again and again until it is told to end; `faults` says what went wrong, `work` how much it did."""

    def __init__(self, trunk, name):
        super().__init__(daemon=True)
        self.trunk, self.name, self.faults, self.rounds, self.stanzas = trunk, name, [], 0, 0
        self.is_ending = threading.Event()
        self.random = random.Random(name)

    def run(self):
        while not self.is_ending.is_set():
            try:
                self.round()
                self.rounds += 1
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                self.faults.append(f"{self.name}: {error!r}")
                self.is_ending.wait(1)
        self.finish()

    def round(self):
        raise NotImplementedError

    def finish(self):
        pass


class Group(Worker):
    """Spokes that come together, send their share, and go."""

    def __init__(self, trunk, programs, index, rate):
        name, self.pairs, words = GROUPS[index]
        super().__init__(trunk, name)
        self.command = [str(programs / "tests" / "bench" / "load"), "--trunk", TRUNK, "--listen", at(index, 0), "--listen", at(index, 1), "--left",
                        domain(name, 0), "--right", domain(name, 1), "--cert", os.path.join(trunk.folder, "both.pem"), "--size", "mix",
                        "--rate", str(rate), *words]

    def round(self):
        seconds = self.random.randint(*RUN_SECONDS)
        done = subprocess.run([*self.command, "--pairs", str(self.random.randint(1, self.pairs)), "--seconds", str(seconds)],
                              capture_output=True, text=True, check=False, timeout=seconds + 120)
        report = json.loads(done.stdout) if done.stdout.strip() else {}
        self.stanzas += report.get("stanzas_all", 0)
        faults = {key: report[key] for key in FAULTS if report.get(key)}
        if done.returncode not in (0, 1) or not report or faults:
            self.faults.append(f"{self.name}: the load driver ended with {done.returncode}: {faults} {done.stderr.strip()[-300:]}")
        self.is_ending.wait(self.random.uniform(0, 3))


class Breaker(Worker):
    """Connections that break off, by a reset or without a word, wherever they are."""

    HEADER = OPEN.format(" from='saturn.example.org' to='mercury.example.net'")

    def round(self):
        how = self.random.choice([self.in_header, self.in_handshake, self.garbage_for_tls, self.in_stanza, self.unproved])
        how()
        self.is_ending.wait(0.2)

    def connect(self):
        sock = socket.create_connection((HOST, 5269), 10, source_address=(SATURN, 0))
        sock.settimeout(5)
        return sock

    def leave(self, sock):
        if self.random.random() < 0.7:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    def in_header(self):
        sock = self.connect()
        sock.sendall(self.HEADER[:self.random.randrange(len(self.HEADER))].encode())
        self.leave(sock)

    def starttls(self):
        sock = self.connect()
        sock.sendall((self.HEADER + STARTTLS).encode())
        got = b""
        while b"<proceed" not in got:
            more = sock.recv(4096)
            if not more:
                raise OSError("no <proceed/>")
            got += more
        return sock

    def in_handshake(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        secured = context.wrap_bio(into, out)
        sock = self.starttls()
        try:
            secured.do_handshake()
        except ssl.SSLWantReadError:
            pass
        hello = out.read()
        sock.sendall(hello[:self.random.randrange(len(hello)) + 1])
        self.leave(sock)

    def garbage_for_tls(self):
        sock = self.starttls()
        sock.sendall(self.random.randbytes(200))
        self.leave(sock)

    def in_stanza(self):
        sender = Sender((HOST, 5269), "saturn.example.org", "mercury.example.net", SATURN, True)
        if sender.is_up:
            sender.send("whole")
            sender.stream.write("<message from='ann@saturn.example.org' to='bob@mercury.example.net'><body>" + "x" * self.random.randrange(30000))
            sock = sender.stream.sock
            if self.random.random() < 0.7:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sender.close()

    def unproved(self):
        sock = self.starttls()
        sock.close()


class Away(Worker):
    """venus, whose messages wait on disk while it is away; they are counted at the end."""

    def __init__(self, trunk, saturn, certificate):
        super().__init__(trunk, "away")
        self.saturn, self.certificate = saturn, certificate
        self.sent, self.got = set(), {}
        self.venus = LeavingPeer("venus.example.edu", VENUS, 5269, certificate)
        self.sender = None

    def send(self, count):
        if not self.sender or not self.sender.is_up:
            self.sender = Sender((HOST, 5269), "saturn.example.org", "venus.example.edu", SATURN, True)
        for _ in range(count):
            ident = f"away-{len(self.sent)}"
            if not self.sender.send(ident, "x" * self.random.randrange(2000)):
                self.sender.close()
                return
            self.sent.add(ident)
            self.is_ending.wait(0.05)
        self.stanzas = len(self.sent)

    def collect(self):
        with self.venus.lock:
            received, self.venus.received = self.venus.received, []
        for element in received:
            ident = attribute(element, "id")
            self.got[ident] = self.got.get(ident, 0) + 1

    def round(self):
        self.send(40)
        self.is_ending.wait(3)
        self.venus.leave()
        self.is_ending.wait(1)
        self.send(40)
        self.is_ending.wait(5)
        self.collect()
        self.venus = LeavingPeer("venus.example.edu", VENUS, 5269, self.certificate)
        self.is_ending.wait(12)
        self.collect()
        if self.random.random() < 0.3 and self.sender:
            self.is_ending.wait(3)
            self.sender.stream.write("</stream:stream>")
            self.sender.stream.read()
            self.sender.close()

    def missing(self):
        self.collect()
        with self.saturn.lock:
            told = {attribute(element, "id") for element in self.saturn.received}
        return self.sent - set(self.got) - told

    def finish(self):
        end = time.monotonic() + 60
        while self.missing() and time.monotonic() < end:
            time.sleep(1)
        if self.missing():
            self.faults.append(f"away: {len(self.missing())} of {len(self.sent)} messages were lost, {sorted(self.missing())[:5]} among them")
        if self.sender:
            self.sender.close()
        self.venus.leave()


class Watcher(threading.Thread):
    """Samples: seconds, KiB resident, descriptors, stanzas so far."""

    def __init__(self, trunk, workers, path):
        super().__init__(daemon=True)
        self.trunk, self.workers, self.samples, self.is_ending = trunk, workers, [], threading.Event()
        self.path = path

    def run(self):
        begin = time.monotonic()
        with open(self.path, "w", encoding="ascii") as file:
            file.write("seconds,rss_kib,descriptors,stanzas\n")
            while not self.is_ending.wait(SAMPLE_SECONDS):
                try:
                    sample = (time.monotonic() - begin, self.trunk.rss_kib(), self.trunk.descriptors(), sum(w.stanzas for w in self.workers))
                except (OSError, StopIteration):
                    return
                self.samples.append(sample)
                file.write("%.0f,%d,%d,%d\n" % sample)
                file.flush()

    def growth(self):
        """Percent by which memory grew over the last two thirds, by the line that fits the samples best; and its mean in KiB."""
        late = [(s[0], s[1]) for s in self.samples if s[0] > self.samples[-1][0] / 3]
        mean_x, mean_y = (sum(values) / len(late) for values in zip(*late))
        slope = sum((x - mean_x) * (y - mean_y) for x, y in late) / sum((x - mean_x) ** 2 for x, _ in late)
        return 100 * slope * (late[-1][0] - late[0][0]) / mean_y, mean_y


def wait_idle(trunk):
    """Until no stream is left; returns the descriptors then."""
    end = time.monotonic() + IDLE_SECONDS
    while time.monotonic() < end:
        streams = trunk.ask("status").get("streams", {})
        if streams and not any(streams.values()):
            break
        time.sleep(1)
    time.sleep(2)
    return trunk.descriptors()


def start_all(trunk, programs, rate, certificate):
    saturn = LeavingPeer("saturn.example.org", SATURN, 5269, certificate)
    mercury = LeavingPeer("mercury.example.net", MERCURY, 5269, certificate)
    workers = [Group(trunk, programs, index, rate) for index in range(len(GROUPS))] + [Breaker(trunk, "breaker"), Away(trunk, saturn, certificate)]
    for worker in workers:
        worker.start()
    return workers, (saturn, mercury)


def stop_all(workers, peers):
    for worker in workers:
        worker.is_ending.set()
    for worker in workers:
        worker.join()
    for peer in peers:
        peer.leave()


def make_certificates(folder):
    names = [prefix + domain(name, side) for name, _, _ in GROUPS for side in (0, 1) for prefix in ("", "*.")]
    authority = certificates.Authority(folder)
    made = authority.issue("both", names)
    (folder / "certs").mkdir()
    text = made.chain.read_bytes() + made.key.read_bytes()
    for path in (folder / "both-all.pem", folder / "certs" / "both.pem"):
        path.write_bytes(text)
        path.chmod(0o600)
    return str(folder / "both-all.pem")


def soak(programs, minutes, rate, count, results):
    def expect(is_so, good, bad):
        results.append(bool(is_so))
        print(("ok     " + good) if is_so else ("FAILED " + bad), flush=True)

    with tempfile.TemporaryDirectory(prefix="trunkd-soak-") as name:
        folder = Path(name)
        pem = make_certificates(folder)
        os.replace(pem, folder / "both.pem")
        lone = certificates.self_signed("peer", ["saturn.example.org", "mercury.example.net", "venus.example.edu"], folder)
        with Trunkd(folder, programs, count) as trunk:
            # what is opened once and kept (stores, logs, resolvers) is open behind a first round
            workers, peers = start_all(trunk, programs, rate, (lone.chain, lone.key))
            time.sleep(min(60, minutes * 15))
            stop_all(workers, peers)
            before, faults = wait_idle(trunk), [fault for worker in workers for fault in worker.faults]
            print("begin  %d descriptors, %d KiB resident behind a first round" % (before, trunk.rss_kib()), flush=True)

            workers, peers = start_all(trunk, programs, rate, (lone.chain, lone.key))
            watcher = Watcher(trunk, workers, programs / "soak.csv")
            watcher.start()
            time.sleep(minutes * 60)
            watcher.is_ending.set()
            watcher.join()
            stop_all(workers, peers)
            expect(trunk.process.poll() is None, "trunkd lives", "trunkd ended: " + trunk.last_words())
            after = wait_idle(trunk)
            faults += [fault for worker in workers for fault in worker.faults]
            growth, mean = watcher.growth()
            expect(growth < GROWTH_PERCENT, "memory: %+.2f %% in the last two thirds, %.1f MiB in the mean" % (growth, mean / 1024),
                   "memory grew by %.2f %% in the last two thirds; see %s" % (growth, watcher.path))
            expect(after <= before, "descriptors: %d as before, %d at most meanwhile" % (after, max(s[2] for s in watcher.samples)),
                   "descriptors: %d before, %d behind it: %s" % (before, after, leftovers(trunk)))
            expect(not faults, "%d stanzas, nothing lost: %s" % (sum(w.stanzas for w in workers), ", ".join(
                "%s %d rounds" % (w.name, w.rounds) for w in workers)), "%d faults: %s" % (len(faults), " / ".join(faults[:5])))


def leftovers(trunk):
    kinds = {}
    for path in Path(f"/proc/{trunk.pid}/fd").iterdir():
        try:
            target = os.readlink(path).split(":")[0]
        except OSError:
            continue
        kinds[target] = kinds.get(target, 0) + 1
    return ", ".join(f"{count} {target}" for target, count in sorted(kinds.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=Path("build-release"))
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    results = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))     # so that trunkd ends, too
    try:
        soak(arguments.programs.resolve(), arguments.minutes, arguments.rate, arguments.workers, results)
    except (subjects.BenchError, OSError, RuntimeError) as error:
        print(f"FAILED {error}")
        results.append(False)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return not results or not all(results)


if __name__ == "__main__":
    sys.exit(main())
