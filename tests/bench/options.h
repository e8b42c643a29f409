/* SPDX-License-Identifier: Apache-2.0
 * What the load driver is told on its command line. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LISTEN_MAX = 8 };

enum mode {
	MODE_LOAD = 1,
	MODE_IDLE,              /* --idle: streams that are proved and say nothing */
	MODE_CONNECTS,          /* --connects: handshakes with proof, one after the other */
	MODE_COLD,              /* --cold: first stanza of a pair that has no links yet */
};

struct options {
	enum mode mode;
	struct sockaddr_in trunk;
	struct sockaddr_in listen[LISTEN_MAX];
	size_t listen_count;
	const char *left, *right;       /* domains of the two sides; with several pairs their parents */
	size_t pairs, targets;          /* sender domains; target domains, used in turn */
	bool is_both;                   /* right sends to left, too */
	bool is_raw, is_plain;          /* raw: stanzas without streams; plain: without TLS */
	bool is_external;               /* prove by SASL EXTERNAL, else by dialback */
	bool is_managed;                /* XEP-0198 on both sides */
	bool is_verifying;              /* ask the trunk by db:verify before a db:result of its own is called valid */
	const char *certificate;        /* of the spokes; NULL: self-signed */
	int version_min, version_max;   /* of TLS */
	size_t size_bytes;              /* MIX_REAL or the size of each stanza */
	size_t templates, lanes;        /* of each flow; 0: by kind of load */
	bool is_one_record;             /* one TLS record for each stanza */
	uint64_t window;                /* stanzas on their way, per flow */
	double rate;                    /* stanzas a second over all flows; 0: as fast as the window lets */
	uint64_t count;                 /* per flow; 0: by time */
	double seconds, warmup_s, drain_s, setup_s, hold_s, rtt_ms;
	double push_mb;                 /* megabytes a second for all stalled targets together */
	size_t number;                  /* of --idle, --connects or --cold */
	size_t concurrency;             /* handshakes at the same time */
	bool is_through;                /* --idle: send one stanza on each stream first, so that its link out stands, too */
	size_t stalled;                 /* so many of the flows have a target that proves and then reads nothing */
	pid_t pid;                      /* process under test; 0: none to measure */
	uint64_t seed;
	bool is_answered;               /* a server stands there, no trunk: each stanza comes back as an error, which counts as arrived */
	bool is_spinning;               /* poll instead of sleeping: own wake-ups stay out of the latency */
	const char *label;              /* copied to the report */
};

/* Ends the program with 2 and a line on standard error where the arguments are wrong, with 0 after --help. */
void options_parse(struct options *options, int argc, char **argv);

#endif
