/* SPDX-License-Identifier: Apache-2.0
 * Builds the rooms of one loop from a configuration, and swaps the configuration beneath them. */
#include "daemon/trunk.h"

#include <stdlib.h>

enum { OWN_CONTACTS_MAX = 64 };

/* What hangs on one configuration. */
struct in_force {
	struct config *config;
	struct tls_store *store;
	struct route *route;
	struct policy *policy;
	struct own_contact contacts[OWN_CONTACTS_MAX];
	struct endpoint listen[32];
	unsigned listen_count;
};

struct trunk {
	struct site site;
	struct memory memory;
	struct failures *failures;
	struct buf plain, cipher;
	struct in_force *now;
	struct filter_set *filters;     /* this worker's, of `now`; NULL: none */
	struct relay *relay;
	struct inbound *inbound;
};

static void in_force_free(struct in_force **in_force)
{
	if (!*in_force)
		return;
	policy_free(&(*in_force)->policy);
	route_free(&(*in_force)->route);
	tls_store_free(&(*in_force)->store);
	config_free(&(*in_force)->config);
	free(*in_force);
	*in_force = NULL;
}

static void add_listeners(struct in_force *in_force, const struct endpoint *listen, unsigned count)
{
	const unsigned max = sizeof(in_force->listen) / sizeof(in_force->listen[0]);

	for (unsigned i = 0; i < count && in_force->listen_count < max; i++)
		in_force->listen[in_force->listen_count++] = listen[i];
}

static struct in_force *in_force_new(struct config *config, struct tls_store *store)
{
	struct in_force *made = calloc(1, sizeof(*made));

	if (!made)
		return NULL;
	made->config = config_ref(config);
	made->store = tls_store_ref(store);
	made->route = route_new(config->spokes, config->spoke_count, config->zones, config->zone_count);
	made->policy = policy_new(config->rules, config->rule_count);
	add_listeners(made, config->listen, config->listen_count);
	add_listeners(made, config->listen_tls, config->listen_tls_count);
	for (unsigned i = 0; i < config->contact_count && i < OWN_CONTACTS_MAX; i++)
		made->contacts[i] = (struct own_contact){.kind = config->contacts[i].kind, .uri = config->contacts[i].uri};
	if (!made->route || !made->policy)
		in_force_free(&made);
	return made;
}

/* States of scripts are made anew only where the filters are. Without memory there are none, and rules that ask one reject. Before the
 * configuration that the old ones borrow from has gone. */
static void take_filters(struct trunk *trunk, struct filters *filters)
{
	if (trunk->filters && filter_set_filters(trunk->filters) == filters)
		return;
	filter_set_free(&trunk->filters);
	if (filters)
		trunk->filters = filter_set_new(filters, trunk->site.log);
	trunk->site.filters = trunk->filters;
}

static void put_in_force(struct trunk *trunk, struct in_force *next)
{
	struct config *config = next->config;
	struct site *site = &trunk->site;

	config->generation = ++site->generation;
	site->trunk = config->trunk;
	site->route = next->route;
	site->overrides = config->overrides;
	site->has_trust_anchor = config->dns.trust_anchor != NULL;
	site->store = next->store;
	site->trust = &config->trust;
	site->limits = &config->limits;
	site->listen = next->listen;
	site->listen_count = next->listen_count;
	take_filters(trunk, config->filters);
	atomic_store(&trunk->memory.limit_bytes, config->limits.memory_bytes);
	trunk->now = next;
}

static void tell_rooms(struct trunk *trunk)
{
	const unsigned count = trunk->now->config->contact_count;

	relay_set_policy(trunk->relay, trunk->now->policy);
	relay_set_contacts(trunk->relay, trunk->now->contacts, count < OWN_CONTACTS_MAX ? count : OWN_CONTACTS_MAX);
}

struct trunk *trunk_new(const struct trunk_options *options)
{
	struct trunk *trunk = calloc(1, sizeof(*trunk));
	struct in_force *first = in_force_new(options->config, options->store);

	if (!trunk || !first || !(trunk->failures = failures_new()))
		goto fail;
	trunk->site = (struct site){
		.loop = options->loop, .net = options->net, .dns = options->dns, .log = options->log, .secrets = options->secrets,
		.memory = &trunk->memory, .failures = trunk->failures, .started_ms = loop_wall_ms(options->loop), .plain = &trunk->plain, .cipher = &trunk->cipher,
	};
	put_in_force(trunk, first);
	first = NULL;
	trunk->relay = relay_new(&(struct relay_options){.site = &trunk->site, .audit = options->audit, .blocks = options->blocks,
						   .tap = options->tap});
	if (!trunk->relay)
		goto fail;
	tell_rooms(trunk);
	trunk->inbound = inbound_new(&(struct inbound_options){.site = &trunk->site, .relay = trunk->relay, .blocks = options->blocks});
	if (!trunk->inbound)
		goto fail;
	return trunk;
fail:
	in_force_free(&first);
	trunk_free(&trunk);
	return NULL;
}

void trunk_free(struct trunk **trunk)
{
	if (!*trunk)
		return;
	inbound_free(&(*trunk)->inbound);
	relay_free(&(*trunk)->relay);
	filter_set_free(&(*trunk)->filters);
	in_force_free(&(*trunk)->now);
	failures_free(&(*trunk)->failures);
	buf_fini(&(*trunk)->plain);
	buf_fini(&(*trunk)->cipher);
	free(*trunk);
	*trunk = NULL;
}

int trunk_reload(struct trunk *trunk, struct config *config, struct tls_store *store)
{
	struct in_force *before = trunk->now;
	struct in_force *next = in_force_new(config, store);

	if (!next)
		return TRUNK_ENOMEM;
	put_in_force(trunk, next);
	tell_rooms(trunk);
	outbound_reload(relay_outbound(trunk->relay));
	inbound_reload(trunk->inbound);
	in_force_free(&before);
	return 0;
}

void trunk_set_dns(struct trunk *trunk, struct dns *dns)
{
	trunk->site.dns = dns;
}

struct inbound *trunk_inbound(struct trunk *trunk)
{
	return trunk->inbound;
}

struct relay *trunk_relay(struct trunk *trunk)
{
	return trunk->relay;
}

const struct site *trunk_site(const struct trunk *trunk)
{
	return &trunk->site;
}

const struct config *trunk_config(const struct trunk *trunk)
{
	return trunk->now->config;
}

void trunk_drain(struct trunk *trunk, timer_fn *fn, void *ctx)
{
	const struct site *site = &trunk->site;

	inbound_drain(trunk->inbound);
	outbound_drain(relay_outbound(trunk->relay), loop_now_ms(site->loop) + site->limits->drain_timeout_ms, fn, ctx);
}
