/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a block: two of length, the head, then the data. What is read points inside of it and can be written as JSON. */
#include "audit/block.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool is_so)
{
	if (!is_so)
		abort();
}

static void is_inside(struct str part, struct str whole)
{
	need(!part.at || part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len));
}

static void read_pair(const struct block_view *view, const struct block_pair *pair, struct str bytes, struct buf *json)
{
	struct str rest = str_make(bytes.at + pair->at, pair->len);
	struct audit_entry entry;
	int err;

	is_inside(rest, bytes);
	while ((err = block_read_record(view, pair, 1, &rest, &entry)) == 0 || err == TRUNK_ECRYPTO) {
		is_inside(entry.id, bytes);
		is_inside(entry.body, bytes);
		need(entry.number >= 1 && entry.number <= view->count);
		buf_clear(json);
		need(audit_entry_json(json, &entry) == 0);
		need(memchr(json->at + json->start, '\n', buf_len(json)) == NULL);
	}
	need(err == TRUNK_ENOENT || err == TRUNK_EINVAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t head_len = size >= 2 ? (size_t)(data[0] | data[1] << 8) : 0;
	struct arena arena = {0};
	struct buf json = {0};
	struct block_view view;
	struct str head, bytes;

	if (size < 2 || head_len > size - 2)
		return 0;
	head = str_make((const char *)data + 2, head_len);
	bytes = str_make((const char *)data + 2 + head_len, size - 2 - head_len);
	if (block_read_head(&arena, head, bytes.len, &view) == 0)
		for (unsigned i = 0; i < view.pair_count; i++)
			read_pair(&view, &view.pairs[i], bytes, &json);
	buf_fini(&json);
	arena_fini(&arena);
	return 0;
}
