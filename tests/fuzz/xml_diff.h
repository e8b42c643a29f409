/* SPDX-License-Identifier: Apache-2.0
 * Holds the two reader backends against each other: they must see the same stream in the same bytes. */
#ifndef TRUNK_TESTS_FUZZ_XML_DIFF_H
#define TRUNK_TESTS_FUZZ_XML_DIFF_H

#include "xml/scan.h"

/* How the bytes are cut: what each call adds. */
struct cuts {
	uint32_t seed;          /* of pieces of 1 to `most` bytes */
	size_t first;           /* length of the first piece; 0: by the seed as well */
	size_t most;            /* 0: all at once */
};

/* Reads `doc` by one backend and writes what it saw to `log`, a line for each event, all facts included. Every call gets
 * its bytes in a fresh run of memory of the very size, so that a sanitizer sees any read beside it.
 *   loops   for the scanner; NULL: its best */
void xml_log(const struct xml_reader_ops *ops, const struct scan_loops *loops, const struct xml_limits *limits, struct str doc,
	     struct cuts cuts, struct buf *log);

/* Reads `doc` by both, by all loops and in several cuts. Returns true where all logs are one; else *ret_a and *ret_b, which
 * the caller ends, are two that differ. */
bool xml_logs_agree(const struct xml_limits *limits, struct str doc, uint32_t seed, struct buf *ret_a, struct buf *ret_b);

/* Does each element mean the same before and after xml_element_write()? Aborts the walk at the first that does not. */
bool xml_writes_agree(const struct xml_limits *limits, struct str doc);

#endif
