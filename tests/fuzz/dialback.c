/* SPDX-License-Identifier: Apache-2.0
 * Any element as dialback: what is accepted, written anew, says the same; and no key from outside is ever one of ours. */
#include "auth/dialback.h"

#include "elements.h"

static void check(struct arena *arena, const struct dialback *dialback)
{
	static const struct dialback_secrets secrets = {.current = "a-secret-that-no-input-knows"};
	const struct domain_pair pair = {dialback->from, dialback->to};
	const bool is_error = dialback->type == DIALBACK_ERROR;
	struct dialback again;
	struct buf out = {0};

	must(dialback_write(&out, dialback) == 0);
	must(dialback_parse(arena, fuzz_tree(arena, buf_str(&out)), &again) == 0);
	must(again.kind == dialback->kind && again.type == dialback->type);
	must(same(again.from, dialback->from) && same(again.to, dialback->to) && same(again.id, dialback->id));
	must(dialback->type != DIALBACK_REQUEST || str_eq(again.key, dialback->key));
	must(!is_error || again.condition == (dialback->condition ? dialback->condition : COND_UNDEFINED_CONDITION));
	must(!dialback_key_is_ours(&secrets, 0, &pair, dialback->id, dialback->key));
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct dialback dialback;
	const struct xml_node *node = fuzz_tree(&arena, str_make((const char *)data, size));

	if (node && dialback_parse(&arena, node, &dialback) == 0)
		check(&arena, &dialback);
	arena_fini(&arena);
	return 0;
}
