/* SPDX-License-Identifier: Apache-2.0
 * Reads records that DNS gave, doubting each byte, and sorts SRV records. */
#include "dns/srv.h"

enum { SRV_FIXED = 6, DNS_LABEL_MAX = 63, DNS_NAME_MAX = 253 };

static uint16_t number_at(struct str s, size_t offset)
{
	return (uint16_t)((uint8_t)s.at[offset] << 8 | (uint8_t)s.at[offset + 1]);
}

/* Not isalnum(): no locale has a say here. An upper-case letter becomes a lower-case one; 0: not a character of a host name. */
static char host_char(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : 0;
}

/* A name in wire form, not compressed (RFC 2782: "name compression is not to be used"), that fills `wire`. */
static int host_parse(struct str wire, char ret_host[static DNS_HOST_SIZE])
{
	char host[DNS_HOST_SIZE];
	size_t at = 0, out = 0;

	while (at < wire.len && wire.at[at] != 0) {
		const uint8_t len = (uint8_t)wire.at[at++];

		if (len > DNS_LABEL_MAX || len >= wire.len - at || out + len + 1 > DNS_NAME_MAX + 1)
			return TRUNK_EINVAL;
		for (uint8_t i = 0; i < len; i++)
			if (!(host[out++] = host_char(wire.at[at++])))
				return TRUNK_EINVAL;
		host[out++] = '.';
	}
	if (at + 1 != wire.len)
		return TRUNK_EINVAL;
	host[out > 0 ? out - 1 : 0] = '\0';
	memcpy(ret_host, host, out > 0 ? out : 1);
	return 0;
}

int srv_parse(struct str rdata, struct srv *ret_srv)
{
	struct srv srv = {0};

	if (rdata.len <= SRV_FIXED || host_parse(str_from(rdata, SRV_FIXED), srv.host) < 0)
		return TRUNK_EINVAL;
	srv.priority = number_at(rdata, 0);
	srv.weight = number_at(rdata, 2);
	srv.port = number_at(rdata, 4);
	if (srv.port == 0 && srv.host[0])
		return TRUNK_EINVAL;
	*ret_srv = srv;
	return 0;
}

int tlsa_parse(struct str rdata, struct dns_tlsa *ret_tlsa)
{
	struct dns_tlsa tlsa = {0};
	const struct str data = rdata.len > 3 ? str_from(rdata, 3) : STR_NONE;

	if (data.len == 0)
		return TRUNK_EINVAL;
	tlsa.usage = (uint8_t)rdata.at[0];
	tlsa.selector = (uint8_t)rdata.at[1];
	tlsa.matching = (uint8_t)rdata.at[2];
	if (data.len <= sizeof(tlsa.data)) {
		tlsa.len = (uint8_t)data.len;
		memcpy(tlsa.data, data.at, data.len);
	}
	*ret_tlsa = tlsa;
	return 0;
}

int address_parse(enum dns_type type, struct str rdata, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {0};

	if (type == DNS_A && rdata.len == sizeof(endpoint.in4.sin_addr)) {
		endpoint.in4.sin_family = AF_INET;
		memcpy(&endpoint.in4.sin_addr, rdata.at, rdata.len);
	} else if (type == DNS_AAAA && rdata.len == sizeof(endpoint.in6.sin6_addr)) {
		endpoint.in6.sin6_family = AF_INET6;
		memcpy(&endpoint.in6.sin6_addr, rdata.at, rdata.len);
	} else {
		return TRUNK_EINVAL;
	}
	*ret_endpoint = endpoint;
	return 0;
}

bool dns_name_is_fit(struct str name)
{
	struct str rest = name;

	if (name.len == 0 || name.len > DNS_NAME_MAX)
		return false;
	while (!str_is_absent(rest)) {
		const struct str label = str_cut(&rest, '.');

		if (label.len == 0 || label.len > DNS_LABEL_MAX)
			return false;
		for (size_t i = 0; i < label.len; i++)
			if (!host_char(label.at[i]))
				return false;
	}
	return true;
}

/* Stable: what came first stays first. Counts are small (twice DNS_SRV_MAX). */
static void sort_fixed(struct srv *srv, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		const struct srv moved = srv[i];
		unsigned at = i;

		for (; at > 0; at--) {
			const struct srv *before = &srv[at - 1];

			if (before->priority < moved.priority ||
			    (before->priority == moved.priority && (before->weight == 0 || moved.weight != 0)))
				break;
			srv[at] = *before;
		}
		srv[at] = moved;
	}
}

/* RFC 2782: a number from 0 to the sum of weights, both included; the first whose running sum reaches it is next. */
static unsigned choose(const struct srv *srv, unsigned count, dns_random_fn *random, void *ctx)
{
	uint32_t sum = 0, running = 0, chosen;

	for (unsigned i = 0; i < count; i++)
		sum += srv[i].weight;
	chosen = random(ctx, sum + 1);
	for (unsigned i = 0; i < count; i++) {
		running += srv[i].weight;
		if (running >= chosen)
			return i;
	}
	return 0;       /* only where `random` broke its promise */
}

static void sort_weighted(struct srv *srv, unsigned count, dns_random_fn *random, void *ctx)
{
	for (; count > 1; srv++, count--) {
		const unsigned next = choose(srv, count, random, ctx);
		const struct srv moved = srv[next];

		memmove(&srv[1], &srv[0], next * sizeof(*srv));
		srv[0] = moved;
	}
}

void srv_sort(struct srv *srv, unsigned count, dns_random_fn *random, void *ctx)
{
	unsigned from = 0;

	sort_fixed(srv, count);         /* by priority, and the weight of 0 to the front of its priority, as RFC 2782 has it */
	while (from < count) {
		unsigned to = from + 1;

		while (to < count && srv[to].priority == srv[from].priority)
			to++;
		sort_weighted(&srv[from], to - from, random, ctx);
		from = to;
	}
}
