/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as an address: the parts are in the input, hold nothing that they must not, and put together give it again. */
#include "name/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_part(struct str part, const char *forbidden)
{
	if (str_is_absent(part))
		return;
	if (part.len == 0 || part.len > JID_PART_BYTES_MAX)
		abort();
	for (size_t i = 0; i < part.len; i++)
		if ((unsigned char)part.at[i] < ' ' || part.at[i] == 0x7f || strchr(forbidden, part.at[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str in = str_make((const char *)data, size);
	struct buf again = {0};
	struct jid jid;

	if (jid_parse(in, &jid) < 0)
		return 0;
	check_part(jid.local, " \"&'/:<>@");
	check_part(jid.domain, "/");
	check_part(jid.resource, "");
	if (!str_is_absent(jid.local))
		buf_add(&again, jid.local), buf_add_cstr(&again, "@");
	buf_add(&again, jid.domain);
	if (!str_is_absent(jid.resource))
		buf_add_cstr(&again, "/"), buf_add(&again, jid.resource);
	if (!str_eq(buf_str(&again), in))
		abort();
	buf_fini(&again);
	return 0;
}
