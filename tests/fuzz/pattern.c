/* SPDX-License-Identifier: Apache-2.0
 * Any pattern on any subject (the first line): the same as Lua's own, within bounds. */
#include "pattern_diff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pattern_diff diff;
	struct str pattern = str_make((const char *)data, size);
	struct str subject = str_cut(&pattern, '\n');

	if (str_is_absent(pattern) || size > 512)
		return 0;
	if (!diff.lua)
		pattern_diff_begin(&diff);
	if (!pattern_diff_same(&diff, subject, pattern)) {
		fprintf(stderr, "%s\n", diff.why);
		abort();
	}
	return 0;
}
