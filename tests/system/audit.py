#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit of a running trunkd between two scripted spokes, as `trunkctl audit` shows it: every stanza has its line, strict loses none over a
kill, and what somebody changes on disk is named. Addresses 127.13.1.1 to .3. Ends with `N passed, N failed`.

    tests/system/audit.py [--programs DIR] [WORD…]   those alone whose name has the words; DIR: build"""
import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import subjects  # noqa: E402

TRUNK, LEFT, RIGHT = "127.13.1.1:5269", "127.13.1.2:5269", "127.13.1.3:5269"


CONFIG = f"""trunk: trunk.example.com
listen: ["{TRUNK}"]
state: {{state}}
control: {{state}}/control.sock
workers: 1
log: {{{{level: warning}}}}
tls: {{{{trust: [{{folder}}/ca.pem], certificates: [{{folder}}/certs]}}}}
spokes:
  left: {{{{domains: [{subjects.LEFT}], address: ["{LEFT}"]}}}}
  right: {{{{domains: [{subjects.RIGHT}], address: ["{RIGHT}"]}}}}
"""


class Failure(Exception):
    pass


def must(is_so, words):
    if not is_so:
        raise Failure(words)


class Trunk(subjects.Trunkd):
    address = TRUNK
    is_pinned = False

    def __init__(self, folder, programs, audit):
        super().__init__(str(folder), str(programs / "trunkd"), audit=audit)
        self.programs = programs
        self.config = str(folder / "trunkd.yaml")

    def command(self):
        state = os.path.join(self.folder, "state")
        os.makedirs(state, mode=0o700, exist_ok=True)
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(state=state, folder=self.folder))
            file.write("audit: {%s}\n" % self.audit)
        return [self.program, "-c", self.config]

    def ctl(self, *words):
        return subprocess.run([str(self.programs / "trunkctl"), "-c", self.config, *words], capture_output=True, text=True, check=False, timeout=60)

    def audit_lines(self, *words):
        done = self.ctl("--json", "audit", *words)
        must(done.returncode == 0, "audit %s: exit %d, %s" % (" ".join(words), done.returncode, done.stderr))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def load(self, *words):
        command = [str(self.programs / "tests" / "bench" / "load"), "--trunk", TRUNK, "--listen", LEFT, "--listen", RIGHT, "--left", subjects.LEFT,
                   "--right", subjects.RIGHT, "--cert", os.path.join(self.folder, "both.pem"), "--proof", "external", *[str(w) for w in words]]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, done.stdout, done.stderr

    @property
    def store(self):
        return os.path.join(self.folder, "state", "audit.db")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def every_stanza_has_its_line(folder, programs):
    with Trunk(folder, programs, "body: headers") as trunk:
        code, _, why = trunk.load("--count", 2000, "--both")
        must(code == 0, "load: " + why)
        trunk.ctl("block", "bad.example")
        time.sleep(0.3)
        rows = trunk.audit_lines("--from", subjects.LEFT, "--to", subjects.RIGHT)
        must(len(rows) >= 2000, "%d lines for 2000 stanzas" % len(rows))
        must(all(row["decision"] == "pass" and row["proof_in"] == "external" and row["from"].endswith("@" + subjects.LEFT) or "/" in row["from"]
                 for row in rows), "a line has other values")
        must(len(trunk.audit_lines("--limit", "7", "--from", subjects.RIGHT)) == 7, "the limit")
        must([row["detail"] for row in trunk.audit_lines() if row["kind"] == "operator"][-1].find("bad.example") >= 0, "the operator's record")
        must(trunk.ctl("audit", "verify").returncode == 0, "verify beside a running daemon: " + trunk.ctl("audit", "verify").stdout)
    done = trunk.ctl("audit", "verify")
    must(done.returncode == 0, "verify behind it: " + done.stdout + done.stderr)


def a_change_on_disk_is_named(folder, programs):
    with Trunk(folder, programs, "body: brief") as trunk:
        must(trunk.load("--count", 500)[0] == 0, "load")
    rows = trunk.audit_lines("--limit", "100")
    with sqlite3.connect(trunk.store) as store:
        blocks = dict(store.execute("SELECT id, data FROM block"))
        # An id whose bytes stand nowhere else: another record might have them in the middle of something.
        victim = next(row for row in rows if row["id"] and sum(data.count(row["id"].encode()) for data in blocks.values()) == 1)
        block, data = next((block, data) for block, data in blocks.items() if victim["id"].encode() in data)
        at = data.find(victim["id"].encode())
        store.execute("UPDATE block SET data = ? WHERE id = ?", (data[:at] + bytes([data[at] ^ 1]) + data[at + 1:], block))
    done = trunk.ctl("audit", "verify")
    must(done.returncode == 1, "verify: exit %d" % done.returncode)
    must("record %d " % victim["record"] in done.stdout, "it names another one: " + done.stdout)


def follow_shows_what_comes(folder, programs):
    with Trunk(folder, programs, "body: brief") as trunk:
        must(trunk.load("--count", 5)[0] == 0, "load")
        with subprocess.Popen([str(programs / "trunkctl"), "-c", trunk.config, "--json", "audit", "--follow"], stdout=subprocess.PIPE, text=True) as follower:
            threading.Timer(1, lambda: trunk.load("--count", 20)).start()
            seen = []
            for line in follower.stdout:
                seen.append(json.loads(line))
                if len(seen) == 25:
                    break
            follower.terminate()
    numbers = [row["record"] for row in seen]
    must(numbers == sorted(set(numbers)), "twice, or out of order: %r" % numbers)


def strict_passes_nothing_that_is_not_on_disk(folder, programs):
    """Killed in the middle of traffic: what arrived is on record."""
    with Trunk(folder, programs, "body: hash, strict: true") as trunk:
        code, _, why = trunk.load("--count", 2000)
        must(code == 0, "load: " + why)
        arrived = []
        loader = threading.Thread(target=lambda: arrived.append(trunk.load("--seconds", 3, "--drain", 1, "--label", "killed")))
        loader.start()
        time.sleep(2)
        trunk.kill()
        loader.join()
    done = trunk.ctl("audit", "verify")
    must(done.returncode == 0, "verify behind the kill: " + done.stdout + done.stderr)
    rows = trunk.audit_lines("--decision", "pass")
    received = json.loads(arrived[0][1])["stanzas_all"]
    must(len(rows) >= 2000 + received, "%d arrived in all, %d are on record" % (2000 + received, len(rows)))
    with Trunk(folder, programs, "body: hash, strict: true") as trunk:
        must(trunk.load("--count", 100)[0] == 0, "load behind the kill")
    done = trunk.ctl("audit", "verify")
    must(done.returncode == 0, "verify behind the next start: " + done.stdout + done.stderr)


def a_broken_store_is_set_aside(folder, programs):
    with Trunk(folder, programs, "body: brief") as trunk:
        must(trunk.load("--count", 100)[0] == 0, "load")
    with open(trunk.store, "r+b") as file:
        file.write(b"\0" * 4096)
    with Trunk(folder, programs, "body: brief") as trunk:
        must(trunk.load("--count", 100)[0] == 0, "load over a new store")
        time.sleep(0.3)
        must(len(trunk.audit_lines("--decision", "pass")) >= 100, "the new store")
        must(b"audit-set-aside" in Path(trunk.log).read_bytes(), "the log says nothing")
    must(any(name.startswith("audit.db.bad-") for name in os.listdir(os.path.join(folder, "state"))), "it is not there")


def policy_diff_names_what_another_file_would_do(folder, programs):
    with Trunk(folder, programs, "body: full") as trunk:
        must(trunk.load("--count", 20)[0] == 0, "load")
        time.sleep(0.3)
        with open(trunk.config, encoding="ascii") as file:
            same = file.read()
        other = folder / "other.yaml"

        def diff(rules, *words):
            other.write_text(same + rules, encoding="ascii")
            done = trunk.ctl("--json", "policy", "diff", str(other), *words)
            return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

        code, rows, said = diff("")
        must(code == 0 and not rows and "0 of 20 " in said, "the same file: exit %d, %d rows, %s" % (code, len(rows), said))
        code, rows, said = diff("rules: [{name: no mail, kind: [message], action: reject}]\n")
        must(code == 0 and len(rows) == 20 and "20 were kept whole" in said, "a rule that rejects: exit %d, %d rows, %s" % (code, len(rows), said))
        must(all(row["was"] == "pass" and row["would"] == "reject" and row["would_rule"] == "no mail" for row in rows), "a row is another: %r" % rows[0])
        code, rows, said = diff("rules: [{name: no mail, kind: [message], action: reject}]\n", "--limit", "3")
        must(code == 0 and len(rows) == 3, "--limit 3: exit %d, %d rows, %s" % (code, len(rows), said))
        code, rows, said = diff("rules: [{name: none, kind: [iq], action: reject}]\n")
        must(code == 0 and not rows, "a rule that fits nothing: %r" % rows)
        code, rows, said = diff("rules: nonsense\n")
        must(code == 1 and not rows and "other.yaml" in said, "a broken file: exit %d, %s" % (code, said))


TESTS = (every_stanza_has_its_line, a_change_on_disk_is_named, follow_shows_what_comes, strict_passes_nothing_that_is_not_on_disk,
         a_broken_store_is_set_aside, policy_diff_names_what_another_file_would_do)


def main():
    parser = argparse.ArgumentParser(description="The audit of a running trunkd.")
    parser.add_argument("--programs", type=Path, default=ROOT / "build")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    passed = failed = 0
    for test in TESTS:
        if options.words and not all(word in test.__name__ for word in options.words):
            continue
        with tempfile.TemporaryDirectory(prefix="trunkd-audit-") as folder:
            try:
                subjects.make_certificates(folder)
                test(Path(folder), options.programs.resolve())
                passed += 1
                print("ok", test.__name__.replace("_", " "), flush=True)
            except (Failure, subjects.BenchError, KeyError, IndexError, subprocess.TimeoutExpired) as error:
                failed += 1
                print("NOT OK", test.__name__.replace("_", " "), "-", repr(error), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
