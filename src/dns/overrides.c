/* SPDX-License-Identifier: Apache-2.0
 * Overrides in Openfire's syntax (its property dnsutil.dnsOverride): reads them, and finds the one that speaks for a domain. */
#include "dns/overrides.h"

#include "name/name.h"

#include <stdlib.h>

struct override {
	struct str domain;              /* normalised; of "*.suffix" the suffix, of "*" nothing */
	bool is_wild;
	struct str host;                /* an address as it stands, or a host name, normalised */
	uint16_t port;
	size_t offset;                  /* of the domain in the text */
};

/* Sorted by override_compare(); no two are equal. Texts are in the arena. */
struct dns_overrides {
	struct override *all;
	size_t count;
	struct arena arena;
};

static int override_compare(bool is_wild, struct str domain, const struct override *with)
{
	const size_t len = domain.len < with->domain.len ? domain.len : with->domain.len;
	int order;

	if (is_wild != with->is_wild)
		return is_wild ? 1 : -1;
	if (len > 0 && (order = memcmp(domain.at, with->domain.at, len)) != 0)
		return order;
	return (domain.len > with->domain.len) - (domain.len < with->domain.len);
}

static int compare_for_sort(const void *a, const void *b)
{
	const struct override *left = a, *right = b;
	const int order = override_compare(left->is_wild, left->domain, right);

	return order ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

/* ---- reading ---- */

struct reader {
	struct str text;
	size_t at;
	const char *why;
};

static int refuse(struct reader *reader, size_t at, const char *why)
{
	reader->at = at;
	reader->why = why;
	return TRUNK_EINVAL;
}

static int reader_expect(struct reader *reader, char c, const char *why)
{
	if (reader->at >= reader->text.len || reader->text.at[reader->at] != c)
		return refuse(reader, reader->at, why);
	reader->at++;
	return 0;
}

/* The bytes up to one of `ends`, which may not be missing, and are at least one. */
static int reader_part(struct reader *reader, const char *ends, const char *why_none, struct str *ret_part)
{
	const size_t start = reader->at;

	while (reader->at < reader->text.len && !strchr(ends, reader->text.at[reader->at]))
		reader->at++;
	if (reader->at == start)
		return refuse(reader, start, why_none);
	*ret_part = str_until(str_from(reader->text, start), reader->at - start);
	return 0;
}

static int keep(struct dns_overrides *o, struct reader *reader, struct str s, struct str *ret_kept)
{
	*ret_kept = arena_str(&o->arena, s);
	if (str_is_absent(*ret_kept)) {
		reader->why = "no memory";
		return TRUNK_ENOMEM;
	}
	return 0;
}

static int read_domain(struct dns_overrides *o, struct reader *reader, struct override *ret_override)
{
	struct domain domain;
	struct str part;
	int err;

	ret_override->offset = reader->at;
	if ((err = reader_part(reader, ",{}", "a domain, \"*.suffix\" or \"*\" is missing here", &part)) < 0)
		return err;
	ret_override->is_wild = part.at[0] == '*';
	if (str_is(part, "*"))
		return keep(o, reader, STR(""), &ret_override->domain);
	if (ret_override->is_wild && (part.len < 3 || part.at[1] != '.'))
		return refuse(reader, ret_override->offset, "a wildcard is \"*\" or \"*.\" and a domain");
	if (domain_normalise(str_from(part, ret_override->is_wild ? 2 : 0), &domain) < 0)
		return refuse(reader, ret_override->offset, "not a domain");
	return keep(o, reader, domain_str(&domain), &ret_override->domain);
}

static int read_port(struct reader *reader, uint16_t *ret_port)
{
	const size_t start = reader->at;
	uint64_t port;
	struct str part;
	int err;

	if ((err = reader_part(reader, ",{}", "a port is missing behind the colon", &part)) < 0)
		return err;
	if (str_number(part, UINT16_MAX, &port) < 0 || port == 0)
		return refuse(reader, start, "not a port (1 to 65535)");
	*ret_port = (uint16_t)port;
	return 0;
}

static int read_address6(struct reader *reader, struct str *ret_host)
{
	const size_t start = reader->at, len = str_find(str_from(reader->text, start), ']') + 1;
	struct endpoint endpoint;

	*ret_host = str_until(str_from(reader->text, start), len);
	if (endpoint_parse(*ret_host, DNS_XMPP_PORT, &endpoint) < 0)
		return refuse(reader, start, "not an IPv6 address in brackets");
	reader->at = start + len;
	return 0;
}

static bool is_all_of(struct str s, const char *chars)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr(chars, s.at[i]))
			return false;
	return true;
}

/* A look ahead, for the sake of the message: nobody wants to hear of 2001:db8::1 that its port is malformed. */
static bool is_bare_address6(const struct reader *reader)
{
	unsigned colons = 0;

	for (size_t i = reader->at; i < reader->text.len && !strchr(",{}", reader->text.at[i]); i++)
		colons += reader->text.at[i] == ':';
	return colons > 1;
}

static int read_host(struct dns_overrides *o, struct reader *reader, struct override *ret_override)
{
	const size_t start = reader->at;
	struct domain domain;
	struct endpoint endpoint;
	struct str part;
	int err;

	if (start < reader->text.len && reader->text.at[start] == '[') {
		if ((err = read_address6(reader, &part)) < 0)
			return err;
		return keep(o, reader, part, &ret_override->host);
	}
	if (is_bare_address6(reader))
		return refuse(reader, start, "more than one colon; an IPv6 address stands in brackets: [2001:db8::1]");
	if ((err = reader_part(reader, ":,{}", "an address or a host is missing here", &part)) < 0)
		return err;
	if (endpoint_parse(part, DNS_XMPP_PORT, &endpoint) == 0)
		return keep(o, reader, part, &ret_override->host);
	if (is_all_of(part, "0123456789."))
		return refuse(reader, start, "not an IPv4 address");
	if (domain_normalise(part, &domain) < 0)
		return refuse(reader, start, "neither an address nor a host");
	return keep(o, reader, domain_str(&domain), &ret_override->host);
}

/* {domain,host[:port]} */
static int read_override(struct dns_overrides *o, struct reader *reader, struct override *ret_override)
{
	int err;

	*ret_override = (struct override){.port = DNS_XMPP_PORT};
	if ((err = reader_expect(reader, '{', "an override begins with \"{\"")) < 0)
		return err;
	if ((err = read_domain(o, reader, ret_override)) < 0)
		return err;
	if ((err = reader_expect(reader, ',', "a comma stands between domain and target")) < 0)
		return err;
	if ((err = read_host(o, reader, ret_override)) < 0)
		return err;
	if (reader->at < reader->text.len && reader->text.at[reader->at] == ':') {
		reader->at++;
		if ((err = read_port(reader, &ret_override->port)) < 0)
			return err;
	}
	return reader_expect(reader, '}', "an override ends with \"}\"");
}

static int add_override(struct dns_overrides *o, struct reader *reader, size_t *cap)
{
	const size_t more = *cap ? *cap * 2 : 16;
	struct override *all;

	if (o->count >= DNS_OVERRIDES_MAX)
		return refuse(reader, reader->at, "too many overrides");
	if (o->count == *cap) {
		if (!(all = realloc(o->all, more * sizeof(*all)))) {
			reader->why = "no memory";
			return TRUNK_ENOMEM;
		}
		o->all = all;
		*cap = more;
	}
	return read_override(o, reader, &o->all[o->count]);
}

static int read_all(struct dns_overrides *o, struct reader *reader)
{
	size_t cap = 0;
	int err;

	for (size_t i = 0; i < reader->text.len; i++)
		if ((uint8_t)reader->text.at[i] <= ' ' || reader->text.at[i] == 0x7f)
			return refuse(reader, i, "white space and control characters are not allowed");
	if (reader->text.len == 0)
		return 0;
	for (;;) {
		if ((err = add_override(o, reader, &cap)) < 0)
			return err;
		o->count++;
		if (reader->at == reader->text.len)
			return 0;
		if ((err = reader_expect(reader, ',', "a comma stands between overrides")) < 0)
			return err;
	}
}

static int check_twice(const struct dns_overrides *o, struct reader *reader)
{
	const struct override *first = NULL;

	for (size_t i = 1; i < o->count; i++) {
		const struct override *again = &o->all[i];

		if (override_compare(again->is_wild, again->domain, &o->all[i - 1]) == 0 &&
		    (!first || again->offset < first->offset))
			first = again;
	}
	return first ? refuse(reader, first->offset, "this domain has an override already") : 0;
}

int dns_overrides_parse(struct str text, struct dns_overrides **ret_overrides, size_t *ret_offset, const char **ret_why)
{
	struct reader reader = {.text = text};
	struct dns_overrides *o = calloc(1, sizeof(*o));
	int err = TRUNK_ENOMEM;

	if (!o) {
		reader.why = "no memory";
		goto refused;
	}
	if ((err = read_all(o, &reader)) < 0)
		goto refused;
	if (o->count > 0)
		qsort(o->all, o->count, sizeof(*o->all), compare_for_sort);
	if ((err = check_twice(o, &reader)) < 0)
		goto refused;
	*ret_overrides = o;
	return 0;
refused:
	*ret_offset = reader.at;
	*ret_why = reader.why;
	dns_overrides_free(&o);
	return err;
}

void dns_overrides_free(struct dns_overrides **overrides)
{
	if (!*overrides)
		return;
	arena_fini(&(*overrides)->arena);
	free((*overrides)->all);
	free(*overrides);
	*overrides = NULL;
}

/* ---- finding ---- */

static const struct override *find_exactly(const struct dns_overrides *o, bool is_wild, struct str domain)
{
	size_t from = 0, to = o->count;

	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		const int order = override_compare(is_wild, domain, &o->all[middle]);

		if (order == 0)
			return &o->all[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static const struct override *find_best(const struct dns_overrides *o, struct str domain)
{
	const struct override *found = find_exactly(o, false, domain);

	while (!found && domain.len > 0) {
		found = find_exactly(o, true, domain);
		domain = str_from(domain, str_find(domain, '.') + 1);
	}
	return found ? found : find_exactly(o, true, STR(""));
}

bool dns_overrides_find(const struct dns_overrides *overrides, struct str domain, struct str *ret_host, uint16_t *ret_port)
{
	const struct override *found = overrides ? find_best(overrides, domain) : NULL;

	if (!found)
		return false;
	*ret_host = found->host;
	*ret_port = found->port;
	return true;
}

/* As Openfire does (DNSUtil.resolveChainedOverride): only an override of exactly the target's name goes on, and a target that
 * is its own domain ends the way. */
int dns_overrides_follow(const struct dns_overrides *overrides, struct str domain, struct str *ret_host, uint16_t *ret_port)
{
	const struct override *at = overrides ? find_best(overrides, domain) : NULL;

	if (!at)
		return TRUNK_ENOENT;
	for (unsigned step = 0; step < DNS_OVERRIDE_STEPS_MAX; step++) {
		const struct override *next = str_eq(at->host, domain) ? NULL : find_exactly(overrides, false, at->host);

		if (!next) {
			*ret_host = at->host;
			*ret_port = at->port;
			return 0;
		}
		domain = at->host;
		at = next;
	}
	return TRUNK_ELIMIT;
}
