/* SPDX-License-Identifier: Apache-2.0
 * Any bytes folded, looked through for links, and as text for an error: in bounds, valid UTF-8, in time. */
#include "filter/fold.h"
#include "filter/links.h"
#include "filter/look.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_utf8(struct str text)
{
	uint32_t c;

	for (size_t n; text.len; text = str_from(text, n))
		if ((n = str_first_char(text, &c)) == 0)
			abort();
}

static bool is_within(struct str part, struct str whole)
{
	return str_is_absent(part) || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void check_fold(struct str in, unsigned flags)
{
	struct buf out = {0};

	if (fold_text(in, flags, &out) < 0 || buf_len(&out) > 18 * in.len + 1)
		abort();
	check_utf8(buf_str(&out));
	buf_fini(&out);
}

static void check_links(struct str in)
{
	struct buf out = {0};
	struct link_found link;
	uint64_t steps = 0;
	size_t offset = 0, last = 0;

	if (links_refang(in, &out) < 0 || buf_len(&out) > in.len)
		abort();
	while (links_next(buf_str(&out), &offset, &steps, &link)) {
		if (offset <= last || offset > buf_len(&out) || !is_within(link.host, buf_str(&out)) || !is_within(link.scheme, buf_str(&out)) ||
		    !is_within(link.text, buf_str(&out)))
			abort();
		last = offset;
	}
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str in = str_make((const char *)data, size);
	struct arena arena = {0};
	struct str text;

	if (size > 4096)
		return 0;
	for (unsigned flags = 0; flags < 8; flags++)
		check_fold(in, flags);
	check_links(in);
	text = text_for_xml(&arena, in, 100);
	if (text.len > 100)
		abort();
	check_utf8(text);
	arena_fini(&arena);
	return 0;
}
