/* SPDX-License-Identifier: Apache-2.0
 * The stanzas of a load: made once, stamped with a number each time one is sent. */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include "base/buf.h"

/* A stanza's id is `tb-FFFF-KKKK-SSSSSSSS-TTTTTTTTTTTT`: flow, template, number within its address pair, and the moment of
 * sending in nanoseconds (zeros where nobody asks for latency), all in hexadecimal digits. */
enum {
	STAMP_FLOW = 3,
	STAMP_TEMPLATE = 8,
	STAMP_SEQ = 13,
	STAMP_TIME = 22,
	STAMP_LEN = 34,
};

struct stamp {
	uint32_t flow, template_index, seq;
	uint64_t time_ns;
};

struct template {
	struct str bytes;       /* the stanza, its stamp filled in except for number and time */
	size_t id_at;           /* where the stamp begins */
	uint32_t lane;          /* index of its address pair */
	bool has_lang;          /* the stanza itself has an xml:lang */
	struct buf canon;       /* what it means (sniff_canon()); made when first needed */
};

struct mix {
	struct template *templates;
	size_t count;
	size_t lane_count;      /* address pairs */
	size_t bytes_total;     /* of all templates */
};

enum { MIX_REAL = 0 };          /* as a size: the real mix */

/* Makes `count` stanzas from addresses of `from` to addresses of `to`, the same for the same arguments.
 *   size_bytes  of each stanza, where the addresses leave room for that; MIX_REAL: as between servers, 792 bytes in the mean
 *   lane_count  address pairs, used in turn
 * Ends the program where there is no memory. */
struct mix *mix_new(const char *from, const char *to, uint32_t flow, size_t count, size_t lane_count, size_t size_bytes,
		    uint64_t seed);
void mix_free(struct mix **mix);

/* Writes the stamp's changing parts into a copy of a template's bytes. */
void stamp_write(char *id, uint32_t seq, uint64_t time_ns);

/* Reads a whole stamp. Returns false where `id` is none. */
bool stamp_read(struct str id, struct stamp *ret_stamp);

#endif
