# SPDX-License-Identifier: Apache-2.0
"""What people read of a run: one line as it happens, and the page with the tables."""

import statistics
import textwrap
from typing import NamedTuple

FAULTS = ("lost", "duplicated", "reordered", "changed", "foreign", "unproved", "bounced", "streams_failed", "streams_closed")
WIDTH = 118
MIB = 1 / 1024


def faults_of(report):
    found = ["%s %d" % (name, report[name]) for name in FAULTS if report.get(name)]
    return ", ".join(found) if found else "no fault"


def one_line(part, report):
    """The heart of a report; numbers that it lacks read as 0."""
    lines = {
        "relay": "{cpu_us_per_stanza:.3f} µs CPU a stanza, {stanzas_per_s:.0f} stanzas/s",
        "latency": "p50 {latency_p50_us:.0f} µs, p99 {latency_p99_us:.0f} µs, p99.9 {latency_p999_us:.0f} µs",
        "exact": "{stanzas_all:.0f} stanzas in {seconds:.1f} s",
        "idle": "{streams_in:.0f} streams in and {streams_out:.0f} out, {kib_per_stream:.1f} KiB each",
        "handshakes": "{handshakes_per_s:.0f}/s, {handshakes_per_cpu_s:.0f} per CPU second",
        "cold": "{round_trips_least:.0f} round trips, median {first_stanza_p50_us:.0f} µs",
        "stalled": "others' p99 {latency_p99_us:.0f} µs, resident at most {rss_peak_kib:.0f} KiB",
        "answered": "{cpu_us_per_stanza:.1f} µs CPU a stanza, {stanzas_per_s:.0f} stanzas/s",
        "spokes": "p50 {latency_p50_us:.0f} µs, p99 {latency_p99_us:.0f} µs, {cpu_us_per_stanza:.1f} µs CPU a stanza",
        "growth": "{stanzas_all:.0f} stanzas, resident {rss_after_kib:.0f} KiB",
        "cores": "{stanzas_per_s:.0f} stanzas/s, {cpu_us_per_stanza:.3f} µs CPU a stanza",
    }

    class Known(dict):
        def __missing__(self, _):
            return 0

    return "%s, %s" % (lines[part].format_map(Known(report)), faults_of(report))


class Table:
    """Rows of a part by case and subject, and their spread."""

    def __init__(self, results, part):
        self.rows = [result for result in results if result["part"] == part]

    def cases(self):
        """(case, subject) in the order in which they came."""
        return list(dict.fromkeys((row["case"], row["subject"]) for row in self.rows))

    def values(self, case, subject, name):
        reports = [row["report"] for row in self.rows if (row["case"], row["subject"]) == (case, subject)]
        return [report[name] for report in reports if name in report]

    def middle(self, case, subject, name):
        values = self.values(case, subject, name)
        return statistics.median(values) if values else None

    def spread(self, case, subject, name, scale=1.0, form="%.2f"):
        """median (least to most)"""
        values = [form % (value * scale) for value in sorted(self.values(case, subject, name))]
        if not values:
            return "–"
        middle = form % (self.middle(case, subject, name) * scale)
        return middle if values[0] == values[-1] else "%s (%s to %s)" % (middle, values[0], values[-1])


class Column(NamedTuple):
    title: str
    name: str           # in the report
    form: str = "%.0f"
    scale: float = 1


class Section(NamedTuple):
    part: str
    title: str
    columns: tuple
    words: str
    against: str = ""   # what each row is compared in with the row above that it belongs to: a name in the report


def row_line(cells):
    return "| " + " | ".join(cells) + " |"


def beside(table, cases, index, name):
    """How many times the figure of the row above, in every second row."""
    own, above = (table.middle(*cases[i], name) for i in (index, index - index % 2))
    return "%.2f" % (own / above) if index % 2 and own and above else "–"


def table_lines(table, columns, is_against_relay, against=""):
    head = ["case", "process"] + [column.title for column in columns] + ["of HAProxy's work per CPU second"] * is_against_relay
    titles = [column.title for column in columns if column.name == against]
    head += [title + ", of the row above" for title in titles]
    cases = list(table.cases())
    lines = [row_line(head), "|" + "---|" * len(head)]
    for index, (case, subject) in enumerate(cases):
        cells = [case, subject] + [table.spread(case, subject, column.name, column.scale, column.form) for column in columns]
        if is_against_relay:
            base, own = (table.middle(case, name, "cpu_us_per_stanza") for name in ("HAProxy", subject))
            cells.append("%.2f" % (base / own) if base and own else "–")
        cells += [beside(table, cases, index, against) for _ in titles]
        lines.append(row_line(cells))
    return "\n".join(lines)


SECTIONS = (
    Section("relay", "Cost of a stanza", (
        Column("µs CPU a stanza", "cpu_us_per_stanza", "%.3f"), Column("stanzas per CPU second", "stanzas_per_cpu_s"),
        Column("stanzas/s", "stanzas_per_s"), Column("driver's CPU", "driver_cpu_share", "%.2f"),
    ), "One sender, one receiver, 2,048 stanzas on their way, TLS 1.3 on both legs. *Batched*: the sender fills TLS records of "
       "16 KiB. HAProxy copies bytes and looks at none; trunkd has both sides proved, and checks and judges each stanza."),
    Section("latency", "Latency at 1,000 stanzas a second", (
        Column("p50 µs", "latency_p50_us"), Column("p99 µs", "latency_p99_us"), Column("p99.9 µs", "latency_p999_us"),
    ), "Open loop: each stanza carries the moment at which it was written. The receiver's own wake-up is part of the time."),
    Section("exact", "Both ways at once", (
        Column("stanzas", "stanzas_all"), Column("seconds", "seconds", "%.2f"), Column("lost", "lost"),
        Column("bounced", "bounced"),
        Column("duplicated", "duplicated"), Column("out of order", "reordered"), Column("changed in meaning", "changed"),
        Column("resident MiB", "rss_after_kib", "%.1f", MIB),
    ), "The real mix in both directions. Dialback is proved in full: each side asks the authoritative server of the other."),
    Section("idle", "Idle streams", (
        Column("streams in", "streams_in"), Column("streams out", "streams_out"),
        Column("resident before, MiB", "rss_before_kib", "%.1f", MIB), Column("resident MiB", "rss_idle_kib", "%.1f", MIB),
        Column("KiB a stream", "kib_per_stream", "%.1f"), Column("CPU while idle", "cpu_share_idle", "%.4f"),
    ), "Each pair carried one stanza and then nothing."),
    Section("handshakes", "Handshakes with proof", (
        Column("a second", "handshakes_per_s"), Column("per CPU second", "handshakes_per_cpu_s"),
    ), "TCP, STARTTLS, a full TLS 1.3 handshake (P-256), proof, end; sixteen at a time."),
    Section("cold", "First stanza through cold links", (
        Column("round trips, all", "round_trips_least"), Column("in turn", "round_trips_in_turn", "%.1f"),
        Column("median ms", "first_stanza_p50_us", "%.1f", 1e-3), Column("longest ms", "first_stanza_max_us", "%.1f", 1e-3),
    ), "From the sender's connection attempt to the stanza's arrival. Round trips are those of all connections together "
       "(dialback on both legs has four of them), whether they overlap or not. *In turn*: the time taken when each is made to "
       "last 20 ms, divided by that."),
    Section("stalled", "Targets that stop reading", (
        Column("others' p50 µs", "latency_p50_us"), Column("others' p99 µs", "latency_p99_us"),
        Column("others' lost", "lost"), Column("others' bounced", "bounced"), Column("theirs bounced", "stalled_bounced"),
        Column("resident before, MiB", "rss_begin_kib", "%.1f", MIB),
        Column("at most, MiB", "rss_peak_kib", "%.1f", MIB),
    ), "Senders push 1 KiB stanzas as fast as they may (50 MB a second together, so that the driver keeps time for the others) to "
       "targets that proved themselves and read nothing, while other pairs exchange 1,000 stanzas a second. Rows with 0 of them are "
       "the same without them: what the others had before. With four others `limits.memory` is 256 MiB.", "latency_p99_us"),
    Section("cores", "Workers", (
        Column("stanzas/s", "stanzas_per_s"), Column("µs CPU a stanza", "cpu_us_per_stanza", "%.3f"),
        Column("stanzas per CPU second", "stanzas_per_cpu_s"),
        Column("CPUs used", "cpu_share", "%.2f"), Column("driver's CPU", "driver_cpu_share", "%.2f"),
    ), "Eight pairs with targets of their own, the real mix, no process bound to a processor. Driver and trunk together have "
       "the machine's processors: where trunk and driver together use all of them, stanzas/s does not show what two workers could "
       "carry, and only stanzas per CPU second can be compared (0.90 of one worker's would be 1.8 times its load with two "
       "processors for the trunk alone).", "stanzas_per_cpu_s"),
    Section("answered", "A server instead", (
        Column("µs CPU a stanza", "cpu_us_per_stanza", "%.1f"), Column("stanzas per CPU second", "stanzas_per_cpu_s"),
        Column("resident MiB", "rss_after_kib", "%.1f", MIB),
    ), "Prosody from Debian, which answers each message with an error for want of such a user: one stanza in and one out, as for a "
       "trunk, proved by EXTERNAL on both legs."),
    Section("spokes", "Many spokes", (
        Column("resident before, MiB", "rss_begin_kib", "%.1f", MIB), Column("resident MiB", "rss_after_kib", "%.1f", MIB),
        Column("p50 µs", "latency_p50_us"), Column("p99 µs", "latency_p99_us"), Column("p99.9 µs", "latency_p999_us"),
        Column("µs CPU a stanza", "cpu_us_per_stanza", "%.1f"), Column("CPUs used", "cpu_share", "%.3f"),
    ), "The same 1,000 stanzas a second, over four streams and over as many as the system gives descriptors for (20,000 are 10,000 "
       "spokes with a stream each way; each process needs a descriptor for each). Each domain is a spoke of its own in the "
       "configuration. The driver's own work for so many streams is part of the latency."),
    Section("growth", "Memory over many stanzas", (
        Column("stanzas", "stanzas_all"), Column("resident before, MiB", "rss_begin_kib", "%.1f", MIB),
        Column("resident at most, MiB", "rss_peak_kib", "%.1f", MIB), Column("resident MiB", "rss_after_kib", "%.1f", MIB),
    ), "One pair, stanzas of 200 bytes as fast as they go."),
)

SURROUNDINGS = (
    "Release builds; {cores} processors, the process under test on one and the load driver on another; loopback network; Linux "
    "{kernel}, OpenSSL {openssl}, HAProxy {haproxy} (TCP mode, one thread, buffers of 32 KiB, certificates not verified); "
    "{cipher} on all legs.",
    "`tests/bench/load` emulates the servers of both sides in one process of one thread. Each stanza carries a number within "
    "its address pair. The receiver compares every stanza byte for byte with what was sent, by meaning where the bytes "
    "differ, and counts what is lost, duplicated, out of order within its address pair, or changed. HAProxy gets the same "
    "bytes without streams around them.",
    "CPU is user and system time of all threads of the process under test, from the end of a warm-up of half a second to "
    "the last moment of sending. *Driver's CPU* near 1.00 means that the driver was the limit of stanzas/s.",
    "*trunkd without audit* has `audit: {{store: none}}` and `custody: none`, *trunkd* the defaults; both one worker where the table does not say "
    "otherwise. Each run has a fresh process.",
    "Load of the machine before the first run: {load_before:.1f}.",
)


# What others needed for the same work once, in microseconds of CPU a stanza: 200 B, 1 KiB, 4 KiB batched and the real mix. HAProxy's
# row is of the same machine and day, and tells how much faster or slower the machine of this run is. None: not known.
ONCE_CASES = ("200 B, batched", "1 KiB, batched", "4 KiB, batched", "real mix")
ONCE_HAPROXY = (0.19, 0.76, 3.1, 0.65)
ONCE_OTHERS = (("Metre, relaying", (4.5, 11.6, 38, 10.3)), ("xmpp-proxy, relaying", (4.6, 14.7, 56, 12.6)),
               ("Openfire 5.2 as trunk", (17.6, None, 119, 36)), ("ejabberd 23.01, answering", (21, 28, 60, None)),
               ("Prosody 0.12, made to relay", (61, 126, 323, 147)))


def compared(results):
    """How many times the work of others trunkd does in a CPU second: Prosody's measured, the others' figures carried over."""
    relay, answered = Table(results, "relay"), Table(results, "answered")
    own = [relay.middle(case, "trunkd without audit", "cpu_us_per_stanza") for case in ONCE_CASES]
    haproxy = [relay.middle(case, "HAProxy", "cpu_us_per_stanza") for case in ONCE_CASES]
    if not all(own) or not all(haproxy):
        return ""
    prosody = [answered.middle(case, "Prosody, answering", "cpu_us_per_stanza") for case in ONCE_CASES]
    rows = [("Prosody, answering", prosody)] if any(prosody) else []
    rows += [(name + " (not measured here)", [then * now / base if then else None for then, now, base in
                                              zip(figures, haproxy, ONCE_HAPROXY)]) for name, figures in ONCE_OTHERS]
    lines = [row_line(("process",) + ONCE_CASES), "|" + "---|" * (1 + len(ONCE_CASES))]
    lines += [row_line([name] + ["%.0f" % (theirs / ours) if theirs else "–" for theirs, ours in zip(figures, own)])
              for name, figures in rows]
    words = ("How many stanzas trunkd without audit passes in the CPU time that others need for one. Only Prosody was measured in this "
             "run. Metre, xmpp-proxy and Openfire are no Debian packages: theirs are figures taken once on another machine, times what "
             "HAProxy needs here, divided by what it needed there.")
    return "## Beside other servers\n\n%s\n\n%s\n" % (textwrap.fill(words, WIDTH), "\n".join(lines))


def tables(results):
    texts = []
    for section in SECTIONS:
        table = Table(results, section.part)
        if table.rows:
            texts.append("## %s\n\n%s\n\n%s\n" % (section.title, textwrap.fill(section.words, WIDTH),
                                                   table_lines(table, section.columns, section.part == "relay", section.against)))
    texts += ["## %s\n\n```\n%s```\n" % (result["case"], result["report"]["text"]) for result in results
              if result["part"] == "micro"]
    texts.append(compared(results))
    return "\n".join(texts)


def page(around, results):
    cipher = next((result["report"]["cipher"] for result in results if result["report"].get("cipher")), "TLS 1.3")
    intro = ("Made by `script/bench` on %s; run it again to see the figures of your own machine. Absolute figures do not "
             "travel between machines, ratios within one run do. Cells hold the median of %d run%s, least and most in brackets."
             % (around["day"], around["repeats"], "s" * (around["repeats"] != 1)))
    made = [textwrap.fill("- " + line.format(cipher=cipher, **around), WIDTH, subsequent_indent="  ") for line in SURROUNDINGS]
    return "# What a stanza costs\n\n%s\n\n%s\n## How it was made\n\n%s\n" % (textwrap.fill(intro, WIDTH), tables(results),
                                                                           "\n".join(made))
