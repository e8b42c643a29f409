/* SPDX-License-Identifier: Apache-2.0
 * Links that send nothing and remember what they were given: stands in for the outbound room. */
#ifndef TRUNK_TESTS_RELAY_FAKE_OUTBOUND_H
#define TRUNK_TESTS_RELAY_FAKE_OUTBOUND_H

#include "outbound/outbound.h"

enum { FAKE_LINKS_MAX = 8 };

struct link {
	struct domain_pair pair;        /* copies; "" where the link is not in use */
	char sender[64], target[64];
	struct buf taken;               /* stanzas, one behind the other */
	size_t begun;
	struct list holders;
	unsigned users;
	struct ticket ticket;           /* of the last stanza */
	bool is_answer;                 /* asked for by outbound_answer_link() */
};

struct outbound {
	uint64_t gate;
	const struct outbound_handler *handler;
	void *ctx;
	struct link links[FAKE_LINKS_MAX];
	bool is_full, is_congested;     /* set by the test */
	bool has_no_links;              /* set by the test: too many answers, or no memory */
	const char *awaited_id;         /* set by the test: of the probe that waits */
};

/* What the link for sender>target was given; "" where there is no such link. */
struct str fake_taken(struct outbound *outbound, const char *sender, const char *target);
struct link *fake_link(struct outbound *outbound, const char *sender, const char *target);

#endif
