/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a stream: our scanner and Expat see the same in them, and what is written onward means what was read. The
 * first byte chooses limits and cuts, the second what the rest stands behind. */
#include "xml_diff.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct xml_limits limits[] = {{1 << 16, 64, 64}, {200, 3, 4}, {1 << 16, 256, 256}, {64, 1, 1}};

static const struct str fronts[] = {
	{"", 0},
	{"<s xmlns='jabber:server'>", 25},
	{"<stream:stream xmlns='jabber:server' xmlns:stream='urn:s' xmlns:db='urn:db' xml:lang='en'>", 90},
	{"<s xmlns='jabber:server'><message to='a' from='b'><body>", 56},
};

static void fail(const char *what, struct str a, struct str b)
{
	fprintf(stderr, "%s\n--- one\n%.*s\n--- other\n%.*s\n", what, STR_ARG(a), STR_ARG(b));
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf doc = {0}, a = {0}, b = {0};
	const struct xml_limits *limit;

	if (size < 2 || size > 4000)
		return 0;               /* beyond 4 KiB Expat is told of an unfinished tag only now and then */
	limit = &limits[data[0] & 3];
	buf_add(&doc, fronts[data[1] & 3]);
	buf_add(&doc, str_make((const char *)data + 2, size - 2));
	if (!xml_logs_agree(limit, buf_str(&doc), data[0] * 7919u + (uint32_t)size, &a, &b))
		fail("the readers disagree", buf_str(&a), buf_str(&b));
	if (!xml_writes_agree(limit, buf_str(&doc)))
		fail("an element changed its meaning", buf_str(&doc), STR(""));
	buf_fini(&doc);
	buf_fini(&a);
	buf_fini(&b);
	return 0;
}
