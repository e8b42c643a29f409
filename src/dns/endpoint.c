/* SPDX-License-Identifier: Apache-2.0
 * An address and a port: from text, to text, compared. */
#include "dns/dns.h"

#include <arpa/inet.h>
#include <stdio.h>

/* inet_pton() takes a C string: a text that is longer than any address is none. */
static int address_parse(int family, struct str text, void *ret_address)
{
	char cstr[INET6_ADDRSTRLEN];

	if (text.len == 0 || text.len >= sizeof(cstr) || memchr(text.at, '\0', text.len))
		return TRUNK_EADDRESS;
	memcpy(cstr, text.at, text.len);
	cstr[text.len] = '\0';
	return inet_pton(family, cstr, ret_address) == 1 ? 0 : TRUNK_EADDRESS;
}

/* Takes the address off the front of `*text` and leaves the port with its colon, or nothing. */
static int address_cut(struct str *text, struct endpoint *ret_endpoint)
{
	struct str address;
	const bool is_bracketed = text->len > 0 && text->at[0] == '[';
	const size_t end = str_find(*text, is_bracketed ? ']' : ':');

	*ret_endpoint = (struct endpoint){0};
	if (is_bracketed && end == text->len)
		return TRUNK_EADDRESS;
	address = is_bracketed ? str_from(str_until(*text, end), 1) : str_until(*text, end);
	*text = str_from(*text, is_bracketed ? end + 1 : end);
	if (is_bracketed) {
		ret_endpoint->in6.sin6_family = AF_INET6;
		return address_parse(AF_INET6, address, &ret_endpoint->in6.sin6_addr);
	}
	ret_endpoint->in4.sin_family = AF_INET;
	return address_parse(AF_INET, address, &ret_endpoint->in4.sin_addr);
}

int endpoint_parse(struct str text, uint16_t default_port, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint;
	uint64_t port = default_port;
	int err;

	if (str_is_absent(text) || (err = address_cut(&text, &endpoint)) < 0)
		return TRUNK_EADDRESS;
	if (text.len > 0 && (text.at[0] != ':' || str_number(str_from(text, 1), UINT16_MAX, &port) < 0))
		return TRUNK_EADDRESS;
	if (port == 0)
		return TRUNK_EADDRESS;
	endpoint_set_port(&endpoint, (uint16_t)port);
	*ret_endpoint = endpoint;
	return 0;
}

void endpoint_set_port(struct endpoint *endpoint, uint16_t port)
{
	if (endpoint->sa.sa_family == AF_INET6)
		endpoint->in6.sin6_port = htons(port);
	else
		endpoint->in4.sin_port = htons(port);
}

uint16_t endpoint_port(const struct endpoint *endpoint)
{
	return ntohs(endpoint->sa.sa_family == AF_INET6 ? endpoint->in6.sin6_port : endpoint->in4.sin_port);
}

void endpoint_text(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_SIZE])
{
	char address[INET6_ADDRSTRLEN] = "?";

	if (endpoint->sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &endpoint->in6.sin6_addr, address, sizeof(address));
		snprintf(ret_text, ENDPOINT_TEXT_SIZE, "[%s]:%u", address, endpoint_port(endpoint));
		return;
	}
	if (endpoint->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &endpoint->in4.sin_addr, address, sizeof(address));
	snprintf(ret_text, ENDPOINT_TEXT_SIZE, "%s:%u", address, endpoint_port(endpoint));
}

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	if (a->sa.sa_family != b->sa.sa_family || endpoint_port(a) != endpoint_port(b))
		return false;
	if (a->sa.sa_family == AF_INET6)
		return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0 &&
		       a->in6.sin6_scope_id == b->in6.sin6_scope_id;
	return a->sa.sa_family == AF_INET && a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
}

bool endpoint_eq_address(const struct endpoint *a, const struct endpoint *b)
{
	struct endpoint copy = *b;

	endpoint_set_port(&copy, endpoint_port(a));
	return endpoint_eq(a, &copy);
}
