#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Interop tests: real servers on both sides of trunkd, in every position and with every proof.

    tests/interop/run.py [--programs DIR] [--keep DIR] [WORD...]

Runs the networks whose title contains every WORD (all of them without one), prints a line for each and the reason of
every failure, and ends with `N passed, N failed`. Exit code 1 when anything failed."""
import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
import traceback
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True      # nothing of ours stays outside of the build folders

from lib import custody, sockets, stories, trunk, trust
from lib.ejabberd import Ejabberd
from lib.network import MERCURY, SATURN, STRANGER, Network, address_block
from lib.people import Person
from lib.process import Failure, die_with_parent
from lib.prosody import Prosody
from lib.spoke import DIALBACK, EXTERNAL, PLAIN

TOP = Path(__file__).resolve().parents[2]
STORY_SECONDS = 120
TAIL_LINES = 25
MANY_FAILURES = 3       # in one network

Case = namedtuple("Case", "title saturn mercury network plot")
Case.__doc__ = """saturn, mercury: (class, proof)
network  the class of the network
plot     function that says what is told in it"""


def cases():
    """Both servers in both positions with each proof, and spokes that prove themselves in different ways."""
    pairs = [(kind, proof, other, proof) for proof in (EXTERNAL, DIALBACK, PLAIN)
             for kind, other in ((Prosody, Ejabberd), (Ejabberd, Prosody))]
    pairs += [(Prosody, EXTERNAL, Ejabberd, DIALBACK), (Ejabberd, EXTERNAL, Prosody, PLAIN),
              (Prosody, DIALBACK, Prosody, DIALBACK), (Ejabberd, EXTERNAL, Ejabberd, EXTERNAL)]
    found = [Case(f"{kind.software} by {proof}, {other.software} by {others}", (kind, proof), (other, others), Network, plot)
             for kind, proof, other, others in pairs]
    found += [Case(case.title, case.saturn, case.mercury, case.network, lambda network, case=case: told(case, network))
              for case in custody.cases()]
    return found + [Case(case.title, case.saturn, case.mercury, case.network, lambda network, case=case: told(case, network))
                    for case in trust.cases()]


def told(case, network):
    """The plot of a case of lib/trust.py, with what belongs to each network."""
    return [*case.plot(network), ("trunkd ends cleanly", lambda: clean_end(network))]


class Results:
    """Counts, and prints what a reader needs of a failure."""

    def __init__(self, verbose):
        self.verbose = verbose
        self.passed = 0
        self.failed = 0

    async def tell(self, title, story, network):
        """Runs one story (a coroutine) and takes note of how it went; true when it went well."""
        begin = time.monotonic()
        try:
            await asyncio.wait_for(story, STORY_SECONDS)
        except Failure as error:
            return self._note_failure(title, str(error), network)
        except asyncio.TimeoutError:
            return self._note_failure(title, f"not over after {STORY_SECONDS} s", network)
        except Exception:       # whatever it is, it is a test that failed and not the end of the others
            return self._note_failure(title, traceback.format_exc().strip(), network)
        self.passed += 1
        if self.verbose:
            print(f"passed {title} ({time.monotonic() - begin:.1f} s)", flush=True)
        return True

    def _note_failure(self, title, reason, network):
        self.failed += 1
        died = [line for line in network.dead() if line not in reason]
        print("; ".join([f"FAILED {title}: {reason}", *died]))
        process = network.trunk.process
        if process.log.exists():
            print(f"  the end of {process.log}:")
            print("".join(f"    {line}\n" for line in process.last_words(TAIL_LINES).splitlines()), end="")
        sys.stdout.flush()
        return False


def plot(network):
    """What is told in each network, in this order: (title, function that gives the coroutine)."""
    ann, bob = network.people
    return [
        ("a message each way", lambda: stories.message_each_way(ann, bob)),
        ("messages in every script, both ways at once", lambda: stories.every_script(ann, bob)),
        ("presence subscription of ann to bob", lambda: stories.subscription(ann, bob)),
        ("presence subscription of bob to ann", lambda: stories.subscription(bob, ann)),
        ("pings of servers and clients", lambda: stories.pings(ann, bob)),
        ("a room at mercury", lambda: stories.room(ann, bob)),
        ("a room at saturn", lambda: stories.room(bob, ann)),
        ("an unknown address at mercury", lambda: stories.nobody_there(ann, bob)),
        ("an unknown address at saturn", lambda: stories.nobody_there(bob, ann)),
        ("a domain that is not trunked, from saturn", lambda: stories.refused_domain(ann, STRANGER)),
        ("a domain that is not trunked, from mercury", lambda: stories.refused_domain(bob, STRANGER)),
        ("a good message after the refusals", lambda: stories.message_each_way(ann, bob)),
        ("the trunk's own domain, from saturn", lambda: stories.own_domain(ann, trunk.NAME)),
        ("the trunk's own domain, from mercury", lambda: stories.own_domain(bob, trunk.NAME)),
        ("trunkctl probe of both spokes", lambda: probes(network)),
        ("a reload keeps the streams", lambda: reload(network, ann, bob)),
        ("each leg is proved as configured", lambda: trust.proved_as_configured(network)),
        ("the spokes have no connection with each other", lambda: apart(network)),
        ("a target that is down", lambda: down(network, ann, bob)),
        ("a target that is back", lambda: back(network, ann)),
        ("trunkd ends cleanly", lambda: clean_end(network)),
    ]


async def probes(network):
    """trunkctl probe walks all steps to each spoke as the other one's domain, and says yes."""
    for domain, other in ((MERCURY, SATURN), (SATURN, MERCURY)):
        await asyncio.get_running_loop().run_in_executor(None, network.trunk.ctl_text, "probe", domain, "--as", other)


async def reload(network, ann, bob):
    """What did not change in the configuration costs no stream (design: SIGHUP, `trunkctl reload`)."""
    before = {stream["id"] for stream in network.trunk.streams() if stream["leg"] != "verify"}
    network.trunk.ctl("reload")
    await stories.message_each_way(ann, bob)
    lost = before - {stream["id"] for stream in network.trunk.streams()}
    if lost:
        raise Failure(f"a reload of the same file closed {len(lost)} of {len(before)} streams")


async def apart(network):
    shared = sockets.between(network.saturn.process.pid, network.mercury.process.pid)
    if shared:
        raise Failure(f"a socket joins the spokes: {shared}")


async def down(network, ann, bob):
    await bob.logout()
    network.mercury.stop()
    await stories.target_is_down(ann, bob)


async def back(network, ann):
    network.mercury.start()
    await asyncio.get_running_loop().run_in_executor(None, network.mercury.wait_ready)
    bob = Person(network.mercury, "bob")
    network.people[1] = bob
    await bob.login()
    await stories.target_is_back(ann, bob)


async def clean_end(network):
    network.trunk.check_alive()
    code = network.trunk.stop()
    if code != 0:
        raise Failure(f"trunkd ended with {code} after SIGTERM")


async def begin(network):
    network.start()
    await network.login()


async def play(case, number, options, results):
    """One network from its start to its end."""
    passed, failed = results.passed, results.failed
    network = case.network(options.keep / f"{number:02}", address_block(100 + number), case.saturn, case.mercury,
                           options.programs, env=sanitizer_options())
    try:
        if await results.tell(f"{case.title}: starts", begin(network), network):
            for title, story in case.plot(network):
                if results.failed - failed < MANY_FAILURES:
                    await results.tell(f"{case.title}: {title}", story(), network)
                else:       # whatever is wrong, waiting for the rest of it helps nobody
                    results.failed += 1
                    print(f"FAILED {case.title}: {title}: not tried after {MANY_FAILURES} failures")
            await network.logout()
    finally:
        network.stop()
    print(f"{case.title}: {results.passed - passed} passed, {results.failed - failed} failed", flush=True)


def sanitizer_options():
    """An error found by a sanitizer is an exit code of its own, which no other end of trunkd has."""
    return {"ASAN_OPTIONS": "exitcode=99:" + os.environ.get("ASAN_OPTIONS", ""),
            "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99:print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", "")}


def read_arguments():
    parser = argparse.ArgumentParser(description="Interop tests of trunkd with real servers.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="run the networks whose title has every WORD")
    parser.add_argument("--programs", type=Path, default=TOP / "build", help="where trunkd and trunkctl are")
    parser.add_argument("--keep", type=Path, default=TOP / "build" / "interop", help="where everything is left to read")
    parser.add_argument("--jobs", type=int, default=4, metavar="N", help="so many networks at a time (default 4)")
    parser.add_argument("--number", type=int, metavar="N", help="run the network with this number in --list alone")
    parser.add_argument("--list", action="store_true", help="print the titles and end")
    parser.add_argument("-v", "--verbose", action="store_true", help="name what passed too, with its seconds")
    options = parser.parse_args()
    options.programs, options.keep = options.programs.resolve(), options.keep.resolve()
    return options


def play_one(number, options):
    """One network in this process; returns its Results."""
    case, results = cases()[number], Results(options.verbose)
    try:
        asyncio.run(play(case, number, options, results))
    except Exception:           # not one of the stories: the harness or a server's end
        results.failed += 1
        print(f"FAILED {case.title}: {traceback.format_exc().strip()}", flush=True)
    return results


def play_apart(number, options):
    """One network in a process of its own, whose output is printed in one piece: (passed, failed)."""
    argv = [sys.executable, __file__, "--number", str(number), "--programs", options.programs, "--keep", options.keep]
    done = subprocess.run(argv + ["-v"] * options.verbose, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent, check=False)
    *lines, last = done.stdout.splitlines() or [""]
    print("\n".join(lines), flush=True)
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
    if counts is None:
        print(f"FAILED {cases()[number].title}: its test ended with {done.returncode}: {last}", flush=True)
        return 0, 1
    return int(counts[1]), int(counts[2])


def main():
    options = read_arguments()
    chosen = [number for number, case in enumerate(cases())
              if all(word.lower() in case.title.lower() for word in options.words)]
    if options.list:
        for number in chosen:
            print(f"{number:2} {cases()[number].title}")
        return 0
    if options.number is not None:
        results = play_one(options.number, options)
        counts = [(results.passed, results.failed)]
    else:
        # Most of a network's time is waiting for the trunk to give up a target; processors are not what is short.
        with ThreadPoolExecutor(options.jobs) as pool:
            counts = list(pool.map(lambda number: play_apart(number, options), chosen))
    passed, failed = (sum(column) for column in zip(*counts)) if counts else (0, 0)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
