/* SPDX-License-Identifier: Apache-2.0
 * Finds the places of a domain and races connections to them. */
#include "outbound/dial.h"

#include <stdio.h>
#include <stdlib.h>

struct racer {
	struct dial *dial;
	struct conn *conn;              /* NULL: free */
	const struct dns_candidate *place;
	struct timer timeout;
};

struct dial {
	const struct site *site;
	const struct spoke *spoke;
	dial_fn *fn;
	void *ctx;
	struct dns_find *find;          /* under way; NULL: none */
	struct dns_found found;         /* all places, in order */
	unsigned address;               /* the spoke's address that is looked up now */
	unsigned next;                  /* the place to try next */
	struct racer racers[DIAL_RACE_MAX];
	unsigned racing;
	struct timer stagger;
	struct defer report;            /* tells a failure, never from within dial_new() or dial_next() */
	struct endpoint sources[2];     /* IPv4, IPv6; family 0: none */
	int err;                        /* of the last place that failed */
	char why[DIAL_WHY_BYTES];
	struct domain target;
};

static void try_next(struct dial *dial);

static void dial_fail(struct dial *dial, int err, const char *why)
{
	dial->err = err;
	if (why)
		snprintf(dial->why, sizeof(dial->why), "%s", why);
	defer_start(dial->site->loop, &dial->report);
}

static void report(void *ctx)
{
	struct dial *dial = ctx;
	const struct dial_result result = {.err = dial->err, .why = dial->why};

	dial->fn(dial->ctx, &result);
}

static void racer_end(struct racer *racer)
{
	timer_stop(&racer->timeout);
	if (racer->conn)
		racer->dial->racing--;
	conn_free(&racer->conn);
}

static void races_end(struct dial *dial)
{
	timer_stop(&dial->stagger);
	for (unsigned i = 0; i < DIAL_RACE_MAX; i++)
		racer_end(&dial->racers[i]);
}

static void racer_lost(struct racer *racer, int err)
{
	struct dial *dial = racer->dial;
	char address[ENDPOINT_TEXT_SIZE];

	endpoint_text(&racer->place->endpoint, address);
	dial->err = err;
	snprintf(dial->why, sizeof(dial->why), "%s: %s%s", address, error_text(err),
		 err == TRUNK_EREFUSED ? "; no server listens there" :
		 err == TRUNK_ETIMEOUT ? "; the machine is down, or a firewall between drops what we send" : "");
	racer_end(racer);
	timer_stop(&dial->stagger);
	try_next(dial);
}

static void on_racer_open(void *ctx, int err)
{
	struct racer *racer = ctx;
	struct dial *dial = racer->dial;
	struct dial_result result = {.place = racer->place};

	if (err < 0) {
		racer_lost(racer, err);
		return;
	}
	result.conn = racer->conn;
	racer->conn = NULL;
	dial->racing--;
	races_end(dial);
	dial->fn(dial->ctx, &result);
}

/* Between open and the owner's conn_attach() nothing is read, so these two come only for a connection that failed. */
static void on_racer_data(void *ctx, struct str bytes)
{
	(void)ctx;
	(void)bytes;
}

static void on_racer_drained(void *ctx)
{
	(void)ctx;
}

static void on_racer_closed(void *ctx, int err)
{
	racer_lost(ctx, err < 0 ? err : TRUNK_ECLOSED);
}

static const struct conn_handler racer_handler = {
	.open = on_racer_open, .data = on_racer_data, .drained = on_racer_drained, .closed = on_racer_closed,
};

static void on_racer_timeout(void *ctx)
{
	racer_lost(ctx, TRUNK_ETIMEOUT);
}

static void on_stagger(void *ctx)
{
	try_next(ctx);
}

static bool is_any(const struct endpoint *at)
{
	return at->sa.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&at->in6.sin6_addr) : at->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* A name that leads to one of our own listeners would make the trunk talk to itself. */
static bool is_ourselves(const struct dial *dial, const struct endpoint *place)
{
	for (unsigned i = 0; i < dial->site->listen_count; i++) {
		const struct endpoint *listen = &dial->site->listen[i];

		if (endpoint_eq(place, listen))
			return true;
		if (is_any(listen) && listen->sa.sa_family == place->sa.sa_family && endpoint_port(listen) == endpoint_port(place) &&
		    net_is_local(place))
			return true;
	}
	return false;
}

static const struct endpoint *source_for(const struct dial *dial, const struct endpoint *place)
{
	const struct endpoint *source = &dial->sources[place->sa.sa_family == AF_INET6];

	return source->sa.sa_family == place->sa.sa_family ? source : NULL;
}

static struct racer *racer_free(struct dial *dial)
{
	for (unsigned i = 0; i < DIAL_RACE_MAX; i++)
		if (!dial->racers[i].conn)
			return &dial->racers[i];
	return NULL;
}

/* Starts one connection; false where it could not even begin. */
static bool racer_start(struct dial *dial, struct racer *racer, const struct dns_candidate *place)
{
	char address[ENDPOINT_TEXT_SIZE];
	int err;

	endpoint_text(&place->endpoint, address);
	if (is_ourselves(dial, &place->endpoint)) {
		dial->err = TRUNK_EDNS_FAIL;
		snprintf(dial->why, sizeof(dial->why), "%.200s leads to %s, which is this trunk itself: the trunk must find the real server, by "
			 "its own DNS or the spoke's address", dial->target.at, address);
		return false;
	}
	racer->dial = dial;
	racer->place = place;
	err = conn_connect(dial->site->net, &place->endpoint, source_for(dial, &place->endpoint), &racer_handler, racer, &racer->conn);
	if (err < 0) {
		dial->err = err;
		snprintf(dial->why, sizeof(dial->why), "%s: %s", address, error_text(err));
		return false;
	}
	dial->racing++;
	if (dial->next < dial->found.count)
		timer_start(dial->site->loop, &racer->timeout, DIAL_ATTEMPT_MS, on_racer_timeout, racer);
	return true;
}

static void try_next(struct dial *dial)
{
	struct racer *racer;

	while (dial->next < dial->found.count && (racer = racer_free(dial))) {
		if (!racer_start(dial, racer, &dial->found.candidates[dial->next++]))
			continue;
		if (dial->next < dial->found.count)
			timer_start(dial->site->loop, &dial->stagger, DIAL_STAGGER_MS, on_stagger, dial);
		return;
	}
	if (dial->racing == 0)
		dial_fail(dial, dial->err, NULL);
}

static void on_found(void *ctx, const struct dns_found *found)
{
	struct dial *dial = ctx;

	dial->find = NULL;
	if (found->err < 0) {
		dial_fail(dial, found->err, found->why);
		return;
	}
	dial->found = *found;
	try_next(dial);
}

static enum dns_transport transport_of(const struct spoke *spoke)
{
	return spoke->transport == TRANSPORT_DIRECT ? DNS_DIRECT : DNS_STARTTLS;
}

static void add_places(struct dial *dial, const struct dns_found *found)
{
	for (unsigned i = 0; i < found->count && dial->found.count < DNS_ENDPOINT_MAX; i++)
		dial->found.candidates[dial->found.count++] = found->candidates[i];
}

static void next_address(struct dial *dial);

static void on_host(void *ctx, const struct dns_found *found)
{
	struct dial *dial = ctx;

	dial->find = NULL;
	if (found->err < 0) {
		dial->err = found->err;
		snprintf(dial->why, sizeof(dial->why), "%s", found->why);
	}
	add_places(dial, found);
	next_address(dial);
}

/* The configured addresses one by one; names among them are looked up. */
static void next_address(struct dial *dial)
{
	while (dial->address < dial->spoke->address_count) {
		const struct spoke_address *address = &dial->spoke->addresses[dial->address++];
		struct dns_found one = {.count = 1};

		if (!address->is_literal) {
			dial->find = dns_find_host(dial->site->dns, str_of(address->host), address->port, transport_of(dial->spoke), on_host, dial);
			return;
		}
		one.candidates[0] = (struct dns_candidate){.endpoint = address->endpoint, .transport = transport_of(dial->spoke)};
		add_places(dial, &one);
	}
	if (dial->found.count > 0)
		try_next(dial);
	else
		dial_fail(dial, dial->err ? dial->err : TRUNK_EDNS_NONE, NULL);
}

static unsigned wanted(const struct spoke *spoke)
{
	const bool may_tls = spoke->trust.tls != TLS_POLICY_DISABLED;

	if (spoke->transport == TRANSPORT_DIRECT)
		return DNS_WANT_DIRECT | DNS_WANT_TLSA;
	if (spoke->transport == TRANSPORT_AUTO && may_tls)
		return DNS_WANT_STARTTLS | DNS_WANT_DIRECT | DNS_WANT_TLSA;
	return DNS_WANT_STARTTLS | DNS_WANT_TLSA;
}

static void begin(void *ctx)
{
	struct dial *dial = ctx;

	defer_init(&dial->report, report, dial);
	if (dial->spoke->address_count > 0)
		next_address(dial);
	else
		dial->find = dns_find(dial->site->dns, domain_str(&dial->target), wanted(dial->spoke), dial->site->overrides, on_found, dial);
}

struct dial *dial_new(const struct site *site, const struct spoke *spoke, struct str target, dial_fn *fn, void *ctx)
{
	struct dial *dial = calloc(1, sizeof(*dial));

	if (!dial)
		return NULL;
	dial->site = site;
	dial->spoke = spoke;
	dial->fn = fn;
	dial->ctx = ctx;
	if (domain_normalise(target, &dial->target) < 0)
		dial->target.len = 0;
	for (unsigned i = 0; i < spoke->source_count; i++)
		dial->sources[spoke->sources[i].sa.sa_family == AF_INET6] = spoke->sources[i];
	defer_init(&dial->report, begin, dial);
	defer_start(site->loop, &dial->report);
	return dial;
}

void dial_free(struct dial **dial)
{
	if (!*dial)
		return;
	dns_find_cancel(&(*dial)->find);
	races_end(*dial);
	defer_stop(&(*dial)->report);
	free(*dial);
	*dial = NULL;
}

bool dial_next(struct dial *dial)
{
	if (dial->next >= dial->found.count)
		return false;
	try_next(dial);
	return true;
}

const struct dns_tlsa *dial_tlsa(const struct dial *dial, const struct dns_candidate *place, unsigned *ret_count)
{
	*ret_count = place->tlsa_count;
	return &dial->found.tlsa[place->tlsa];
}
