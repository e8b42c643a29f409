/* SPDX-License-Identifier: Apache-2.0
 * The door of the room: a resolver joined with overrides, and how a find begins and ends. */
#include "dns/find.h"

#include "name/name.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static uint32_t random_of_system(void *ctx, uint32_t below)
{
	uint64_t number = 0;

	(void)ctx;
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return 0;               /* only the spread over equal servers suffers */
	return (uint32_t)(number % below);
}

struct dns *dns_new(struct loop *loop, const struct dns_resolver_ops *ops, void *resolver, int64_t timeout_ms)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (!dns)
		return NULL;
	*dns = (struct dns){
		.loop = loop, .ops = ops, .resolver = resolver, .timeout_ms = timeout_ms, .random = random_of_system};
	list_init(&dns->finds);
	return dns;
}

void dns_set_random(struct dns *dns, dns_random_fn *fn, void *ctx)
{
	dns->random = fn;
	dns->random_ctx = ctx;
}

static void question_cancel(struct dns *dns, struct question *question)
{
	if (question->ask)
		dns->ops->cancel(dns->resolver, question->ask);
	question->ask = NULL;
}

static void find_free(struct dns_find **find)
{
	struct dns_find *f = *find;

	if (!f)
		return;
	*find = NULL;
	list_remove(&f->link);
	timer_stop(&f->timer);
	for (unsigned i = 0; i < 2; i++)
		question_cancel(f->dns, &f->ask_srv[i]);
	for (unsigned i = 0; f->hosts && i < f->host_count; i++) {
		question_cancel(f->dns, &f->hosts[i].ask4);
		question_cancel(f->dns, &f->hosts[i].ask6);
	}
	for (unsigned i = 0; f->ask_tlsa && i < f->found.count; i++)
		question_cancel(f->dns, &f->ask_tlsa[i]);
	free(f->ask_tlsa);
	free(f->hosts);
	free(f);
}

void dns_free(struct dns **dns)
{
	struct dns *gone = *dns;

	if (!gone)
		return;
	*dns = NULL;
	LIST_EACH (pos, &gone->finds) {
		struct dns_find *find = LIST_OF(pos, struct dns_find, link);

		find_free(&find);
	}
	gone->ops->free(gone->resolver);
	free(gone);
}

void dns_find_cancel(struct dns_find **find)
{
	struct dns_find *gone = *find;

	*find = NULL;
	if (gone && !gone->is_told)
		find_free(&gone);
}

/* The callback may free the whole room: nothing but the find is touched behind it, and that belongs to nobody else by now. */
static void find_tell(struct dns_find *find)
{
	find->is_told = true;
	list_remove(&find->link);
	find->fn(find->ctx, &find->found);
	find_free(&find);
}

void find_end(struct dns_find *find, int err, const char *format, ...)
{
	va_list args;

	timer_stop(&find->timer);
	find->stage = FIND_DONE;
	find->found.err = err;
	if (err < 0)
		find->found.count = find->found.tlsa_count = 0;
	va_start(args, format);
	vsnprintf(find->found.why, sizeof(find->found.why), format, args);
	va_end(args);
	if (!find->is_starting)
		find_tell(find);
}

void find_end_with(struct dns_find *find)
{
	const char *asked = find->hosts[0].name;
	const unsigned count = find->found.count;

	for (unsigned i = 2; i > 0; i--)
		if (find->ask_srv[i - 1].outcome == DNS_FOUND)
			asked = find->ask_srv[i - 1].name;
	find_end(find, 0, "%.*s: %u address%s", FIND_NAME_SHOWN, asked, count, count == 1 ? "" : "es");
}

void find_end_without(struct dns_find *find, const char *format, ...)
{
	char why[sizeof(find->found.why)];
	va_list args;

	if (find->has_failed) {
		find_end(find, TRUNK_EDNS_FAIL, "%s", find->why_failed);
		return;
	}
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	find_end(find, TRUNK_EDNS_NONE, "%s", why);
}

/* Returns NULL where the answer is there already (and told). */
static struct dns_find *find_started(struct dns_find *find)
{
	find->is_starting = false;
	if (find->stage != FIND_DONE)
		return find;
	find_tell(find);
	return NULL;
}

static struct dns_find *find_new(struct dns *dns, unsigned want, dns_found_fn *fn, void *ctx)
{
	struct dns_find *find = calloc(1, sizeof(*find));

	if (!find) {
		const struct dns_found found = {.err = TRUNK_EDNS_FAIL, .why = "no memory"};

		fn(ctx, &found);
		return NULL;
	}
	find->dns = dns;
	find->want = want;
	find->fn = fn;
	find->ctx = ctx;
	find->is_starting = true;
	list_init(&find->link);
	list_add_tail(&dns->finds, &find->link);
	return find;
}

/* Where `host` is an address, the search is over. */
static bool find_literal(struct dns_find *find, struct str host, uint16_t port, enum dns_transport transport)
{
	struct dns_candidate *only = &find->found.candidates[0];
	char text[ENDPOINT_TEXT_SIZE];

	if (endpoint_parse(host, port, &only->endpoint) < 0)
		return false;
	only->transport = transport;
	endpoint_text(&only->endpoint, text);
	memcpy(only->host, host.at, host.len);  /* shorter than DNS_HOST_SIZE, since it is an address */
	find->found.count = 1;
	find_end(find, 0, "%s: an address", text);
	return true;
}

/* The addresses of one host that somebody trustworthy named: the configuration, or the domain itself. */
static void find_at(struct dns_find *find, struct str host, uint16_t port, enum dns_transport transport)
{
	struct srv *only = &find->srv[0];

	if (find_literal(find, host, port, transport))
		return;
	*only = (struct srv){.port = port, .transport = transport, .is_secure = true};
	if (domain_to_ascii(host, only->host, sizeof(only->host)) < 0) {
		find_end(find, TRUNK_EDNS_NONE, "not a name that DNS can hold");
		return;
	}
	find->srv_count = 1;
	find_address_begin(find);
}

static void find_domain(struct dns_find *find, struct str domain, const struct dns_overrides *overrides)
{
	const enum dns_transport transport = find->want & DNS_WANT_STARTTLS ? DNS_STARTTLS : DNS_DIRECT;
	struct str host;
	uint16_t port;
	const int err = dns_overrides_follow(overrides, domain, &host, &port);

	if (err == 0) {
		find_at(find, host, port, transport);
	} else if (err != TRUNK_ENOENT) {
		find_end(find, TRUNK_EDNS_NONE, "dns-override: more than %d overrides lead to each other; is it a circle?",
			 DNS_OVERRIDE_STEPS_MAX);
	} else if (domain_to_ascii(domain, find->domain, sizeof(find->domain)) < 0) {
		find_end(find, TRUNK_EDNS_NONE, "not a name that DNS can hold");
	} else if (!find_literal(find, domain, DNS_XMPP_PORT, transport)) {
		find_srv_begin(find);
	}
}

struct dns_find *dns_find(struct dns *dns, struct str domain, unsigned want, const struct dns_overrides *overrides,
			  dns_found_fn *fn, void *ctx)
{
	struct dns_find *find = find_new(dns, want, fn, ctx);

	if (!find)
		return NULL;
	find_domain(find, domain, overrides);
	return find_started(find);
}

struct dns_find *dns_find_host(struct dns *dns, struct str host, uint16_t port, enum dns_transport transport, dns_found_fn *fn,
			       void *ctx)
{
	struct dns_find *find = find_new(dns, 0, fn, ctx);

	if (!find)
		return NULL;
	find_at(find, host, port, transport);
	return find_started(find);
}
