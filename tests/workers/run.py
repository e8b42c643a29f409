#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several workers as one trunk: what crosses between them comes once and in order, and what concerns all concerns all.

    run.py --programs DIR [--workers N,N…]

Each number of workers is a daemon of its own, between servers that this script plays on loopback addresses. The last line is
`N passed, N failed`. Under a thread sanitizer (--programs build-tsan) a race that it finds is a failure."""
import argparse
import asyncio
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import peers

TRUNK = ("127.11.1.1", 5269)
LEFT, RIGHT = "127.11.2.1", "127.11.3.1"
OWN = "saturn.example.org"
TARGETS = ["t%d.mercury.example.net" % number for number in range(6)]
REFUSED = "refuse.mercury.example.net"
COUNT = 200
PATIENCE_S = 60

SETTINGS = """trunk: trunk.example.com
listen: ["{trunk}:5269"]
state: {folder}/state
control: {folder}/control.sock
workers: {workers}
log: {{level: info}}
audit: {{store: none}}
tls: {{policy: disabled}}
spokes:
  left: {{domains: ["{own}", "*.{own}"], address: ["{left}:5269"]}}
  right: {{domains: [mercury.example.net, "*.mercury.example.net"], address: ["{right}:5269"]}}
limits: {{{limits}}}
queue: {{drain-timeout: 15s}}
"""


class Failed(Exception):
    """What was expected did not happen."""


def expect(is_so, what):
    if not is_so:
        raise Failed(what)


async def until(is_so, what):
    for _ in range(PATIENCE_S * 20):
        if is_so():
            return
        await asyncio.sleep(0.05)
    raise Failed(what)


class Daemon:
    """A trunkd with its folder, and both spokes around it."""

    def __init__(self, programs, workers):
        self.programs, self.workers = programs, workers
        self.folder = tempfile.mkdtemp(prefix="trunkd-workers-")
        self.log = os.path.join(self.folder, "log")
        self.left, self.right = peers.Server(TRUNK), peers.Server(TRUNK, [REFUSED])
        self.process = None

    def configure(self, limits="streams-per-address: 1000"):
        path = os.path.join(self.folder, "trunkd.yaml")
        text = SETTINGS.format(trunk=TRUNK[0], left=LEFT, right=RIGHT, own=OWN, folder=self.folder, workers=self.workers, limits=limits)
        pathlib.Path(path).write_text(text, encoding="ascii")
        return path

    async def start(self):
        os.makedirs(os.path.join(self.folder, "state"), mode=0o700)
        await self.left.listen(LEFT)
        await self.right.listen(RIGHT)
        known = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tsan.supp")
        environment = dict(os.environ, TSAN_OPTIONS="exitcode=66 second_deadlock_stack=1 suppressions=" + known)
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([os.path.join(self.programs, "trunkd"), "-c", self.configure()], stderr=log, stdout=log,
                                            env=environment)
        await until(lambda: os.path.exists(os.path.join(self.folder, "control.sock")), "the daemon did not start")

    async def control(self, *words):
        process = await asyncio.create_subprocess_exec(
            os.path.join(self.programs, "trunkctl"), "-s", os.path.join(self.folder, "control.sock"), "--json", *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, _err = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode, out.decode()

    async def streams(self):
        code, out = await self.control("streams")
        expect(code == 0, "trunkctl streams: %d" % code)
        try:
            rows = json.loads(out)
        except json.JSONDecodeError:
            rows = [json.loads(line) for line in out.splitlines() if line.strip()]
        return rows if isinstance(rows, list) else [rows]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    async def ended(self):
        await until(lambda: self.process.poll() is not None, "the daemon did not stop")
        return self.process.returncode

    def finish(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        text = pathlib.Path(self.log).read_text(encoding="utf-8", errors="replace")
        shutil.rmtree(self.folder, ignore_errors=True)
        return text


def in_order(server, pair, numbers):
    came = server.stanzas.get(pair, [])
    expect(came == [str(number) for number in numbers],
           "%s > %s: %d of %d came, or not in order" % (*pair, len(came), len(numbers)))


async def one_stream_to_many_targets(daemon):
    """A multiplexed stream lives with its first target's worker; the others' stanzas cross."""
    stream = await peers.connect(TRUNK, OWN, TARGETS[0])
    for target in TARGETS:
        expect(await peers.prove(stream, OWN, target), "%s was not proved" % target)
    for number in range(COUNT):
        for target in TARGETS:
            stream.write(peers.message(OWN, target, number))
    for target in TARGETS:
        await until(lambda pair=(OWN, target): daemon.right.count(pair) >= COUNT, "not all came to %s" % target)
        in_order(daemon.right, (OWN, target), range(COUNT))
    rows = await daemon.streams()
    expect({row["target"] for row in rows if row["leg"] == "outbound" and row["sender"] == OWN} >= set(TARGETS),
           "trunkctl streams does not show all links")
    expect({row["target"] for row in rows if row["leg"] == "inbound"} >= set(TARGETS), "trunkctl streams does not show all pairs")


async def many_streams(daemon):
    """A stream for each pair: each moves to its target's worker."""
    own = ["m%d.%s" % (number, OWN) for number in range(12)]

    async def one(number, sender):
        target = TARGETS[number % len(TARGETS)]
        stream = await peers.connect(TRUNK, sender, target)
        expect(await peers.prove(stream, sender, target), "%s was not proved" % sender)
        for count in range(COUNT):
            stream.write(peers.message(sender, target, count))
        await until(lambda: daemon.right.count((sender, target)) >= COUNT, "not all of %s came" % sender)
        in_order(daemon.right, (sender, target), range(COUNT))
        stream.write("</stream:stream>")

    await asyncio.gather(*[one(number, sender) for number, sender in enumerate(own)])


async def streams_both_ways(daemon):
    """XEP-0288: the way back is a link of the peer's worker, on a stream of the target's."""
    own = "both." + OWN
    back = {target: [] for target in TARGETS}
    streams = []
    for target in TARGETS:
        stream = await peers.connect(TRUNK, own, target, lambda element, kept=back[target]: kept.append(element.get("id")))
        stream.write("<bidi xmlns='urn:xmpp:bidi'/>")
        expect(await peers.prove(stream, own, target), "%s was not proved" % target)
        streams.append(stream)
    for target in TARGETS:
        answer = await peers.connect(TRUNK, target, own)
        expect(await peers.prove(answer, target, own), "%s was not proved" % target)
        for number in range(COUNT):
            answer.write(peers.message(target, own, number))
        await until(lambda kept=back[target]: len(kept) >= COUNT, "%s: only %d of %d came back on the stream"
                    % (target, len(back[target]), COUNT))
        expect(back[target] == [str(number) for number in range(COUNT)], "%s: not in order" % target)
        answer.write("</stream:stream>")
    # When the stream is gone the link dials.
    streams[0].write("</stream:stream>")
    await streams[0].ended.wait()
    answer = await peers.connect(TRUNK, TARGETS[0], own)
    expect(await peers.prove(answer, TARGETS[0], own), "not proved again")
    answer.write(peers.message(TARGETS[0], own, 7000))
    await until(lambda: daemon.left.count((TARGETS[0], own)) >= 1, "the link did not dial behind the stream's end")
    for stream in streams[1:]:
        stream.write("</stream:stream>")


async def what_cannot_be_delivered_comes_back(daemon):
    """A bounce is made where the link lives; the error goes by the link of the reversed pair, which may live elsewhere."""
    for number in range(4):
        own = "e%d.%s" % (number, OWN)
        stream = await peers.connect(TRUNK, own, REFUSED)
        expect(await peers.prove(stream, own, REFUSED), "%s was not proved" % own)
        stream.write(peers.message(own, REFUSED, number))
        await until(lambda pair=(REFUSED, own): len(daemon.left.errors.get(pair, ())) == 1, "no bounce came back to %s" % own)
        stream.write(peers.message(own, "nobody%d.example" % number, 100 + number))
        # Its server asks for the key of a domain that nobody serves: any worker knows that the trunk speaks for it.
        await until(lambda pair=("nobody%d.example" % number, own): len(daemon.left.errors.get(pair, ())) == 1,
                    "no error came back to %s from whom nobody serves" % own)
        stream.write("</stream:stream>")


async def secrets_are_everybodys(daemon):
    code, _out = await daemon.control("secret", "rotate")
    expect(code == 0, "trunkctl secret rotate: %d" % code)
    for number in range(4):
        own, target = "r%d.%s" % (number, OWN), TARGETS[number]
        stream = await peers.connect(TRUNK, own, target)
        expect(await peers.prove(stream, own, target), "%s was not proved" % own)
        stream.write(peers.message(own, target, number))
        await until(lambda pair=(own, target): daemon.right.count(pair) == 1, "a link with the new key did not come up to %s" % target)
        stream.write("</stream:stream>")


async def blocks_and_reloads_reach_all(daemon):
    streams = []
    for number, target in enumerate(TARGETS):
        own = "c%d.%s" % (number, OWN)
        streams.append(await peers.connect(TRUNK, own, target))
        expect(await peers.prove(streams[-1], own, target), "%s was not proved" % own)
    daemon.configure("streams-per-address: 1000, stanza-size: 20000")
    code, out = await daemon.control("reload")
    expect(code == 0, "trunkctl reload: %s" % out)
    for number, target in enumerate(TARGETS):       # they stay, and the new limit counts on each
        own = "c%d.%s" % (number, OWN)
        streams[number].write(peers.message(own, target, 1))
        await until(lambda pair=(own, target): daemon.right.count(pair) == 1, "%s does not pass behind the reload" % own)
        streams[number].write("<message from='a@%s' to='b@%s'><body>%s</body></message>" % (own, target, "y" * 30000))
        await asyncio.wait_for(streams[number].ended.wait(), 20)
    pathlib.Path(daemon.folder, "trunkd.yaml").write_text("trunk: [\n", encoding="ascii")
    code, _out = await daemon.control("reload")
    expect(code == 1, "a bad file was taken")
    daemon.configure()
    code, _out = await daemon.control("reload")
    expect(code == 0, "the good file was not taken again")
    streams = []
    for number, target in enumerate(TARGETS):
        own = "c%d.%s" % (number, OWN)
        streams.append(await peers.connect(TRUNK, own, target))
        expect(await peers.prove(streams[-1], own, target), "%s was not proved" % own)
    code, out = await daemon.control("block", OWN)
    expect(code == 0, "trunkctl block: %s" % out)
    for stream in streams:
        await asyncio.wait_for(stream.ended.wait(), 20)
    code, _out = await daemon.control("unblock", OWN)
    expect(code == 0, "trunkctl unblock")
    stream = await peers.connect(TRUNK, "c9." + OWN, TARGETS[1])
    expect(await peers.prove(stream, "c9." + OWN, TARGETS[1]), "blocked still")
    code, out = await daemon.control("close", "c9." + OWN)
    expect(code == 0, "trunkctl close: %s" % out)
    await asyncio.wait_for(stream.ended.wait(), 20)
    code, out = await daemon.control("failures")
    expect(code == 0 and REFUSED in out, "trunkctl failures does not know of another worker's link")
    code, out = await daemon.control("status")
    expect(code == 0 and json.loads(out)["workers"] == daemon.workers, "trunkctl status does not know the workers: %s" % out)


async def limits_count_over_all(daemon):
    daemon.configure("streams-per-address: 40, connection-rate: 1000/s")
    code, _out = await daemon.control("reload")
    expect(code == 0, "trunkctl reload")
    reader_writers = []
    refused = 0
    for number in range(60):
        reader, writer = await asyncio.open_connection(*TRUNK)
        writer.write(peers.HEADER.format(words="from='l%d.%s' to='%s'" % (number, OWN, TARGETS[number % 6])).encode())
        data = await asyncio.wait_for(reader.read(4096), 20)
        refused += b"resource-constraint" in data
        reader_writers.append(writer)
    for writer in reader_writers:
        writer.close()
    expect(20 <= refused <= 40, "%d of 60 were refused over a limit of 40" % refused)
    daemon.configure()
    await daemon.control("reload")


async def a_drain_loses_nothing(daemon):
    """What the trunk has read is handed over, though it stops: across workers, to targets that begin to read late."""
    own = "d." + OWN
    stream = await peers.connect(TRUNK, own, TARGETS[0])
    for target in TARGETS:
        expect(await peers.prove(stream, own, target), "%s was not proved" % target)
        stream.write(peers.message(own, target, 0))
    for target in TARGETS:
        await until(lambda pair=(own, target): daemon.right.count(pair) == 1, "the link to %s is not up" % target)
    daemon.right.read(False)
    for number in range(1, 2 * COUNT):
        for target in TARGETS:
            stream.write(peers.message(own, target, number))
    await stream.writer.drain()

    async def read():
        rows = await daemon.streams()
        return sum(row["stanzas_in"] for row in rows if row["leg"] == "inbound" and row["sender"] == own)

    for _ in range(200):
        if await read() == 2 * COUNT * len(TARGETS):
            break
        await asyncio.sleep(0.1)
    expect(await read() == 2 * COUNT * len(TARGETS), "the trunk did not read all")
    daemon.stop()
    await asyncio.sleep(0.5)
    daemon.right.read(True)
    code = await daemon.ended()
    for target in TARGETS:
        await until(lambda pair=(own, target): daemon.right.count(pair) >= 2 * COUNT, "%s: only %d of %d were handed over"
                    % (target, daemon.right.count((own, target)), 2 * COUNT))
        in_order(daemon.right, (own, target), range(2 * COUNT))
    expect(code == 0, "trunkd ended with %d" % code)


CASES = [one_stream_to_many_targets, many_streams, streams_both_ways, what_cannot_be_delivered_comes_back, secrets_are_everybodys,
         blocks_and_reloads_reach_all, limits_count_over_all, a_drain_loses_nothing]


async def run(programs, workers):
    """Returns how many passed and failed."""
    daemon = Daemon(programs, workers)
    passed = failed = 0
    try:
        await daemon.start()
        for case in CASES:
            name = "%s, %d workers" % (case.__name__.replace("_", " "), workers)
            try:
                await asyncio.wait_for(case(daemon), 120)
                print("passed %s" % name, flush=True)
                passed += 1
            except (Failed, OSError, asyncio.TimeoutError) as why:
                print("FAILED %s: %s" % (name, why or type(why).__name__), flush=True)
                failed += 1
    finally:
        log = daemon.finish()
        for stream in list(peers.STREAMS):
            stream.task.cancel()
        peers.STREAMS.clear()
        for server in (daemon.left, daemon.right):
            if server.server:
                server.server.close()
    races = log.count("WARNING: ThreadSanitizer")
    if races:
        print(log[log.index("WARNING: ThreadSanitizer"):][:20000])
    elif failed:
        print(log[-20000:])
    if races:
        print("FAILED %d races or misuses of threads, %d workers" % (races, workers))
    return passed, failed + (1 if races else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", default="build")
    parser.add_argument("--workers", default="2,4")
    words = parser.parse_args()
    passed = failed = 0
    for workers in words.workers.split(","):
        good, bad = asyncio.run(run(os.path.abspath(words.programs), int(workers)))
        passed, failed = passed + good, failed + bad
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
