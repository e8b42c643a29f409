/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as an ESS label: what is understood is written so that it reads back the same, in octets and in words, and what a
 * small clearance may see a larger one may see too. */
#include "label_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(struct arena *arena, const struct label *label, const struct label_options *options)
{
	struct buf der = {0}, words = {0}, again = {0};
	char why[LABEL_WHY_SIZE];
	struct label back;

	need(label_write_der(label, &der) == 0);
	need(label_parse_der(arena, buf_str(&der), options, &back) == 0 && label_same(label, &back));
	need(label_write_der(&back, &again) == 0 && str_eq(buf_str(&der), buf_str(&again)));
	need(label_write_words(label, &words) == 0);
	need(label_parse_words(arena, buf_str(&words), options, &back, why) == 0 && label_same(label, &back));
	buf_fini(&der);
	buf_fini(&words);
	buf_fini(&again);
}

static void check_decided(struct arena *arena, const struct label *label, const struct fuzz_labels *labels)
{
	const struct label_decision open = label_decide(arena, label, labels->open, &labels->options),
		all = label_decide(arena, label, labels->all, &labels->options),
		mill = label_decide(arena, label, labels->mill, &labels->options);
	struct label other;

	need(open.why != LABEL_GRANTED || all.why == LABEL_GRANTED);
	need(all.why == LABEL_GRANTED || label_validate(label, &labels->options).why != LABEL_GRANTED ||
	     label->policy != label_clearance_policy(labels->all));
	need(mill.why != LABEL_GRANTED ||
	     label_translate(arena, label, label_clearance_policy(labels->mill), &labels->options, &other).why ==
		     LABEL_GRANTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_labels *labels = fuzz_labels();
	struct arena arena = {0};
	struct label label;

	if (label_parse_der(&arena, str_make((const char *)data, size), &labels->options, &label) == 0) {
		check_decided(&arena, &label, labels);
		if (label.fault.why == LABEL_GRANTED)
			check_written(&arena, &label, &labels->options);
	}
	label_parse_base64(&arena, str_make((const char *)data, size), &labels->options, &label);
	arena_fini(&arena);
	return 0;
}
