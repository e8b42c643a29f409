/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a stanza with labels: a grant needs a label that is granted, what leaves can be read and passes again unchanged,
 * and whatever is shaped, nothing is written to what came. The first byte chooses how it is judged. */
#include "label_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str written(struct arena *arena, const struct xml_node *node)
{
	struct buf out = {0};
	struct str copy;

	need(xml_tree_write(node, NULL, &out) == 0);
	copy = arena_str(arena, buf_str(&out));
	buf_fini(&out);
	return copy;
}

static const struct xml_limits limits = {.element_bytes = 1 << 20, .depth = 256, .attributes = 256};

/* What leaves under `keep` is what would be kept. */
static void check_again(struct arena *arena, const struct xml_node *shaped, const struct label_request *request)
{
	struct label_result result;
	struct xml_node *node;

	need(xml_tree_parse(arena, written(arena, shaped), NULL, &limits, &node) == 0);
	if (request->treatment != LABEL_KEEP)
		return;
	label_check(arena, node, request, &result);
	need(result.outcome == LABEL_PASS && !result.shaped);
}

static void check_stanza(struct arena *arena, const struct xml_node *stanza, const struct label_request *request)
{
	const struct str before = written(arena, stanza);
	struct label_result result;

	label_check(arena, stanza, request, &result);
	need(str_eq(before, written(arena, stanza)));
	need(result.outcome == LABEL_PASS ? result.decision.why == LABEL_GRANTED
					  : !result.shaped && result.decision.why != LABEL_GRANTED);
	if (str_is(stanza->name, "message") && result.outcome == LABEL_PASS &&
	    !str_is(xml_node_attr(stanza, "type"), "error") && result.label)
		need(request->options->trusts_equivalents || result.label->fault.why == LABEL_GRANTED);
	if (result.shaped)
		check_again(arena, result.shaped, request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_labels *labels = fuzz_labels();
	const unsigned choice = size ? data[0] : 0;
	const struct label_clearance *sender = labels->all, *recipient = choice & 4 ? labels->mill : labels->all;
	struct label_options options = labels->options;
	struct arena arena = {0};
	struct label fallback;
	char why[LABEL_WHY_SIZE];
	struct xml_node *node;
	struct label_request request = {
		.options = &options, .sender = {.at = &sender, .count = 1}, .recipient = {.at = &recipient, .count = 1},
		.treatment = (enum label_treatment)(1 + choice % 4), .adds_marking = choice & 8, .stamps_default = choice & 16,
		.demands_label = choice & 32,
	};

	options.is_lenient = choice & 64;
	options.trusts_equivalents = choice & 128;
	need(label_parse_words(&arena, STR("FARM: OPEN"), &options, &fallback, why) == 0);
	if (choice & 16)
		request.default_label = &fallback;
	if (size > 1 && xml_tree_parse(&arena, str_make((const char *)data + 1, size - 1), NULL, &limits, &node) == 0)
		check_stanza(&arena, node, &request);
	arena_fini(&arena);
	return 0;
}
