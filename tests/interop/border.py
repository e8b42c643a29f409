#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo behind `script/demo border`: what may leave the house and what may not, and the proof of it afterwards."""
import asyncio
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True      # nothing of ours stays outside of the build folders

from lib import border, sockets, trunk
from lib.border import GUARDED, MILL_HIGH, OPEN, SEALED, VENUS, BorderNetwork, octets_of, refused, write
from lib.ejabberd import Ejabberd
from lib.network import MERCURY, SATURN, Addresses
from lib.process import Failure
from lib.prosody import Prosody
from lib.spoke import CLIENT_PORT, EITHER, SERVER_PORT
from lib.tell import Teller, run_demo, until_interrupted

TOP = Path(__file__).resolve().parents[2]
FOLDER = TOP / "build" / "demo-border"
ADDRESSES = Addresses(saturn="127.114.0.2", mercury="127.114.0.6", trunk="127.114.0.4",
                      true_names="127.114.0.53", spoke_names="127.114.0.54", more_names="127.114.0.55")
VENUS_ADDRESS = "127.114.0.9"
QUIET_SECONDS = 1           # in which a message that was refused would have arrived
TRACE_SECONDS = 2


class Story:
    """The demo's steps; each shows what it claims, or raises Failure."""

    def __init__(self, tell, network):
        self.tell = tell
        self.network = network
        self.ann, self.bob, self.carol = network.people
        self.trunk = network.trunk

    async def nothing_arrives(self, person, ident):
        await asyncio.sleep(QUIET_SECONDS)
        if any(stanza["id"] == ident for stanza in person.inbox):
            raise Failure(f"the message {ident} reached {person.bare}")

    async def arrives(self, sender, receiver, body, label, ident):
        write(sender, receiver.full, body, label, ident)
        got = await sender.or_other(receiver, lambda s: s.name == "message" and s["id"] == ident)
        if got["type"] == "error":
            raise Failure(f"the message {ident} of {sender.bare} to {receiver.bare} came back: {got['error']['condition']} "
                          f"{got['error']['text']}")
        if got["body"] != body:
            raise Failure(f"{body!r} arrived as {got['body']!r}")
        return got

    def heard(self, sender, condition, text):
        self.tell.show([f"{sender.bare} is told: {condition}", f"  {text}"])

    def printed(self, words, code, text):
        """What trunkctl said, as it stands but for lines that are too long."""
        self.tell.show([f"$ trunkctl {words}    (exit {code})", *(piece for line in text.rstrip().splitlines() for piece in _folded(line))])

    async def inside(self):
        self.tell.step("Inside the house, even SEALED content passes: both servers are cleared for it")
        got = await self.arrives(self.ann, self.bob, "The orchid crates leave at six.", SEALED, "inside-1")
        if octets_of(got) != [SEALED[1]]:
            raise Failure("the label did not arrive as it was sent")
        self.tell.show([f"{self.ann.bare} -> {self.bob.bare}, labelled {SEALED[0]}: arrived with its label"])

    async def secrets(self):
        self.tell.step("SEALED content to the outside is rejected, in the words of the rule")
        write(self.ann, self.carol.full, "The orchid crates leave at six.", SEALED, "secret-1")
        condition, text = await refused(self.ann, self.carol, self.carol.full, "secret-1")
        self.heard(self.ann, condition, text)
        if condition != "policy-violation" or border.REFUSAL not in text or border.SECRETS_STAY not in text:
            raise Failure(f"the rule's words were due, and not {condition}: {text!r}")
        await self.nothing_arrives(self.carol, "secret-1")
        self.tell.say(f"{self.carol.bare} received nothing, and the error repeats neither the text nor the label.")

    async def translated(self):
        self.tell.step("GUARDED content may leave, for the outside has a word for it")
        got = await self.arrives(self.ann, self.carol, "Crates leave at six.", GUARDED, "guarded-1")
        if octets_of(got) != [GUARDED[1]] or octets_of(got, "equivalentlabel") != [MILL_HIGH]:
            raise Failure("the message arrived without its label, or without the equivalent that MILL has for it")
        self.tell.show([f"{self.ann.bare} -> {self.carol.bare}, labelled {GUARDED[0]}: arrived",
                        "  with an equivalent label of venus' own policy: MILL HIGH TO R11, R12"])
        self.tell.say("The trunk computed it from what farm.spif.xml says; what a sender claims to be equivalent is never believed.")

    async def unlabelled(self):
        self.tell.step("A message without a label gets the default of its side, or does not pass")
        got = await self.arrives(self.ann, self.carol, "Good morning!", None, "plain-1")
        if octets_of(got) != [OPEN[1]]:
            raise Failure("the default label of saturn did not go with the message")
        self.tell.show([f"{self.ann.bare} -> {self.carol.bare}, no label: arrived as {OPEN[0]}, the default of saturn"])
        write(self.bob, self.carol.full, "Good morning!", None, "plain-2")
        condition, text = await refused(self.bob, self.carol, self.carol.full, "plain-2")
        self.tell.show([f"{self.bob.bare} -> {self.carol.bare}, no label: refused, since mercury has no default and a rule wants one"])
        self.heard(self.bob, condition, text)
        if border.WANTED not in text or border.WANTS_LABELS not in text:
            raise Failure(f"the rule's words were due, and not {condition}: {text!r}")
        await self.arrives(self.carol, self.ann, "Good morning to you!", None, "plain-3")
        self.tell.show([f"{self.carol.bare} -> {self.ann.bare}, no label: arrived, by the default of the outside"])

    async def words(self):
        self.tell.step("A filter in Lua reads what leaves: examples/filters/words.lua, told to look for the word greenhouse")
        write(self.ann, self.carol.full, border.BAD_WORDS, GUARDED, "words-1")
        condition, text = await refused(self.ann, self.carol, self.carol.full, "words-1")
        self.tell.show([f"{self.ann.bare} -> {self.carol.bare}: {border.BAD_WORDS!r}"])
        self.heard(self.ann, condition, text)
        if border.WORDS_REFUSAL not in text:
            raise Failure(f"the words of the filter were due, and not {condition}: {text!r}")
        await self.nothing_arrives(self.carol, "words-1")
        await self.arrives(self.ann, self.bob, border.BAD_WORDS, GUARDED, "words-2")
        self.tell.say("Inside, the same words pass: the rule asks the filter only about what leaves.")

    def explain_one(self, body, label, name):
        file = self.network.folder / name
        file.write_text(border.stanza_text(self.ann.full, self.carol.full, body, label), encoding="utf-8")
        code, text = self.trunk.ctl_code("explain", "--stanza", file)
        self.printed(f"explain --stanza {name}", code, text)
        return code, json.loads(self.trunk.ctl_code("--json", "explain", "--stanza", file)[1])

    def explain(self):
        self.tell.step("Explain tells the same story beforehand, and sends nothing")
        code, told = self.explain_one("The orchid crates leave at six.", SEALED, "secret.xml")
        if code != 1 or told["rule"] != border.SECRETS_STAY:
            raise Failure(f"explain names {told.get('rule')!r} (exit {code}) where {border.SECRETS_STAY!r} decided")
        code, told = self.explain_one("Crates leave at six.", GUARDED, "guarded.xml")
        if code != 0:
            raise Failure(f"explain says {told.get('verdict')!r} (exit {code}) of a message that passed")

    async def watch(self):
        self.tell.step("Trace shows stanzas with their verdicts as they pass; texts stay hidden unless asked for")
        tracing = await asyncio.create_subprocess_exec(
            self.trunk.control, "-c", self.trunk.config, "trace", VENUS, "--seconds", str(TRACE_SECONDS),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        await asyncio.sleep(TRACE_SECONDS / 2)  # until it watches
        await self.arrives(self.ann, self.carol, "You can read this.", GUARDED, "trace-1")
        lines = (await tracing.communicate())[0].decode().splitlines()
        self.printed(f"trace {VENUS} --seconds {TRACE_SECONDS}", tracing.returncode, "\n".join(lines))
        if not any("id=trace-1" in line for line in lines) or any("You can read this" in line for line in lines):
            raise Failure("trace does not show what passed, or shows a text that nobody asked for")

    def audit(self):
        self.tell.step("Each verdict is on record")
        code, text = self.trunk.ctl_code("audit", "--limit", "12")
        self.tell.show([f"$ trunkctl audit --limit 12    (exit {code})", *("  " + line for line in text.rstrip().splitlines())])
        rejected = self.trunk.ctl_lines("audit", "--decision", "reject")
        if not any(row["id"] == "secret-1" and row["rule"] == border.SECRETS_STAY for row in rejected):
            raise Failure("the audit does not show the message secret-1 as rejected by its rule")

    def verify(self):
        """When trunkd is stopped."""
        self.tell.step("The record can be proved whole")
        code, text = self.trunk.ctl_code("audit", "verify")
        self.printed("audit verify", code, text)
        if code != 0:
            raise Failure("audit verify finds fault with a store that nobody touched")
        self.tell.step("Somebody alters one byte of it on the disk")
        self.tell.show([border.alter(self.trunk.folder / "state")])
        code, text = self.trunk.ctl_code("audit", "verify")
        self.printed("audit verify", code, text)
        if code != 1:
            raise Failure("audit verify finds no fault with a store that was altered")


def _folded(text, width=108):
    return ["  " + text[at:at + width] for at in range(0, len(text), width)] or [""]


def tell_rules(tell, network):
    tell.step("What the trunk was told (trunkd.yaml)")
    lines = network.trunk.config.read_text(encoding="utf-8").splitlines()
    tell.show(lines[lines.index(next(line for line in lines if line.startswith("labels:"))):])


def tell_where(tell, network):
    tell.step("Where to look")
    short = FOLDER.relative_to(TOP)
    rows = [("configuration of trunkd", f"{short}/{trunk.NAME}/trunkd.yaml"), ("log of trunkd", f"{short}/{trunk.NAME}/trunkd.log"),
            ("ask trunkd", f"build/trunkctl -c {short}/{trunk.NAME}/trunkd.yaml trace {VENUS} --bodies")]
    tell.where(rows, short, (network.saturn, network.mercury, network.venus))


async def play(tell, network, stay):
    tell.step("Servers: saturn and mercury inside, venus outside, trunkd between them as the border")
    network.start()
    tell.servers(network.trunk, (network.saturn, network.mercury, network.venus))
    tell_rules(tell, network)
    tell.step("Three people log in, each to their own server")
    await network.login()
    tell.show([f"{person.bare} at {person.spoke.name}" for person in network.people])
    story = Story(tell, network)
    for step in (story.inside, story.secrets, story.translated, story.unlabelled, story.words, story.watch):
        await step()
    story.explain()
    story.audit()
    network.trunk.check_alive()
    if stay:
        tell_where(tell, network)
        print("\nAll is as it was told. The servers stay up until you press Ctrl-C; then the record is verified.", flush=True)
        await until_interrupted(network)
    await network.logout()
    return story


def refuse_strangers():
    """Before anything is made: somebody else on one of our ports would be taken for one of our servers."""
    for address in (ADDRESSES.saturn, ADDRESSES.mercury, VENUS_ADDRESS, ADDRESSES.trunk):
        for port in (SERVER_PORT, CLIENT_PORT) if address != ADDRESSES.trunk else (SERVER_PORT,):
            stranger = sockets.stranger_on(address, port)
            if stranger:
                raise Failure(f"{stranger}, which the demo needs; stop it and try again")


def perform(options):
    refuse_strangers()
    network = BorderNetwork(FOLDER, ADDRESSES, VENUS_ADDRESS, ((Prosody, EITHER), (Ejabberd, EITHER)), (Prosody, EITHER),
                            options.programs, TOP / "examples")
    stay = not options.once and sys.stdin.isatty() and sys.stdout.isatty()
    tell = Teller()
    story = code = None
    try:
        story = asyncio.run(play(tell, network, stay))
    except Failure as error:
        log = network.trunk.process.log.relative_to(TOP)
        died = [line for line in network.dead() if line not in str(error)]
        raise Failure("; ".join([str(error), *died, f"the log of trunkd is {log}"])) from error
    finally:
        code = network.stop()
    if code != 0:
        raise Failure(f"trunkd ended with exit code {code}; see {network.trunk.process.log}")
    story.verify()
    print("\nAll is as it was told; all servers are stopped.")


if __name__ == "__main__":
    sys.exit(run_demo("script/demo border",
                      "A border between two policies, with real servers.", "end when everything was shown; exit 1 when not all was so", perform))
