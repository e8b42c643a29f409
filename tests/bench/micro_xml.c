/* SPDX-License-Identifier: Apache-2.0
 * How fast stanzas are read: each level of the scanner's loops, and Expat. Prints stanzas and bytes a second. */
#include "xml/scan.h"

#include "mix.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 8, RUN_MS = 50, INPUT_BYTES = 1 << 20, MIX_TEMPLATES = 1024, MIX_LANES = 64 };

#define HEADER "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
	       "xmlns:db='jabber:server:dialback' from='montague.example' to='capulet.example' version='1.0'>"

static const char letters[] = "In sooth, I know not why I am so sad: it wearies me; you say it wearies you; ";
static const char greek[] = "Μῆνιν ἄειδε θεὰ Πηληϊάδεω Ἀχιλῆος οὐλομένην, ἣ μυρί’ Ἀχαιοῖς ἄλγε’ ἔθηκε, ";

static void add_body(struct buf *out, const char *text, size_t size)
{
	const struct str all = str_of(text);

	while (size > 0) {
		struct str piece = str_until(all, size);

		while (piece.len < all.len && piece.len > 0 && ((unsigned char)all.at[piece.len] & 0xC0) == 0x80)
			piece.len--;
		buf_add(out, piece);
		size -= piece.len ? piece.len : size;
	}
}

/* A message of about `size` bytes in all. */
static void add_message(struct buf *out, const char *text, size_t size, unsigned n)
{
	const size_t before = buf_len(out);

	buf_addf(out, "<message from='romeo@montague.example/orchard' to='juliet@capulet.example' type='chat' id='m%u'><body>",
		 n);
	add_body(out, text, size - 17 - (buf_len(out) - before));
	buf_add_cstr(out, "</body></message>");
}

static void add_mixed(struct buf *out, unsigned n)
{
	switch (n % 4) {
	case 0:
		buf_addf(
			out,
			"<presence from='romeo@montague.example/orchard' to='juliet@capulet.example' id='p%u'><show>away</show>"
			"<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://client.example' "
			"ver='QgayPKawpkPSDYmwT/WM94uAlu0='/><x xmlns='vcard-temp:x:update'><photo/></x></presence>",
			n);
		break;
	case 1:
		buf_addf(out, "<iq from='romeo@montague.example/orchard' to='capulet.example' type='get' id='d%u'>"
			 "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>", n);
		break;
	case 2:
		buf_addf(out,
			 "<message from='romeo@montague.example/orchard' to='juliet@capulet.example/balcony' type='chat' "
			 "id='c%u' "
			 "xml:lang='en'><body>Wilt thou leave me so unsatisfied? &lt;3</body><active "
			 "xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/><origin-id "
			 "xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/></message>",
			 n);
		break;
	default:
		buf_addf(out, "<iq from='capulet.example' to='romeo@montague.example/orchard' type='result' id='d%u'>"
			 "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='text' "
			 "name='Rooms'/><feature var='http://jabber.org/protocol/disco#info'/><feature "
			 "var='http://jabber.org/protocol/muc'/><feature var='urn:xmpp:mam:2'/></query></iq>\n", n);
	}
}

static void add_real(struct buf *out)
{
	struct mix *mix = mix_new("saturn.example.org", "mercury.example.net", 0, MIX_TEMPLATES, MIX_LANES, MIX_REAL, 1);

	for (size_t i = 0; i < mix->count; i++)
		buf_add(out, mix->templates[i].bytes);
	mix_free(&mix);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static unsigned read_all(struct xml_reader *reader, struct str input)
{
	struct xml_element element;
	unsigned count = 0;
	size_t consumed;

	while (xml_reader_next(reader, input, &element, &consumed) == XML_ELEMENT) {
		input = str_from(input, consumed);
		count += element.is_canonical;
	}
	return count;
}

/* Stanzas a second in one run. */
static double run(struct xml_reader *reader, struct str input)
{
	const double begin = now();
	double passed;
	size_t stanzas = 0;

	do {
		stanzas += read_all(reader, input);
		passed = now() - begin;
	} while (passed * 1000 < RUN_MS);
	return (double)stanzas / passed;
}

/* The best of a few runs: what else the machine does can only slow us down. */
static void measure(const char *what, const struct xml_reader_ops *ops, const struct scan_loops *loops, struct str input)
{
	const struct xml_limits limits = {.element_bytes = 1 << 18, .depth = 64, .attributes = 64};
	struct xml_reader *reader = xml_reader_new_by(ops, &limits);
	struct xml_element element;
	double rate, best = 0;
	size_t consumed;

	if (!reader)
		abort();
	if (loops)
		((struct scan *)(void *)reader)->loops = loops;
	if (xml_reader_next(reader, STR(HEADER), &element, &consumed) != XML_HEADER)
		abort();
	for (unsigned i = 0; i < RUNS; i++) {
		rate = run(reader, input);
		best = rate > best ? rate : best;
	}
	printf("%-10s %-6s %8.2f M stanzas/s %8.2f GB/s %7.0f ns each\n", what, loops ? loops->name : ops->name, best / 1e6,
	       best * (double)input.len / (double)read_all(reader, input) / 1e9, 1e9 / best);
	xml_reader_free(&reader);
}

/* What the command line asks for: a kind of stanza, a level. */
static const char *only_what, *only_level;

static bool is_asked(const char *what, const char *level)
{
	return (!only_what || strcmp(only_what, what) == 0) && (!only_level || strcmp(only_level, level) == 0);
}

static void measure_all(const char *what, struct buf *input)
{
	static const enum scan_level levels[] = {SCAN_PLAIN, SCAN_SSE2, SCAN_AVX2, SCAN_NEON};

	for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (scan_loops_of(levels[i]) && is_asked(what, scan_loops_of(levels[i])->name))
			measure(what, &xml_scan_ops, scan_loops_of(levels[i]), buf_str(input));
	}
	if (is_asked(what, "expat"))
		measure(what, &xml_expat_ops, NULL, buf_str(input));
	buf_clear(input);
}

/* micro_xml [KIND [LEVEL]] */
int main(int argc, char **argv)
{
	struct buf input = {0};

	only_what = argc > 1 ? argv[1] : NULL;
	only_level = argc > 2 ? argv[2] : NULL;

	for (unsigned n = 0; buf_len(&input) < INPUT_BYTES; n++)
		add_message(&input, letters, 200, n);
	measure_all("200 B", &input);
	for (unsigned n = 0; buf_len(&input) < INPUT_BYTES; n++)
		add_message(&input, letters, 1024, n);
	measure_all("1 KiB", &input);
	for (unsigned n = 0; buf_len(&input) < INPUT_BYTES; n++)
		add_message(&input, letters, 4096, n);
	measure_all("4 KiB", &input);
	for (unsigned n = 0; buf_len(&input) < INPUT_BYTES; n++)
		add_message(&input, greek, 1024, n);
	measure_all("1 KiB el", &input);
	for (unsigned n = 0; buf_len(&input) < INPUT_BYTES; n++)
		add_mixed(&input, n);
	measure_all("mixed", &input);
	add_real(&input);
	measure_all("real mix", &input);
	buf_fini(&input);
	return 0;
}
