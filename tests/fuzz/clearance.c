/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a clearance, by every way in: what is taken has words that read back to the same words. */
#include "label_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the clearance. */
static void check(const struct label_policies *policies, struct label_clearance *clearance)
{
	struct label_clearance *back = NULL;
	struct buf words = {0}, again = {0};
	char why[LABEL_WHY_SIZE];

	need(label_clearance_write_words(clearance, &words) == 0);
	if (!label_clearance_is_void(clearance)) {
		need(label_clearance_parse(policies, buf_str(&words), &back, why) == 0);
		need(label_clearance_write_words(back, &again) == 0 && str_eq(buf_str(&words), buf_str(&again)));
	}
	label_clearance_expand(clearance);
	label_clearance_free(&clearance);
	label_clearance_free(&back);
	buf_fini(&words);
	buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct label_policies *policies = fuzz_labels()->policies;
	const struct str bytes = str_make((const char *)data, size);
	struct label_clearance *clearance = NULL;
	char why[LABEL_WHY_SIZE] = "";

	if (label_clearance_parse_der(policies, bytes, &clearance) == 0)
		check(policies, clearance);
	if (label_clearance_parse(policies, bytes, &clearance, why) == 0)
		check(policies, clearance);
	else
		need(why[0] && memchr(why, '\0', sizeof(why)));
	why[0] = '\0';
	if (label_clearance_read(policies, bytes, &clearance, why) == 0)
		check(policies, clearance);
	else
		need(why[0] && memchr(why, '\0', sizeof(why)));
	return 0;
}
