/* SPDX-License-Identifier: Apache-2.0
 * Looking into a store: search, export, verify. Needs no daemon, and disturbs none. */
#ifndef TRUNK_AUDIT_READ_H
#define TRUNK_AUDIT_READ_H

#include "audit/entry.h"

struct audit_reader;

/* Opens the store of a file. Returns 0; TRUNK_ENOENT, TRUNK_EPERM; TRUNK_EINVAL: it is no store of ours; TRUNK_EIO, TRUNK_ENOMEM. What there
 * is to say is added to `why`. */
int audit_reader_open(const char *path, struct buf *why, struct audit_reader **ret_reader);
void audit_reader_close(struct audit_reader **reader);

struct audit_query {
	int64_t since_ms, until_ms;     /* wall clock, both included; 0: no bound */
	struct str from, to;            /* a domain, "*.suffix", or an address (bare or whole); normalised; absent: any */
	unsigned decisions;             /* bits of enum decision; 0: any */
	struct str rule;                /* absent: any */
	uint64_t limit;                 /* the newest ones; 0: all */
	uint64_t after;                 /* only records behind this number */
	bool is_whole;                  /* every record as it stands: outcomes, those of the store itself; else one for each stanza,
					 * with what became of it, operators and gaps */
	bool has_outcomes;              /* an outcome is shown as a record of its own, too: for those who watch */
};

/* Borrowed for the call. Returns false to end the search. */
typedef bool audit_entry_fn(void *ctx, const struct audit_entry *entry);

struct audit_found {
	uint64_t entries;
	uint64_t without_addresses;     /* records of these domains that cannot be compared with an address: they hold none */
	uint64_t last;                  /* number of the last record that was looked at */
};

/* Calls `fn` for what fits, in the order of the chain. Returns 0, or TRUNK_EINVAL where the store is broken: what could be read came before. */
int audit_reader_search(struct audit_reader *reader, const struct audit_query *query, audit_entry_fn *fn, void *ctx,
			struct audit_found *ret_found);

struct audit_verdict_of_chain {
	bool is_whole;
	uint64_t first, records, blocks;        /* number of the first record that is left; how many fit */
	uint64_t bad_record, bad_block; /* the first that does not; 0: it is none in particular */
	int64_t sealed_ms;              /* 0: there is no seal */
	char text[512];                 /* what does not fit, and what that means */
};

/* Reads all and compares it with its chain and with the seal at `head_path`. Returns 0 whatever comes of it, or an error where it could not be
 * found out. */
int audit_reader_verify(struct audit_reader *reader, const char *head_path, struct audit_verdict_of_chain *ret);

#endif
