# SPDX-License-Identifier: Apache-2.0
"""Runs the measurements side by side, prints them, and writes the tables of docs/benchmarks.md."""

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import budget  # noqa: E402
import pages  # noqa: E402
from subjects import BenchError, Driver, Haproxy, Prosody, Trunkd, cores, make_certificates, pinned  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build-release")
PARTS = ("relay", "latency", "exact", "idle", "handshakes", "cold", "stalled", "cores", "answered", "spokes", "growth", "micro")
ONCE = ("answered", "spokes", "growth", "micro")    # too long to be repeated, or repeated within
BARE = "trunkd without audit"           # and without custody: the work that a relay does not do either
LOADS = (
    ("200 B, batched", ("--size", "200")),
    ("1 KiB, batched", ("--size", "1024")),
    ("4 KiB, batched", ("--size", "4096")),
    ("200 B, one record each", ("--size", "200", "--one-record")),
    ("real mix", ("--size", "mix")),
)


class Bench:
    def __init__(self, words):
        self.words = words
        self.folder = os.path.join(BUILD, "bench")
        os.makedirs(self.folder, exist_ok=True)
        open(os.path.join(self.folder, "subject.log"), "wb").close()
        make_certificates(self.folder)
        self.trunkd = os.path.join(BUILD, "trunkd")
        self.driver = Driver(os.path.join(BUILD, "tests", "bench", "load"), self.folder)
        self.results = []       # of each run: part, case, subject and the driver's report
        self.is_good = True
        self.seconds = 1 if words.quick else 4
        if not words.yardstick and not os.access(self.trunkd, os.X_OK):
            raise BenchError("build-release/trunkd is not there; run script/bench --yardstick for HAProxy alone")

    def trunk(self, name, **more):
        if name == BARE:
            more.update(audit="store: none", custody="none")
        return Trunkd(self.folder, self.trunkd, name, **more)

    def subjects(self):
        yield Haproxy(self.folder)
        if not self.words.yardstick:
            yield self.trunk(BARE)
            yield self.trunk("trunkd")

    def measure(self, part, case, subject, *words):
        """One run with a fresh process under test."""
        with subject:
            report = self.driver.run(subject, *words)
        if report["exit"] != 0:
            self.is_good = False
        self.results.append({"part": part, "case": case, "subject": subject.name, "report": report})
        print("%-11s %-24s %-21s %s" % (part, case, subject.name, pages.one_line(part, report)), flush=True)
        return report

    # Each part measures once; repeats go round all parts, so that a busy moment does not hit one part alone.

    def part_relay(self):
        for case, words in LOADS:
            for subject in self.subjects():
                self.measure("relay", case, subject, *words, "--seconds", self.seconds)

    def part_latency(self):
        for subject in self.subjects():
            self.measure("latency", "200 B at 1,000/s", subject, "--size", "200", "--rate", "1000",
                         "--seconds", self.seconds * 2)

    def part_exact(self):
        count = 10000 if self.words.quick else 100000
        for proof in ("dialback", "external"):
            words = ["--verify"] if proof == "dialback" else []
            self.measure("exact", "%d each way, %s" % (count, proof), self.trunk("trunkd"), "--size", "mix", "--count", count,
                         "--both", "--proof", proof, "--drain", 60, *words)

    def part_idle(self):
        count = 100 if self.words.quick else 500
        for proof in ("external", "dialback"):
            self.measure("idle", "%d pairs, %s" % (count, proof), self.trunk("trunkd"), "--idle", count, "--through",
                         "--proof", proof, "--hold", 1 if self.words.quick else 6)     # the heap is trimmed every 5 s

    def part_handshakes(self):
        count = 200 if self.words.quick else 2000
        for proof in ("external", "dialback"):
            self.measure("handshakes", proof, self.trunk("trunkd"), "--connects", count, "--proof", proof)

    def part_cold(self):
        for proof in ("external", "dialback"):
            words = ["--verify"] if proof == "dialback" else []
            self.measure("cold", proof, self.trunk("trunkd"), "--cold", 10, "--proof", proof, *words)
            self.measure("cold", proof + ", round trips of 20 ms", self.trunk("trunkd"), "--cold", 3, "--proof", proof,
                         "--rtt", 20, *words)

    def part_stalled(self):
        """Others' latency before and while targets hang: each pair of runs differs in the stalled targets alone."""
        for limits, others, stalled in (("", 3, 1), ("memory: 256MiB", 4, 1000)):
            if self.words.quick and stalled > 1:
                continue
            warmup = 12 if stalled > 1 else self.seconds * 2
            for count in (0, stalled):
                case = "%s of %s targets" % (format(count, ","), format(others + count, ","))
                self.measure("stalled", case, self.trunk("trunkd", limits=limits), "--pairs", others + count,
                             *(("--stalled", count) if count else ()), "--size", 1024, "--rate", 1000,
                             "--warmup", warmup, "--seconds", self.seconds * 2)

    def part_cores(self):
        for workers in (1, 2):          # the driver has the same cores: what a stanza costs is what can be compared
            subject = self.trunk(BARE, workers=workers)
            subject.is_pinned = False
            self.measure("cores", "%d worker%s" % (workers, "s" * (workers > 1)), subject, "--pairs", 8, "--size", "mix",
                         "--seconds", self.seconds)

    def part_answered(self):
        """Prosody as nearly all meet it: a server at the other end. Kinds of stanza that a server does not answer are left out."""
        for case, words in LOADS[:3]:
            self.measure("answered", case, Prosody(self.folder), *words, "--answered", "--proof", "external", "--window", 512,
                         "--setup", 60, "--seconds", self.seconds)

    def part_spokes(self):
        """The same load over few streams and over as many as the system gives descriptors for."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = 200 if self.words.quick else min(10000, (limit - 200) // 2 if limit != resource.RLIM_INFINITY else 10000)
        for count in (2, most):
            self.measure("spokes", "%d streams" % (2 * count), self.trunk(BARE, many=count), "--pairs", count, "--size", 200,
                         "--rate", 1000, "--proof", "external", "--concurrency", 64, "--setup", 500, "--warmup", 6,
                         "--seconds", self.seconds * 3)

    def part_growth(self):
        for count in (10000, 100000) if self.words.quick else (1000000, 10000000):
            self.measure("growth", "%d stanzas" % count, self.trunk("trunkd"), "--size", 200, "--count", count, "--drain", 500)

    def part_micro(self):
        for program in sorted(os.listdir(os.path.join(BUILD, "tests", "bench"))):
            path = os.path.join(BUILD, "tests", "bench", program)
            if not program.startswith("micro_") or not os.path.isfile(path):
                continue
            done = subprocess.run([path], capture_output=True, text=True, check=False, preexec_fn=pinned(cores()[0]))
            self.is_good = self.is_good and done.returncode == 0
            print(done.stdout, end="", flush=True)
            self.results.append({"part": "micro", "case": program, "subject": program, "report": {"text": done.stdout}})

    def run(self):
        parts = [part for part in PARTS if part in (self.words.only or PARTS)]
        if self.words.yardstick:
            parts = [part for part in parts if part in ("relay", "latency")]
        for repeat in range(1, self.words.repeats + 1):
            print("repeat %d of %d" % (repeat, self.words.repeats), flush=True)
            for part in parts:
                if part in ONCE and repeat > 1:
                    continue
                getattr(self, "part_" + part)()


def version_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


def surroundings(words):
    return {
        "haproxy": version_of("haproxy", "-v"),
        "openssl": version_of("openssl", "version"),
        "kernel": re.match(r"\d+\.\d+", platform.release()).group(0),
        "cores": len(os.sched_getaffinity(0)),
        "repeats": words.repeats,
        "load_before": os.getloadavg()[0],
        "day": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def parse():
    parser = argparse.ArgumentParser(prog="script/bench", description="Measures trunkd beside HAProxy.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--yardstick", action="store_true")
    parser.add_argument("--budget", action="store_true")
    words = parser.parse_args()
    for part in words.only or ():
        if part not in PARTS:
            parser.error("no part \"%s\"; there are %s" % (part, ", ".join(PARTS)))
    words.repeats = words.repeats or (1 if words.quick else 3)
    return words


def main():
    words = parse()
    around = surroundings(words)
    if around["load_before"] > 0.5:
        print("bench: other programs are busy here (load %.1f); the figures will be worse than on a quiet machine"
              % around["load_before"])
    try:
        bench = Bench(words)
        if words.budget:
            return budget.compare(bench)
        bench.run()
    except BenchError as error:
        print("bench: %s" % error, file=sys.stderr)
        return 1
    write(os.path.join(BUILD, "bench.json"), json.dumps({"around": around, "results": bench.results}, indent=1) + "\n")
    page = pages.page(around, bench.results)
    is_partial = words.quick or words.only or words.yardstick
    write(os.path.join(BUILD if is_partial else os.path.join(ROOT, "docs"), "benchmarks.md"), page)
    print(pages.tables(bench.results))
    if not bench.is_good:
        print("bench: stanzas were lost, duplicated, reordered, changed or bounced, or streams failed; see the lines above",
              file=sys.stderr)
    return 0 if bench.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
