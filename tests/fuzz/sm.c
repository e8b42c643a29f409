/* SPDX-License-Identifier: Apache-2.0
 * Any element of XEP-0198: what is accepted, written anew, says the same. And any order of settling: what is acknowledged is settled, and no more. */
#include "stream/sm.h"

#include "elements.h"

#include <stdlib.h>

enum { STANZAS = 300 };

static void check(struct arena *arena, const struct sm *sm)
{
	struct sm again;
	struct buf out = {0};

	must(sm_write(&out, sm) == 0);
	must(sm_parse(fuzz_tree(arena, buf_str(&out)), &again) == 0);
	must(again.kind == sm->kind && again.may_resume == sm->may_resume && again.has_h == sm->has_h && again.h == sm->h);
	must(same(again.id, sm->id) && again.max_seconds == sm->max_seconds && again.condition == sm->condition);
	buf_fini(&out);
}

/* Pairs of bytes are runs that are settled. */
static void settle(struct str bytes)
{
	struct sm_handled handled = {.received = STANZAS};
	bool is_settled[STANZAS + 2] = {false};
	uint64_t expected = 0;

	for (size_t i = 0; i + 1 < bytes.len; i += 2) {
		const uint64_t seq = (uint8_t)bytes.at[i], count = (uint8_t)bytes.at[i + 1] % 60;

		if (sm_handled_settle(&handled, seq, count) < 0)
			continue;
		for (uint64_t n = seq; n < seq + count; n++)
			is_settled[n] = true;
		while (is_settled[expected + 1])
			expected++;
		must(handled.handled == expected);
	}
	sm_handled_fini(&handled);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	uint32_t h;
	struct sm sm;
	const struct str bytes = str_make((const char *)data, size);
	const struct xml_node *node = fuzz_tree(&arena, bytes);

	if (node && sm_parse(node, &sm) == 0)
		check(&arena, &sm);
	/* What the short way reads the long way reads alike. */
	if (sm_answer_read(bytes, &h) && node && str_eq(node->ns, STR(NS_SM)))
		must(sm_parse(node, &sm) == 0 && sm.kind == SM_ANSWER && sm.h == h);
	arena_fini(&arena);
	settle(bytes);
	return 0;
}
