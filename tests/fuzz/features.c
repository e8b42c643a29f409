/* SPDX-License-Identifier: Apache-2.0
 * Any element as stream features, and as a stream error: what is understood of features, written anew, is understood again. */
#include "stream/stream.h"

#include "elements.h"

static void check_features(struct arena *arena, const struct stream_features *features)
{
	struct stream_features again;
	struct buf out = {0};

	must(stream_features_write(&out, features) == 0);
	must(stream_features_parse(fuzz_tree(arena, buf_str(&out)), &again) == 0);
	must(again.starttls == features->starttls &&
	     again.starttls_required == (features->starttls && features->starttls_required));
	must(again.external == features->external && again.dialback == features->dialback && again.bidi == features->bidi &&
	     again.sm == features->sm);
	must(again.max_bytes == features->max_bytes && again.idle_seconds == features->idle_seconds);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct stream_features features;
	struct str condition, text;
	const struct xml_node *node;

	if ((node = fuzz_tree(&arena, str_make((const char *)data, size)))) {
		if (stream_features_parse(node, &features) == 0)
			check_features(&arena, &features);
		stream_error_parse(&arena, node, &condition, &text);
		must(condition.len > 0 && !str_is_absent(text));
	}
	arena_fini(&arena);
	return 0;
}
