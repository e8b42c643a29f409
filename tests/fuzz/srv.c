/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as records that DNS gave: what is read keeps its promises, and sorting neither loses nor invents. The bytes are cut
 * into records by their first byte, which is a length. */
#include "dns/srv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SRV_COUNT = 32 };

static void need(bool is_so)
{
	if (!is_so)
		abort();
}

static uint32_t by_bytes(void *ctx, uint32_t below)
{
	uint32_t *seed = ctx;

	*seed = *seed * 1664525u + 1013904223u;
	return *seed % below;
}

static void check_order(struct srv *srv, unsigned count, uint32_t seed)
{
	uint64_t ports = 0;

	for (unsigned i = 0; i < count; i++)
		ports += srv[i].port;
	srv_sort(srv, count, by_bytes, &seed);
	for (unsigned i = 0; i < count; i++) {
		ports -= srv[i].port;
		need(i == 0 || srv[i - 1].priority <= srv[i].priority);
	}
	need(ports == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_make((const char *)data, size);
	struct srv srv[SRV_COUNT];
	unsigned count = 0;

	while (rest.len > 0) {
		const struct str record = str_until(str_from(rest, 1), (uint8_t)rest.at[0]);
		struct dns_tlsa tlsa;
		struct endpoint endpoint;

		rest = str_from(rest, 1 + record.len);
		if (tlsa_parse(record, &tlsa) == 0)
			need(tlsa.len <= sizeof(tlsa.data));
		if (address_parse(record.len == 4 ? DNS_A : DNS_AAAA, record, &endpoint) == 0)
			need(record.len == 4 || record.len == 16);
		if (count == SRV_COUNT || srv_parse(record, &srv[count]) < 0)
			continue;
		need(!srv[count].host[0] || dns_name_is_fit(str_of(srv[count].host)));
		count++;
	}
	check_order(srv, count, (uint32_t)size);
	return 0;
}
