/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as overrides: read or refused at a place within them, and what was read can be found and followed. The bytes before
 * the first NUL are the text, those behind it a domain to look for. */
#include "dns/overrides.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool is_so)
{
	if (!is_so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str all = str_make((const char *)data, size), text = str_until(all, str_find(all, '\0'));
	const struct str domain = str_from(all, text.len + 1);
	struct dns_overrides *overrides = NULL;
	const char *why = NULL;
	struct str host = STR_NONE, last = STR_NONE;
	uint16_t port = 0;
	size_t offset = size + 1;
	int err;

	if (dns_overrides_parse(text, &overrides, &offset, &why) < 0) {
		need(!overrides && why && offset <= text.len);
		return 0;
	}
	err = dns_overrides_follow(overrides, domain, &last, &port);
	if (dns_overrides_find(overrides, domain, &host, &port))
		need(host.len > 0 && port > 0 && (err == TRUNK_ELIMIT || (err == 0 && last.len > 0)));
	else
		need(err == TRUNK_ENOENT);
	dns_overrides_free(&overrides);
	return 0;
}
