# SPDX-License-Identifier: Apache-2.0
"""A border: two spokes inside, one domain outside that no spoke names, labels between them; and what crosses."""
import shutil
import sqlite3
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from . import trunk
from .network import MERCURY, SATURN, STRANGER, Network
from .people import Person
from .ports import SERVER_PORT
from .process import Failure

VENUS = STRANGER            # outside: found by DNS, like anybody
NS_LABEL, NS_ESS = "urn:xmpp:sec-label:0", "urn:xmpp:sec-label:ess:0"

# Labels of the FARM policy as its clients write them, and what they say.
OPEN = ("FARM OPEN", "MQ8CAQEGCisGAQQBgf1ZTQE=")
GUARDED = ("FARM GUARDED REL XAA/XBB", "MTgCAQMGCisGAQQBgf1ZTQExJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAQIxBgIBAQIBAg==")
SEALED = ("FARM SEALED ORCHID REL XAA",
          "MVgCAQQGCisGAQQBgf1ZTQExRzAhgApghkgBZQIBCAMAoRMwEQYLKwYBBAGB/VlNAQEDAgeAMCKACmCGSAFlAgEIAwGhFDASBgsrBgEEAYH9WU0B"
          "AjEDAgEB")
MILL_HIGH = "MTgCAQUGCisGAQQBgf1ZTQIxJzAlgApghkgBZQIBCAMBoRcwFQYLKwYBBAGB/VlNAgIxBgIBCwIBDA=="     # what GUARDED is there

SECRETS_STAY, WANTS_LABELS, WORDS = "secrets stay inside", "mercury labels what it sends", "words are read"
REFUSAL, WANTED = "SEALED content does not leave the house.", "Messages to the outside need a label."

BAD_WORDS, WORDS_REFUSAL = "The gr\u00e9enh0use opens at noon.", "A word in it may not leave the house."

_CONFIG = """trunk: {name}
listen: ["{address}:{port}"]
dns: {{servers: ["{resolver}"]}}
source: ["{address}"]
state: state
control: control.sock
log: {{level: info}}
tls: {{certificates: [certs], trust: [ca.pem]}}

labels: {{policy: [farm.spif.xml, mill.spif.xml]}}

spokes:
  saturn:
    domains: [{saturn}, "*.{saturn}"]
    clearance: "FARM: OPEN,GUARDED,SEALED; Compartment=ORCHID; Releasable To=XAA,XBB"
    default-label: "FARM: OPEN"
  mercury:
    domains: [{mercury}, "*.{mercury}"]
    clearance: "FARM: OPEN,GUARDED,SEALED; Compartment=ORCHID; Releasable To=XAA,XBB"

zones:
  inside: {{spokes: [saturn, mercury]}}
  outside:                              # every other domain, by DNS
    domains: ["*"]
    clearance: "MILL: LOW,HIGH; Release=R11,R12"
    default-label: "MILL: LOW"
    labels: equivalent

{filters}rules:
  - {{name: {wants_labels}, from: {mercury}, to: outside, unlabelled: true, action: reject, text: "{wanted}"}}
  - {{name: {secrets_stay}, from: inside, to: outside, label-above: GUARDED, action: reject, text: "{refusal}"}}
{words}  - {{name: messages cross, kind: message, action: pass}}
{audit}"""

_FILTERS = """filters:
  words:
    script: words.lua
    settings: {disguised: [greenhouse], text: "A word in it may not leave the house."}

"""
_WORDS = f"  - {{name: {WORDS}, from: inside, to: outside, kind: message, filter: words}}\n"
_AUDIT = "\naudit: {store: sqlite}\n"


class BorderNetwork(Network):
    """ann at saturn (Prosody) and bob at mercury (ejabberd) inside, carol at venus (Prosody) outside."""

    def __init__(self, folder, addresses, venus, inside, outside, programs, examples):
        self.venus_address = venus
        self.outside_choice = outside
        self.examples = examples
        super().__init__(folder, addresses, *inside, programs)
        self.venus = self._make_spoke(outside, VENUS, venus, "carol")

    def _make_names(self, trunked):
        super()._make_names(trunked)
        true = {trunk.NAME: self.addresses.trunk, VENUS: self.venus_address}
        for domain, address in ((SATURN, self.addresses.saturn), (MERCURY, self.addresses.mercury)):
            true[domain] = true["conference." + domain] = address
        self.true_names.config.write_text(self.true_names._text(true), encoding="ascii")

    def _make_trunk(self, programs, minimal, env):
        folder = self.folder / trunk.NAME
        folder.mkdir()
        self._make_identities(folder)
        for name in ("farm.spif.xml", "mill.spif.xml", "filters/words.lua"):
            shutil.copy(self.examples / name, folder)
        config = _CONFIG.format(
            name=trunk.NAME, address=self.addresses.trunk, port=SERVER_PORT, saturn=SATURN, mercury=MERCURY,
            resolver=f"{self.true_names.address}@{self.true_names.port}", secrets_stay=SECRETS_STAY, refusal=REFUSAL,
            wants_labels=WANTS_LABELS, wanted=WANTED,
            filters=_FILTERS, words=_WORDS, audit=_AUDIT)
        return trunk.Trunk(programs, self.addresses.trunk, folder, config, env)

    def parts(self):
        return [part for part in (self.true_names, self.spoke_names, self.saturn, self.mercury, self.venus, self.trunk) if part]

    async def login(self):
        self.people = [Person(self.saturn, "ann"), Person(self.mercury, "bob"), Person(self.venus, "carol")]
        for person in self.people:
            await person.login()
        return self.people


def label_element(octets):
    """<securitylabel/> as a client writes it, without a marking."""
    element = ET.Element(f"{{{NS_LABEL}}}securitylabel")
    label = ET.SubElement(element, f"{{{NS_LABEL}}}label")
    ET.SubElement(label, f"{{{NS_ESS}}}esssecuritylabel").text = octets
    return element


def write(person, to, body, label=None, ident=None):
    """Sends a message with a label, or without one."""
    message = person.client.make_message(mto=to, mbody=body, mtype="chat")
    if ident:
        message["id"] = ident
    if label:
        message.xml.append(label_element(label[1]))
    message.send()


def octets_of(stanza, name="label"):
    """The octets of the label, or of each equivalent, that a stanza carries."""
    path = f"{{{NS_LABEL}}}securitylabel/{{{NS_LABEL}}}{name}/{{{NS_ESS}}}esssecuritylabel"
    return ["".join((found.text or "").split()) for found in stanza.xml.findall(path)]


def stanza_text(sender, to, body, label):
    """The same message as a file for `trunkctl explain`."""
    return (f"<message from='{sender}' to='{to}' type='chat' id='explained'>\n  <body>{escape(body)}</body>\n"
            f"  <securitylabel xmlns='{NS_LABEL}'><label><esssecuritylabel xmlns='{NS_ESS}'>{label[1]}</esssecuritylabel></label>"
            "</securitylabel>\n</message>\n")


async def refused(sender, other, to, ident):
    """The error that comes back: its condition and its text. Raises where the message arrives instead."""
    got = await sender.or_other(other, lambda s: s.name == "message" and s["id"] == ident)
    if got["type"] != "error":
        raise Failure(f"the message {ident} of {sender.bare} to {to} arrived")
    return condition_of(got), got["error"]["text"]


def condition_of(stanza):
    """The library does not know all conditions of RFC 6120."""
    for found in stanza.xml.iterfind("{*}error/{urn:ietf:params:xml:ns:xmpp-stanzas}*"):
        if not found.tag.endswith("}text"):
            return found.tag.partition("}")[2]
    return "none"


def alter(state):
    """Changes one byte of the audit store in `state` (trunkd is stopped); returns what was done, in words."""
    with sqlite3.connect(state / "audit.db") as store:
        ident, data = store.execute("SELECT id, data FROM block ORDER BY length(data) DESC LIMIT 1").fetchone()
        middle = len(data) // 2
        store.execute("UPDATE block SET data = ? WHERE id = ?",
                      (data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:], ident))
    return f"byte {middle} of block {ident} in {state.parent.name}/state/audit.db"
