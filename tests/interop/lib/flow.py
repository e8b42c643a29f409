# SPDX-License-Identifier: Apache-2.0
"""Numbered messages from ann at saturn to bob at mercury, and what became of each one."""
import asyncio
import json
import re
import time
from collections import Counter, namedtuple
from datetime import datetime
from pathlib import Path

from .network import MERCURY, SATURN, Network
from .process import Failure, run
from .prosody import Prosody

MODULES = Path(__file__).resolve().parent / "prosody-modules"
ANN, BOB = f"ann@{SATURN}", f"bob@{MERCURY}"
QUEUE = 20000       # of unacknowledged stanzas in Prosody: its default of 500 forgets older ones in silence

# Prosody logs what it writes to a stream, in the order of the wire.
WRITTEN = re.compile(r"Sending\[s2sout\]: <message [^>]*\bid='n(\d+)'")

BACK = ("ready", "pair-proved", "link-up")       # in the log of a trunk that is started again, in this order

Row = namedtuple("Row", "sent delivered errors kept lost both doubled disordered crossed flows back slowest_error conditions")
Row.__doc__ = """what became of the messages of one event
both           delivered, and an error to the sender as well (counted under delivered alone)
disordered     came behind one that the sender's server had written later
crossed        the sender's server itself wrote behind one of a higher number: Prosody, on a stream proved by EXTERNAL, writes what comes between
               <success/> and the features at once, and what had waited for the stream behind that
back           where the trunk was started again, seconds: from its start until it was ready; from there until the sender's server had connected and proved
               itself; until the stream to the target was up; until the first delivery. None where it was not, or nothing came
flows          seconds from the event to the first delivery of a message that was sent behind it; None: never
slowest_error  seconds from a message to its error, the longest"""


def firsts(numbers):
    """Each once, in the order of their first coming."""
    return dict.fromkeys(numbers)


def behind(numbers):
    """How many come behind a higher one."""
    count = highest = 0
    for number in numbers:
        count += number < highest
        highest = max(highest, number)
    return count


class FlowProsody(Prosody):
    """With the module that sends and notes; `flow`: whom it speaks for and to."""

    flow = None

    def _text(self):
        sender, receiver = self.flow
        text = super()._text().replace('"roster",', '"roster", "test_flow",', 1)
        text = text.replace("plugin_paths = {}", f'plugin_paths = {{ "{MODULES}" }}', 1)
        return text.replace('storage = "internal"', f"""storage = "internal"
smacks_max_queue_size = {QUEUE}
test_flow_order = "{self.folder}/order"
test_flow_notes = "{self.folder}/notes"
test_flow_from = "{sender}"
test_flow_to = "{receiver}"
""", 1)


class FlowNetwork(Network):
    """custody and hold as the configuration has them; has_sm: whether Prosody speaks XEP-0198 with servers."""

    custody = "link"
    has_sm = True
    is_inherited = False        # the listening socket is ours, and the daemon inherits it

    def _make_spoke(self, choice, domain, address, person):
        spoke = super()._make_spoke(choice, domain, address, person)
        if isinstance(spoke, FlowProsody):
            spoke.flow = (ANN, BOB) if domain == SATURN else (BOB, ANN)
            spoke.has_sm = self.has_sm
        return spoke

    def _make_trunk(self, programs, minimal, env):
        made = super()._make_trunk(programs, minimal, env)
        text = made.config.read_text(encoding="utf-8")
        for name in ("saturn", "mercury"):
            text = text.replace(f"  {name}:\n", f"  {name}:\n    custody: {self.custody}\n", 1)
        made.config.write_text(text, encoding="utf-8")
        return made

    def order(self, count, rate):
        """Lets saturn send, from now on."""
        begun = self.saturn.folder / "order.new"
        begun.write_text(f"{count} {rate}\n", encoding="ascii")
        begun.rename(self.saturn.folder / "order")

    def notes(self, spoke):
        path = spoke.folder / "notes"
        return [line.split() for line in path.read_text(encoding="ascii").splitlines()] if path.exists() else []


class Flow:
    """One run of numbered messages. `begin` and `end` are seconds since 1970."""

    def __init__(self, network, received=None):
        self.network = network
        self.received = received        # notes of a receiver that is no Prosody: lists like those of the module
        self.event = None
        self.restarted = None           # when the trunk was started again
        self.skipped = 0                # bytes of the sender's log that tell of something else

    def begin(self):
        """From here on it counts."""
        self.skipped = self._log().stat().st_size

    def _log(self):
        return self.network.saturn.folder / "prosody-debug.log"

    def _written(self):
        """The number of each message by its place on the wire, from 1."""
        with open(self._log(), "rb") as file:
            file.seek(self.skipped)
            text = file.read().decode(errors="replace")
        places = {}
        for found in WRITTEN.finditer(text):
            places.setdefault(int(found.group(1)), len(places) + 1)
        return places

    def _notes(self):
        mine = self.network.notes(self.network.saturn)
        got = self.received if self.received is not None else self.network.notes(self.network.mercury)
        sent = {int(words[1]): float(words[2]) for words in mine if words[0] == "sent" and len(words) > 2}
        errors = {int(words[1]): (float(words[2]), words[3]) for words in mine if words[0] == "error" and len(words) > 3}
        arrived = [(int(words[1]), float(words[2])) for words in got if words[0] == "got" and len(words) > 2]
        return sent, errors, arrived

    def kept(self):
        """What waits in the trunk, by its own word."""
        trunk = self.network.trunk
        try:
            text = run([trunk.control, "-c", trunk.config, "--json", "queue"], "ask what waits")
        except Failure:
            return 0
        rows = [json.loads(line) for line in text.splitlines()]
        return sum(row["memory_stanzas"] + row["disk_stanzas"] for row in rows if row["target"] == MERCURY)

    def is_over(self, count):
        sent, errors, arrived = self._notes()
        return len(sent) == count and len({number for number, _ in arrived} | set(errors)) >= count

    async def settle(self, count, seconds):
        """Waits until each message is accounted for, or nothing has come for `seconds`."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < seconds and not self.is_over(count):
            sent, errors, arrived = self._notes()
            now = len(sent), len(errors), len(arrived)
            if now != last:
                last, since = now, time.monotonic()
            await asyncio.sleep(0.25)

    def _back(self, arrived):
        if not self.restarted:
            return None
        times = {}
        for line in self.network.trunk.process.log.read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.split(" ", 3)
            if len(words) > 2 and words[2] in BACK and datetime.fromisoformat(words[0]).timestamp() > self.restarted - 0.001:
                before = BACK[:BACK.index(words[2])]
                if all(event in times for event in before) and (words[2] == "ready" or f"sender={SATURN} " in line):
                    times.setdefault(words[2], datetime.fromisoformat(words[0]).timestamp())
        delivered = [at for _, at in arrived if len(times) == len(BACK) and at > times["link-up"]]
        if not delivered:
            return None
        moments = [self.restarted, *(times[event] for event in BACK), min(delivered)]
        return tuple(later - earlier for earlier, later in zip(moments, moments[1:]))

    def row(self):
        sent, errors, arrived = self._notes()
        times = Counter(number for number, _ in arrived)
        first = set(times)
        places = self._written()
        disordered = behind(places.get(number, number) for number in firsts(number for number, _ in arrived))
        kept = self.kept()
        after = [at for number, at in arrived if self.event and sent.get(number, 0) > self.event and at > self.event]
        errors_alone = set(errors) - first
        lost = len(sent) - len(first) - len(errors_alone) - kept
        return Row(len(sent), len(first), len(errors_alone), kept, max(lost, 0), len(set(errors) & first),
                   sum(times.values()) - len(times), disordered, behind(sorted(places, key=places.get)),
                   min(after) - self.event if after else None, self._back(arrived),
                   max((at - sent[number] for number, (at, _) in errors.items() if number in sent), default=None),
                   Counter(condition for _, condition in errors.values()))
